package store_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/storetest"
)

// TestStoreJudgesLikeReplay appends random entries, good and bad, to a store
// and to a replay in memory: both must say the same of each.
func TestStoreJudgesLikeReplay(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { judgeAlike(t, seed, 120) })
	}
}

func judgeAlike(t *testing.T, seed uint64, n int) {
	c := storetest.New(t)
	var state catalog.State
	genesis, _, err := c.DB.Entry(0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Replay(0, [][]byte{genesis}, &state); err != nil {
		t.Fatal(err)
	}
	g := &generator{Coop: c, Rand: rand.New(rand.NewPCG(seed, 7)), keys: map[string][]storetest.Key{}}
	taken, refused := 0, 0
	for i := range n {
		item := g.next(t)
		_, in, err := c.DB.IndexOf(item.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if in {
			continue // a repetition is answered, not judged
		}
		index := c.DB.Size()
		_, want := ledger.Decide(index, item.Raw, &state)
		got, err := c.DB.Append(item.Raw, item.Manifest, storetest.Day)
		switch {
		case want == nil && (err != nil || got != index):
			t.Fatalf("step %d: the replay takes the entry, the store says %d, %v\n%s", i, got, err, item.Raw)
		case want == nil:
			taken++
		default:
			refused++
			void, _ := errors.AsType[*ledger.VoidError](err)
			if void == nil || void.Error() != want.Error() {
				t.Fatalf("step %d: the replay says %v, the store %v\n%s", i, want, err, item.Raw)
			}
		}
	}
	t.Logf("%d taken, %d refused", taken, refused)
	if taken < n/5 || refused < n/5 {
		t.Error("the entries are too much of one kind")
	}
	sameMonths(t, c.DB, &state)
	soundBut(t, c) // what was refused left its files
	if err := store.Rebuild(c.Dir); err != nil {
		t.Fatal(err)
	}
	soundBut(t, c)
}

// sameMonths compares the openings of the store with those of the replay.
func sameMonths(t *testing.T, db *store.DB, state *catalog.State) {
	t.Helper()
	all, err := db.Openings()
	if err != nil {
		t.Fatal(err)
	}
	opened, ended := 0, 0
	for i := range 12 {
		period := fmt.Sprintf("2026-%02d", 12-i)
		want, ok := state.Opening(period)
		got, err := db.Opening(period)
		if ok != (err == nil) || got != want || !ok && !errors.Is(err, store.ErrUnknown) {
			t.Errorf("%s: %+v, %v, the replay has %+v, %t", period, got, err, want, ok)
		}
		if !ok {
			continue
		}
		if opened >= len(all) || all[opened] != want {
			t.Errorf("%s is not the %d. of the list", period, opened+1)
		}
		opened++
		if want.Ended > 0 {
			ended++
		}
	}
	if opened != len(all) || opened == 0 {
		t.Errorf("%d openings in the list, %d in the replay", len(all), opened)
	}
	t.Logf("%d opened, %d of them ended early", opened, ended)
}

// generator makes entries that are often good.
type generator struct {
	*storetest.Coop
	*rand.Rand
	keys     map[string][]storetest.Key // of each slug, the newest last
	releases []catalog.Release
	ids      []string
	made     int
	last     []store.Item
}

func (g *generator) next(t *testing.T) store.Item {
	t.Helper()
	g.made++
	var item store.Item
	switch g.IntN(11) {
	case 0:
		item.Raw = g.charter(t)
	case 10:
		item.Raw = g.opening(t)
	case 1, 2:
		item.Raw = g.artist(t)
	case 3, 4:
		item.Raw = g.withdrawal(t)
	case 5:
		if len(g.last) > 0 {
			item = g.again(g.last[g.IntN(len(g.last))])
		} else {
			item.Raw = []byte("nothing")
		}
	default:
		item = g.release(t)
	}
	if g.IntN(15) == 0 {
		item.Raw = bytes.Clone(item.Raw)
		item.Raw[g.IntN(len(item.Raw))] ^= 1
	}
	g.last = append(g.last, item)
	return item
}

// again is an earlier entry: byte for byte, or with one more signature, under
// which the same text has another hash.
func (g *generator) again(item store.Item) store.Item {
	if more, err := ledger.AddSignature(item.Raw, g.Keys.Treasurer); err == nil && g.IntN(3) > 0 {
		item.Raw = more
	}
	return item
}

func (g *generator) slug() string { return fmt.Sprintf("artist-%d", g.IntN(4)) }

// signers picks among the right keys and some wrong ones.
func (g *generator) signers(right ...note.Signer) []note.Signer {
	switch g.IntN(6) {
	case 0:
		return right[:1]
	case 1:
		return []note.Signer{g.Keys.Treasurer}
	}
	return right
}

func (g *generator) entry(t *testing.T, kind ledger.Kind, body any, signers []note.Signer) []byte {
	t.Helper()
	raw, err := storetest.Entry(kind, body, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (g *generator) charter(t *testing.T) []byte {
	body := g.NewCharter()
	body.Since = fmt.Sprintf("2026-03-%02d", 1+g.made%28)
	if g.IntN(4) == 0 {
		body.Origin = "elsewhere.example/ledger"
	}
	if g.IntN(2) == 0 {
		body.Succession = &catalog.Succession{OldKey: body.Keys.Log, Size: 1, EndsEarly: []string{fmt.Sprintf("2026-%02d", 1+g.IntN(12))}}
	}
	return g.entry(t, ledger.KindCharter, body, g.signers(g.Keys.Root))
}

// opening draws few periods, so that many are opened already, and sometimes
// takes a key of another month.
func (g *generator) opening(t *testing.T) []byte {
	period := func() string { return fmt.Sprintf("2026-%02d", 1+g.IntN(12)) }
	body, err := g.Opening(period())
	if err != nil {
		t.Fatal(err)
	}
	switch g.IntN(8) {
	case 0:
		other, err := g.Opening(period())
		if err != nil {
			t.Fatal(err)
		}
		body.PassKey = other.PassKey
	case 1:
		body.Fee++
	}
	return g.entry(t, ledger.KindOpening, body, g.signers(g.Keys.Treasurer))
}

func (g *generator) artist(t *testing.T) []byte {
	slug := g.slug()
	key, err := storetest.NewKey("test.example/artist/" + slug)
	if err != nil {
		t.Fatal(err)
	}
	signers := []note.Signer{g.Keys.Editor, key}
	if old := g.keys[slug]; len(old) > 0 {
		if g.IntN(2) == 0 {
			key = old[len(old)-1]
		}
		signers = []note.Signer{g.Keys.Editor, old[g.IntN(len(old))]}
	}
	body := catalog.Artist{Slug: slug, Name: fmt.Sprintf("Name %d", g.IntN(8)), Key: key.Public, Recipient: storetest.Recipient, Agrees: catalog.Agreement}
	if old, ok, err := g.DB.Artist(slug); err != nil {
		t.Fatal(err)
	} else if ok && g.IntN(8) > 0 {
		body.Serial = old.Serial + 1
	}
	g.keys[slug] = append(g.keys[slug], key)
	return g.entry(t, ledger.KindArtist, body, g.signers(signers...))
}

func (g *generator) release(t *testing.T) store.Item {
	slug := g.slug()
	keys := g.keys[slug]
	if len(keys) == 0 {
		return store.Item{Raw: g.artist(t)}
	}
	// The store's record says which key is in force: the authorisation must be
	// good, or the store would refuse for more reasons than a replay.
	inForce, ok, err := g.DB.Artist(slug)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return store.Item{Raw: g.artist(t)}
	}
	at := slices.IndexFunc(keys, func(k storetest.Key) bool { return k.Public == inForce.Key })
	g.Artists[slug] = keys[at]
	g.Charter = g.DB.Charter()
	w := storetest.Work{Artist: slug, Title: fmt.Sprintf("Work %d", g.made), Seed: fmt.Sprintf("seed %d", g.IntN(12)), NoCover: true}
	if len(g.ids) > 0 && g.IntN(4) == 0 {
		w.Replaces = g.ids[g.IntN(len(g.ids))]
	}
	p, err := g.Prepare(w)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Store(g.DB); err != nil {
		t.Fatal(err)
	}
	body := catalog.Release{Artist: slug, Manifest: catalog.Sum(p.Manifest), Size: int64(len(p.Manifest)),
		Torrents: []string{p.M.Torrents.Masters.InfoHash, p.M.Torrents.Renditions.InfoHash}, Roots: p.M.Roots(), Replaces: w.Replaces}
	g.ids, g.releases = append(g.ids, p.ID), append(g.releases, body)
	return store.Item{Raw: g.entry(t, ledger.KindRelease, body, g.signers(g.Artists[slug], g.Keys.Editor)), Manifest: p.Manifest}
}

func (g *generator) withdrawal(t *testing.T) []byte {
	id := "aaaaaaaaaaaaaaaaaaaa"
	if len(g.ids) > 0 {
		id = g.ids[g.IntN(len(g.ids))]
	}
	body := catalog.Withdrawal{Release: id, Reason: catalog.Reasons[g.IntN(len(catalog.Reasons))], Lift: g.IntN(3) == 0}
	return g.entry(t, ledger.KindWithdrawal, body, g.signers(g.Keys.Editor))
}

// TestListAgainstPlainSearch compares pages, totals and facets with those of a
// walk over all cards.
func TestListAgainstPlainSearch(t *testing.T) {
	c := storetest.New(t)
	if err := storetest.Fill(c, 300); err != nil {
		t.Fatal(err)
	}
	all, total, _, err := c.DB.List(store.Filter{}, store.Newest, 0, 10_000)
	if err != nil || total != 300 || len(all) != 300 {
		t.Fatal(total, len(all), err)
	}
	if !slices.IsSortedFunc(all, func(a, b store.Card) int { return cmp.Compare(b.Index, a.Index) }) {
		t.Error("the newest are not first")
	}
	r := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		f := randomFilter(r, all)
		by := []store.Sort{store.Newest, store.ByTitle, store.ByArtist}[r.IntN(3)]
		offset, limit := r.IntN(40), r.IntN(30)
		got, total, facets, err := c.DB.List(f, by, offset, limit)
		if err != nil {
			t.Fatal(err)
		}
		want := plain(all, f, by)
		if total != len(want) || !slices.EqualFunc(got, want[min(offset, len(want)):min(offset+limit, len(want))], equalCards) {
			t.Fatalf("%+v by %d from %d: %d of %d, wanted %d", f, by, offset, len(got), total, len(want))
		}
		checkFacets(t, all, f, facets)
	}
}

func randomFilter(r *rand.Rand, all []store.Card) (f store.Filter) {
	like := all[r.IntN(len(all))]
	if r.IntN(3) == 0 {
		f.Kind = like.Kind
	}
	if r.IntN(3) == 0 {
		f.Genre = like.Genres[0]
	}
	if r.IntN(4) == 0 {
		f.Year = like.Year
	}
	if r.IntN(3) == 0 {
		f.Language = like.Language
	}
	if r.IntN(3) == 0 {
		f.Licence = like.Licence
	}
	if r.IntN(8) == 0 {
		f.Artist = like.Slug
	}
	if r.IntN(12) == 0 {
		f.Artist = "nobody"
	}
	f.Open = r.IntN(6) == 0
	return f
}

func fits(c store.Card, f store.Filter) bool {
	return (f.Kind == "" || f.Kind == c.Kind) && (f.Genre == "" || slices.Contains(c.Genres, f.Genre)) &&
		(f.Year == 0 || f.Year == c.Year) && (f.Language == "" || f.Language == c.Language) &&
		(f.Licence == "" || f.Licence == c.Licence) && (f.Artist == "" || f.Artist == c.Slug) && (!f.Open || c.Open)
}

func plain(all []store.Card, f store.Filter, by store.Sort) (cards []store.Card) {
	for _, c := range all {
		if fits(c, f) {
			cards = append(cards, c)
		}
	}
	key := func(c store.Card) string {
		if by == store.ByArtist {
			return store.FoldText(c.Artist)
		}
		return store.FoldText(c.Title)
	}
	if by != store.Newest {
		slices.SortStableFunc(cards, func(a, b store.Card) int { return strings.Compare(key(a), key(b)) })
	}
	return cards
}

// checkFacets counts what each facet counts by hand: the filter without its
// own field.
func checkFacets(t *testing.T, all []store.Card, f store.Filter, got store.Facets) {
	t.Helper()
	check := func(name string, got []store.Count, without store.Filter, values func(store.Card) []string) {
		want := map[string]int{}
		for _, c := range all {
			if fits(c, without) {
				for _, v := range values(c) {
					want[v]++
				}
			}
		}
		if len(got) != len(want) {
			t.Errorf("%+v: %d %s, wanted %d", f, len(got), name, len(want))
		}
		for _, g := range got {
			if want[g.Value] != g.N {
				t.Errorf("%+v: %s %q: %d, wanted %d", f, name, g.Value, g.N, want[g.Value])
			}
		}
	}
	one := func(v string) []string { return []string{v} }
	w := f
	w.Kind = ""
	check("kinds", got.Kinds, w, func(c store.Card) []string { return one(string(c.Kind)) })
	w = f
	w.Genre = ""
	check("genres", got.Genres, w, func(c store.Card) []string { return c.Genres })
	w = f
	w.Year = 0
	check("years", got.Years, w, func(c store.Card) []string { return one(fmt.Sprint(c.Year)) })
	w = f
	w.Language = ""
	check("languages", got.Languages, w, func(c store.Card) []string { return one(c.Language) })
	w = f
	w.Licence = ""
	check("licences", got.Licences, w, func(c store.Card) []string { return one(c.Licence) })
}

// TestReadersBesideAWriter lets pages be read while works come and go.
func TestReadersBesideAWriter(t *testing.T) {
	c := storetest.New(t)
	c.Add(t, storetest.Work{NoCover: true})
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := page(c.DB); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 15 {
		id := c.Add(t, storetest.Work{Title: fmt.Sprintf("Coming %d", i), NoCover: true})
		if i%2 == 0 {
			if err := c.Withdraw(id, "mistake"); err != nil {
				t.Error(err)
			}
			if _, err := c.DB.Manifest(id); !errors.Is(err, store.ErrWithdrawn) {
				t.Errorf("right after the withdrawal: %v", err)
			}
		}
	}
	close(done)
	readers.Wait()
	sound(t, c)
}

// page reads what a listing and its release pages read.
func page(db *store.DB) error {
	cards, total, _, err := db.List(store.Filter{Kind: catalog.Album}, store.ByTitle, 0, 24)
	if err != nil {
		return err
	}
	if len(cards) != min(total, 24) {
		return fmt.Errorf("%d cards of %d", len(cards), total)
	}
	for _, c := range cards {
		if _, err := db.Manifest(c.ID); err != nil && !errors.Is(err, store.ErrWithdrawn) {
			return err
		}
	}
	return nil
}
