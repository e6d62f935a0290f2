package store_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/metainfo"
	"p2p.legal/peerfy/store/storetest"
)

// sound closes the catalogue and fails the test when Check finds anything.
func sound(t *testing.T, c *storetest.Coop) {
	t.Helper()
	if err := c.DB.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range check(t, c.Dir) {
		t.Error(p)
	}
}

// soundBut is sound, but for files that no visible work needs.
func soundBut(t *testing.T, c *storetest.Coop) {
	t.Helper()
	if err := c.DB.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range check(t, c.Dir) {
		if !strings.HasPrefix(p.Where, "objects") {
			t.Error(p)
		}
	}
}

func check(t *testing.T, dir string) []store.Problem {
	t.Helper()
	problems, err := store.Check(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

// reopen closes and opens the catalogue as another run would.
func reopen(t *testing.T, c *storetest.Coop) {
	t.Helper()
	if err := c.DB.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(c.Dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	db.SetSigner(c.Keys.Log)
	c.DB = db
}

func TestAppendAndRead(t *testing.T) {
	c := storetest.New(t)
	id := c.Add(t, storetest.Work{Payees: []string{"marie"}, Genres: []string{"chanson", "folk"}, Open: true})
	reopen(t, c)
	card, err := c.DB.Card(id)
	if err != nil {
		t.Fatal(err)
	}
	want := store.Card{ID: id, Index: 3, Kind: catalog.Album, Title: "First Light", Artist: "Les tests", Slug: "les-tests",
		Date: "2024-03-20", Year: 2024, Genres: []string{"chanson", "folk"}, Language: "fr", Licence: "cc-by-sa-4.0",
		Tracks: 2, Duration: 361 * time.Second, Open: true, AnyOpen: true, Cover: card.Cover, Large: card.Large, Day: card.Day}
	if !slices.Equal(card.Genres, want.Genres) {
		t.Errorf("genres %q", card.Genres)
	}
	card.Genres, want.Genres = nil, nil
	if !equalCards(card, want) || !card.Added().Equal(storetest.Day.Truncate(24*time.Hour)) || card.Cover == (catalog.Hash{}) {
		t.Errorf("card %+v, want %+v", card, want)
	}
	r, ok, err := c.DB.Release(id)
	if err != nil || !ok || r.Index != 3 || r.Artist != "les-tests" || len(r.Roots) == 0 {
		t.Errorf("release %+v, %v, %v", r, ok, err)
	}
	m, err := c.DB.Manifest(id)
	if err != nil || m.Title != "First Light" || len(m.Tracks) != 2 {
		t.Errorf("manifest: %v", err)
	}
	if again, _ := c.DB.Manifest(id); again != m {
		t.Error("the manifest is not kept")
	}
	b, err := c.DB.ManifestBytes(id)
	if err != nil || catalog.Sum(b) != r.Manifest {
		t.Errorf("manifest bytes: %v", err)
	}
	for _, torrent := range r.Torrents {
		if _, err := c.DB.Info(torrent); err != nil {
			t.Error(err)
		}
	}
	on, err := c.DB.AppearsOn("marie")
	if err != nil || len(on) != 1 || on[0].ID != id {
		t.Errorf("appears on %v, %v", on, err)
	}
	if n, artists, tracks, err := c.DB.Totals(); n != 1 || artists != 1 || tracks != 2 || err != nil {
		t.Errorf("totals %d %d %d %v", n, artists, tracks, err)
	}
	if a, ok, err := c.DB.ArtistByNumber(1); !ok || a.Slug != "marie" || err != nil {
		t.Errorf("artist 1: %+v %v %v", a, ok, err)
	}
	if _, ok, _ := c.DB.ArtistByNumber(-1); ok {
		t.Error("artist -1 exists")
	}
	if all, total, err := c.DB.Artists(1, 10); total != 2 || len(all) != 1 || err != nil {
		t.Errorf("artists %v %d %v", all, total, err)
	}
	sound(t, c)
}

func equalCards(a, b store.Card) bool {
	ga, gb := a.Genres, b.Genres
	a.Genres, b.Genres = nil, nil
	return slices.Equal(ga, gb) && a.ID == b.ID && a.Index == b.Index && a.Title == b.Title && a.Artist == b.Artist &&
		a.Slug == b.Slug && a.Date == b.Date && a.Year == b.Year && a.Kind == b.Kind && a.Language == b.Language &&
		a.Licence == b.Licence && a.Tracks == b.Tracks && a.Duration == b.Duration && a.Open == b.Open &&
		a.AnyOpen == b.AnyOpen && a.Series == b.Series && a.Cover == b.Cover && a.Large == b.Large && a.Day == b.Day
}

func TestAppendIsIdempotent(t *testing.T) {
	c := storetest.New(t)
	p, err := c.Prepare(storetest.Work{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Store(c.DB); err != nil {
		t.Fatal(err)
	}
	first, err := c.DB.Append(p.Raw, p.Manifest, storetest.Day)
	if err != nil {
		t.Fatal(err)
	}
	size, generation, checkpoint := c.DB.Size(), c.DB.Generation(), c.DB.Checkpoint()
	again, err := c.DB.Append(p.Raw, p.Manifest, storetest.Day.AddDate(0, 1, 0))
	if err != nil || again != first || c.DB.Size() != size || c.DB.Generation() != generation || !bytes.Equal(checkpoint, c.DB.Checkpoint()) {
		t.Errorf("the same entry again: index %d after %d, size %d after %d, %v", again, first, c.DB.Size(), size, err)
	}
	if i, ok, err := c.DB.IndexOf(p.Raw); i != first || !ok || err != nil {
		t.Errorf("index of the entry: %d %v %v", i, ok, err)
	}
	sound(t, c)
}

// TestRefusals appends what must not be in, and sees that nothing changed.
func TestRefusals(t *testing.T) {
	c := storetest.New(t)
	c.Add(t, storetest.Work{Kind: catalog.Podcast})
	good, err := c.Prepare(storetest.Work{Title: "Second"})
	if err != nil {
		t.Fatal(err)
	}
	if err := good.Store(c.DB); err != nil {
		t.Fatal(err)
	}
	other, err := c.Prepare(storetest.Work{Title: "Third"})
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := c.Prepare(storetest.Work{Kind: catalog.Podcast, Artist: "thief", Title: "My episode", Series: &catalog.Series{Title: "Mine", Slug: "the-series", Episode: 2}})
	if err != nil {
		t.Fatal(err)
	}
	if err := foreign.Store(c.DB); err != nil {
		t.Fatal(err)
	}
	broken := bytes.Clone(good.Raw)
	broken[len(broken)-3] ^= 1
	cheaper := c.NewCharter()
	cheaper.Fee.Cents--
	second, err := storetest.Entry(ledger.KindCharter, cheaper, c.Keys.Editor)
	if err != nil {
		t.Fatal(err)
	}
	genesis, _, err := c.DB.Entry(0)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ledger.AddSignature(genesis, c.Keys.Editor)
	if err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, c.DB)
	for _, x := range []struct {
		name          string
		raw, manifest []byte
		says          string
	}{
		{"no manifest", good.Raw, nil, "needs its manifest"},
		{"another manifest", good.Raw, other.Manifest, "another hash"},
		{"a manifest cut short", good.Raw, good.Manifest[:len(good.Manifest)-1], "the manifest"},
		{"a broken signature", broken, good.Manifest, ""},
		{"no entry", []byte("hello"), nil, ""},
		{"an empty entry", nil, nil, ""},
		{"too long", bytes.Repeat([]byte("a"), ledger.MaxEntry+1), nil, ""},
		{"a charter signed by the editor", second, nil, "root keys"},
		{"the first charter, signed once more", again, nil, "it stands in the log already, at entry 0"},
		{"no authorisation held", other.Raw, other.Manifest, "AUTHORISATION.txt"},
		{"another's series", foreign.Raw, foreign.Manifest, "belongs to les-tests"},
	} {
		_, err := c.DB.Append(x.raw, x.manifest, storetest.Day)
		if !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %v", x.name, err)
		}
		if after := snapshot(t, c.DB); after != before {
			t.Errorf("%s: the catalogue changed", x.name)
		}
	}
	// One bad entry among good ones keeps all of them out.
	_, err = c.DB.AppendAll([]store.Item{{Raw: good.Raw, Manifest: good.Manifest}, {Raw: broken}}, storetest.Day)
	if !errors.Is(err, store.ErrRefused) || snapshot(t, c.DB) != before {
		t.Errorf("a batch with a bad entry: %v", err)
	}
	if _, err := c.DB.Append(good.Raw, good.Manifest, storetest.Day); err != nil {
		t.Errorf("the good entry: %v", err)
	}
}

// snapshot is all that the log says, in one string.
func snapshot(t *testing.T, db *store.DB) string {
	t.Helper()
	entries, err := db.Entries(0, db.Size())
	if err != nil {
		t.Fatal(err)
	}
	cards, total, _, err := db.List(store.Filter{}, store.Newest, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.Write(db.Checkpoint())
	for _, e := range entries {
		b.Write(e)
	}
	for _, c := range cards[:total] {
		b.WriteString(c.ID + c.Title)
	}
	return b.String()
}

func TestAuthorisationMustSayWhatTheManifestSays(t *testing.T) {
	c := storetest.New(t)
	p, err := c.Prepare(storetest.Work{})
	if err != nil {
		t.Fatal(err)
	}
	// Another artist's signature over the same text.
	m := *p.M
	thief, err := storetest.NewKey("test.example/artist/thief")
	if err != nil {
		t.Fatal(err)
	}
	text, err := m.Authorisation(c.Charter, catalog.ArtistRecord{Artist: catalog.Artist{Slug: "les-tests"}}).Sign(thief)
	if err != nil {
		t.Fatal(err)
	}
	h, err := metainfo.Hash(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	m.Texts = []catalog.File{{Path: "AUTHORISATION.txt", Root: h.Root, SHA256: h.SHA256, Size: h.Size, Type: "text/plain"}}
	raw, manifest := sign(t, c, &m)
	if err := c.DB.PutObject(bytes.NewReader(text), h); err != nil {
		t.Fatal(err)
	}
	if _, err := c.DB.Append(raw, manifest, storetest.Day); !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), "not signed") {
		t.Errorf("a foreign signature: %v", err)
	}
	m.Texts = nil
	m.Texts = append(m.Texts, p.M.Texts[0])
	raw, manifest = sign(t, c, &m)
	if _, err := c.DB.Append(raw, manifest, storetest.Day); !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), "names no AUTHORISATION.txt") {
		t.Errorf("no authorisation: %v", err)
	}
}

// sign makes the release entry of a manifest by les-tests.
func sign(t *testing.T, c *storetest.Coop, m *catalog.Manifest, more ...func(*catalog.Release)) (raw, manifest []byte) {
	t.Helper()
	manifest, err := m.Format()
	if err != nil {
		t.Fatal(err)
	}
	body := catalog.Release{Artist: "les-tests", Manifest: catalog.Sum(manifest), Size: int64(len(manifest)),
		Torrents: []string{m.Torrents.Masters.InfoHash, m.Torrents.Renditions.InfoHash}, Roots: m.Roots()}
	for _, f := range more {
		f(&body)
	}
	raw, err = storetest.Entry(ledger.KindRelease, body, c.Artists[body.Artist], c.Keys.Editor)
	if err != nil {
		t.Fatal(err)
	}
	return raw, manifest
}

func TestWithdrawalTakesEverythingAway(t *testing.T) {
	c := storetest.New(t)
	gone := storetest.Work{Title: "Gone", Payees: []string{"marie"}}
	id := c.Add(t, gone)
	kept := c.Add(t, storetest.Work{Title: "Kept"})
	m, err := c.DB.Manifest(id)
	if err != nil {
		t.Fatal(err)
	}
	other, err := c.DB.Manifest(kept)
	if err != nil {
		t.Fatal(err)
	}
	generation := c.DB.Generation()
	if err := c.Withdraw(id, "dispute"); err != nil {
		t.Fatal(err)
	}
	if c.DB.Generation() <= generation {
		t.Error("the generation did not grow")
	}
	for name, err := range map[string]error{
		"card": second(c.DB.Card(id)), "manifest": second(c.DB.Manifest(id)), "bytes": second(c.DB.ManifestBytes(id)),
	} {
		if !errors.Is(err, store.ErrWithdrawn) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, ok, err := c.DB.Release(id)
	if !ok || r.Withdrawn != "dispute" || err != nil {
		t.Errorf("the record: %+v %v %v", r, ok, err)
	}
	for _, torrent := range r.Torrents {
		if _, err := c.DB.Info(torrent); !errors.Is(err, store.ErrUnknown) {
			t.Errorf("its torrent: %v", err)
		}
	}
	shared := map[catalog.Hash]bool{}
	for _, f := range other.Files() {
		shared[f.Root] = true
		if !c.DB.HasObject(f.Root) {
			t.Errorf("%s of the other work is gone", f.Path)
		}
	}
	for _, f := range m.Files() {
		if c.DB.HasObject(f.Root) && !shared[f.Root] {
			t.Errorf("%s is still here", f.Path)
		}
	}
	if n, err := c.DB.DropObjects([]catalog.Hash{other.Tracks[0].Master.Root}); n != 0 || err != nil {
		t.Errorf("a file in use was dropped: %d, %v", n, err)
	}
	for name, cards := range map[string][]store.Card{
		"artist": first(c.DB.ArtistReleases("les-tests")), "payee": first(c.DB.AppearsOn("marie")), "all": first(c.DB.Cards([]string{id, kept, "nonsense"})),
	} {
		if slices.ContainsFunc(cards, func(c store.Card) bool { return c.ID == id }) {
			t.Errorf("it is still listed: %s", name)
		}
	}
	stayDown(t, c, gone)
	reopen(t, c)
	if _, err := c.DB.Manifest(id); !errors.Is(err, store.ErrWithdrawn) {
		t.Errorf("after opening again: %v", err)
	}
	sound(t, c)
}

// stayDown sees that another artist cannot publish what was withdrawn.
func stayDown(t *testing.T, c *storetest.Coop, w storetest.Work) {
	t.Helper()
	w.Seed, w.Artist = "les-tests/Gone/2024-03-20", "thief"
	p, err := c.Prepare(w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.DB.Append(p.Raw, p.Manifest, storetest.Day); !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), "stays down") {
		t.Errorf("published again by another: %v", err)
	}
}

func first[T any](v T, _ error) T { return v }

func second[T any](_ T, err error) error { return err }

func TestReplacedReleaseIsNotListed(t *testing.T) {
	c := storetest.New(t)
	old := c.Add(t, storetest.Work{Title: "Version one", Kind: catalog.Podcast})
	next := c.Add(t, storetest.Work{Title: "Version two", Kind: catalog.Podcast, Replaces: old})
	cards, total, _, err := c.DB.List(store.Filter{}, store.Newest, 0, 10)
	if err != nil || total != 1 || cards[0].ID != next {
		t.Errorf("listed %v, %v", cards, err)
	}
	episodes, err := c.DB.Series("the-series")
	if err != nil || len(episodes) != 1 || episodes[0].ID != next {
		t.Errorf("episodes %v, %v", episodes, err)
	}
	if _, err := c.DB.Manifest(old); err != nil {
		t.Errorf("the page of the old one: %v", err)
	}
	if r, _, _ := c.DB.Release(old); r.Replaced != next {
		t.Errorf("replaced by %q", r.Replaced)
	}
	gone, err := c.DB.Gone(0, c.DB.Size())
	if err != nil || !slices.Equal(gone, []string{old}) {
		t.Errorf("gone %v, %v", gone, err)
	}
	if err := c.Withdraw(old, "mistake"); err != nil {
		t.Fatal(err)
	}
	sound(t, c)
}

func TestBoardAndNotices(t *testing.T) {
	c := storetest.New(t)
	id := c.Add(t, storetest.Work{})
	receipt, err := c.DB.PutNotice([]byte("sealed"), storetest.Day)
	if err != nil || len(receipt) != 16 {
		t.Fatal(receipt, err)
	}
	for _, bad := range [][]byte{nil, make([]byte, store.MaxNotice+1)} {
		if _, err := c.DB.PutNotice(bad, storetest.Day); !errors.Is(err, store.ErrRefused) {
			t.Errorf("a notice of %d bytes: %v", len(bad), err)
		}
	}
	notices, err := c.DB.Notices()
	if err != nil || len(notices) != 1 || notices[0].Receipt != receipt || string(notices[0].Sealed) != "sealed" || !notices[0].Day.Equal(storetest.Day.Truncate(24*time.Hour)) {
		t.Errorf("notices %+v, %v", notices, err)
	}
	if err := c.DB.DropNotice(receipt); err != nil {
		t.Error(err)
	}
	generation := c.DB.Generation()
	if err := c.DB.PutStatement(id, "The right-holder asked for it.", storetest.Day); err != nil {
		t.Fatal(err)
	}
	if c.DB.Generation() <= generation {
		t.Error("a statement is no new generation")
	}
	if err := c.DB.PutStatement("aaaaaaaaaaaaaaaaaaaa", "x", storetest.Day); !errors.Is(err, store.ErrUnknown) {
		t.Errorf("a statement about nothing: %v", err)
	}
	s, ok, err := c.DB.Statement(id)
	if err != nil || !ok || s.Text != "The right-holder asked for it." {
		t.Errorf("statement %+v %v %v", s, ok, err)
	}
	if board, err := c.DB.Board(); err != nil || len(board) != 1 {
		t.Errorf("board %v, %v", board, err)
	}
	sound(t, c)
}
