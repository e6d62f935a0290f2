package search_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/search"
	"p2p.legal/peerfy/store/storetest"
)

// shop is a small catalogue with an index that follows it.
type shop struct {
	*storetest.Coop
	index *search.Index
	dir   string
	ids   map[string]string // by title
}

var works = []storetest.Work{
	{Title: "Premières lueurs", Artist: "zoe-strasse", ArtistName: "Zoé Straße", Tracks: []string{"Aurore", "L'été à Besançon", "La nuit"}},
	{Title: "Cœur de forêt", Artist: "les-oiseaux", ArtistName: "Les Oiseaux", Tracks: []string{"Le chêne", "Nuit d'été", "Aurore boréale"}, Genres: []string{"folk"}},
	{Title: "La nuit", Artist: "les-oiseaux", ArtistName: "Les Oiseaux", Kind: catalog.Single, Date: "2023-01-05", Genres: []string{"folk", "chanson"}, Language: "br"},
	{Title: "Rock'n'roll Highway", Artist: "oconnor", ArtistName: "Sinead O'Connor-Smith", Language: "en", Tracks: []string{"Thunder Road", "Lightning"}, Genres: []string{"rock"}, Licence: "cc0-1.0", Open: true},
	{Title: "The Long Road Home", Artist: "bjork", ArtistName: "Bjørk Łukasz", Kind: catalog.Film, Language: "en", Tracks: []string{"The Long Road Home"}, Genres: []string{"documentary"}},
	{Title: "Épisode premier", Artist: "radio", ArtistName: "Radio Libre", Kind: catalog.Podcast, Tracks: []string{"Bonjour"}, Series: &catalog.Series{Title: "Les ondes courtes", Slug: "ondes", Season: 1, Episode: 1}},
	{Title: "東京の夜", Artist: "tokyo", ArtistName: "東京", Tracks: []string{"夜", "ﬁlm Ⅳ"}, Language: "ja"},
}

func open(t *testing.T) *shop {
	t.Helper()
	s := &shop{Coop: storetest.New(t), dir: t.TempDir(), ids: map[string]string{}}
	for _, w := range works {
		w.NoCover = true
		s.ids[w.Title] = s.Add(t, w)
	}
	s.index = openIndex(t, s.dir, s.DB, nil)
	return s
}

func openIndex(t *testing.T, dir string, src search.Source, log *slog.Logger) *search.Index {
	t.Helper()
	x, err := search.Open(dir, src, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func (s *shop) update(t *testing.T) {
	t.Helper()
	if err := s.index.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// find are the titles of what a query finds.
func (s *shop) find(t *testing.T, q search.Query) (titles []string, r search.Result) {
	t.Helper()
	r, err := s.index.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("%q: %v", q.Text, err)
	}
	cards, err := s.DB.Cards(r.IDs)
	if err != nil || len(cards) != len(r.IDs) || len(r.Tracks) != len(r.IDs) {
		t.Fatalf("%q: %d cards, %d ids, %d tracks, %v", q.Text, len(cards), len(r.IDs), len(r.Tracks), err)
	}
	for _, c := range cards {
		titles = append(titles, c.Title)
	}
	return titles, r
}

func TestFinds(t *testing.T) {
	s := open(t)
	for _, x := range []struct {
		text   string
		titles []string // in order
		track  string   // of the first
		mean   string
	}{
		{"premières lueurs", []string{"Premières lueurs"}, "", ""},
		{"premieres lueurs", []string{"Premières lueurs"}, "", ""},
		{"LUEURS PREMIERES", []string{"Premières lueurs"}, "", ""},
		{"lueurs prem", []string{"Premières lueurs"}, "", ""},
		{"premeires", []string{"Premières lueurs"}, "", "premières"},
		{"premieres luers", []string{"Premières lueurs"}, "", "premières lueurs"},
		{"coeur", []string{"Cœur de forêt"}, "", ""},
		{"cœur foret", []string{"Cœur de forêt"}, "", ""},
		{"strasse", []string{"Premières lueurs"}, "", ""},
		{"zoe", []string{"Premières lueurs"}, "", ""},
		{"bjork lukasz", []string{"The Long Road Home"}, "", ""},
		{"l'ete", []string{"Premières lueurs"}, "L'été à Besançon", ""},
		{"l’été", []string{"Premières lueurs"}, "L'été à Besançon", ""},
		{"lete", []string{"Premières lueurs"}, "L'été à Besançon", ""},
		{"ete", []string{"Cœur de forêt", "Premières lueurs"}, "Nuit d'été", ""},
		{"chene", []string{"Cœur de forêt"}, "Le chêne", ""},
		{"chnee", []string{"Cœur de forêt"}, "Le chêne", "chêne"},
		{"la nuit", []string{"La nuit", "Premières lueurs"}, "", ""},
		{"oconnor", []string{"Rock'n'roll Highway"}, "", ""},
		{"o'connor smith", []string{"Rock'n'roll Highway"}, "", ""},
		{"rocknroll", []string{"Rock'n'roll Highway"}, "", ""},
		{"oiseaux nuit", []string{"La nuit", "Cœur de forêt"}, "", ""},
		{"long road home", []string{"The Long Road Home"}, "", ""},
		{"ondes", []string{"Épisode premier"}, "", ""},
		{"documentary", []string{"The Long Road Home"}, "", ""},
		{"東京", []string{"東京の夜"}, "", ""},
		{"夜", []string{"東京の夜"}, "", ""},
		{"film iv", []string{"東京の夜"}, "ﬁlm Ⅳ", ""},
		{"xyzzyplugh", nil, "", ""},
	} {
		titles, r := s.find(t, search.Query{Text: x.text})
		slices.Sort(titles)
		want := slices.Clone(x.titles)
		slices.Sort(want)
		if !slices.Equal(titles, want) || r.Total != len(want) || r.Partial {
			t.Errorf("%q finds %q (%d, partial %v), wanted %q", x.text, titles, r.Total, r.Partial, x.titles)
			continue
		}
		if r.DidYouMean != x.mean {
			t.Errorf("%q: did you mean %q, wanted %q", x.text, r.DidYouMean, x.mean)
		}
		if len(want) > 0 && len(x.titles) == 1 && r.Tracks[0] != x.track {
			t.Errorf("%q: the track %q, wanted %q", x.text, r.Tracks[0], x.track)
		}
	}
}

func TestOrder(t *testing.T) {
	s := open(t)
	if titles, _ := s.find(t, search.Query{Text: "la nuit"}); titles[0] != "La nuit" {
		t.Errorf("the release of that title is not first: %q", titles)
	}
	if titles, _ := s.find(t, search.Query{Text: "nuit", Sort: search.Newest}); !slices.Equal(titles, []string{"La nuit", "Cœur de forêt", "Premières lueurs"}) {
		t.Errorf("newest first: %q", titles)
	}
	second, r := s.find(t, search.Query{Text: "nuit", Sort: search.Newest, Offset: 1, Limit: 1})
	if !slices.Equal(second, []string{"Cœur de forêt"}) || r.Total != 3 {
		t.Errorf("the second page: %q of %d", second, r.Total)
	}
	if none, r := s.find(t, search.Query{Text: "nuit", Offset: 1_000_000}); len(none) != 0 || r.Total != 3 {
		t.Errorf("far beyond: %q of %d", none, r.Total)
	}
}

func TestSomeWordsAreBetterThanNone(t *testing.T) {
	s := open(t)
	titles, r := s.find(t, search.Query{Text: "lueurs thunder highway"})
	if !r.Partial || !slices.Equal(titles, []string{"Rock'n'roll Highway"}) {
		t.Errorf("two of three words: %q, partial %v", titles, r.Partial)
	}
	titles, r = s.find(t, search.Query{Text: "lueurs thunder"})
	slices.Sort(titles)
	if !r.Partial || !slices.Equal(titles, []string{"Premières lueurs", "Rock'n'roll Highway"}) {
		t.Errorf("one of two words: %q, partial %v", titles, r.Partial)
	}
	titles, r = s.find(t, search.Query{Text: "aurore zzzzzz"})
	if !r.Partial || len(titles) != 3 {
		t.Errorf("a word that nobody wrote: %q, partial %v", titles, r.Partial)
	}
}

func TestArtists(t *testing.T) {
	s := open(t)
	for text, want := range map[string][]string{"oiseaux": {"les-oiseaux"}, "connor": {"oconnor"}, "oisea": {"les-oiseaux"}, "nuit": {}, "les oiseaux": {"les-oiseaux"}} {
		if _, r := s.find(t, search.Query{Text: text}); !slices.Equal(r.Artists, want) {
			t.Errorf("%q: artists %q, wanted %q", text, r.Artists, want)
		}
	}
}

func TestFiltersAndFacets(t *testing.T) {
	s := open(t)
	for name, x := range map[string]struct {
		q    search.Query
		want []string
	}{
		"kind":     {search.Query{Kind: "single"}, []string{"La nuit"}},
		"genre":    {search.Query{Genre: "folk"}, []string{"Cœur de forêt", "La nuit"}},
		"year":     {search.Query{Year: "2023"}, []string{"La nuit"}},
		"language": {search.Query{Language: "br"}, []string{"La nuit"}},
		"licence":  {search.Query{Licence: "cc0-1.0"}, nil},
		"open":     {search.Query{Open: true}, nil},
		"two":      {search.Query{Genre: "chanson", Language: "fr"}, []string{"Premières lueurs"}},
	} {
		x.q.Text = "nuit"
		titles, r := s.find(t, x.q)
		slices.Sort(titles)
		if !slices.Equal(titles, x.want) || r.Total != len(x.want) || r.Partial {
			t.Errorf("%s: %q of %d, wanted %q", name, titles, r.Total, x.want)
		}
	}
	_, r := s.find(t, search.Query{Text: "nuit", Kind: "single"})
	if !slices.Equal(r.Facets.Kinds, []search.Count{{Value: "album", N: 2}, {Value: "single", N: 1}}) {
		t.Errorf("kinds %v: the filter of the kind must not hide the others", r.Facets.Kinds)
	}
	if !slices.Equal(r.Facets.Years, []search.Count{{Value: "2023", N: 1}}) {
		t.Errorf("years %v", r.Facets.Years)
	}
	_, r = s.find(t, search.Query{Text: "thunder"})
	if r.Facets.Open != 1 || !slices.Equal(r.Facets.Licences, []search.Count{{Value: "cc0-1.0", N: 1}}) {
		t.Errorf("facets %+v", r.Facets)
	}
}

// hostile are texts that must be answered like any other, and quickly.
var hostile = []string{
	"", " ", "\x00", "\x1b[31m", "'", `"`, `\`, "(((((", "a*", ".*", "^(a+)+$", "[a-", "{1,99999}", "title:*", "+a -b", "~2", "aurore~2",
	"../../etc/passwd", "<script>", "%00", "\xff\xfe\xfd", "é́́́́́́́́", strings.Repeat("a", 200), strings.Repeat("a ", 100),
	strings.Repeat("é", 100), "\u202enuit", "nu\u00adit", "\u200bnuit", "\U0001F600", "a", "aa", "aaaa", strings.Repeat("lueurs ", 28),
}

func TestHostileQueries(t *testing.T) {
	s := open(t)
	for _, text := range hostile {
		if _, err := s.index.Search(t.Context(), search.Query{Text: text, Kind: text, Genre: text, Offset: -5, Limit: 1 << 30}); err != nil {
			t.Errorf("%.40q: %v", text, err)
		}
		if _, err := s.index.Search(t.Context(), search.Query{Text: text}); err != nil {
			t.Errorf("%.40q: %v", text, err)
		}
	}
	for _, n := range []int{201, 10_000} {
		if _, err := s.index.Search(t.Context(), search.Query{Text: strings.Repeat("a", n)}); !errors.Is(err, search.ErrTooLong) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.index.Search(ctx, search.Query{Text: "nuit"}); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	if ready, _, _ := s.index.Status(); !ready {
		t.Error("a query broke the index")
	}
}

func TestNoQueryIsWrittenDown(t *testing.T) {
	c := storetest.New(t)
	c.Add(t, storetest.Work{NoCover: true})
	var log bytes.Buffer
	dir := t.TempDir()
	x := openIndex(t, dir, c.DB, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	for _, text := range []string{"secretword", "aurore secretword", strings.Repeat("secretword", 30)} {
		_, err := x.Search(t.Context(), search.Query{Text: text, Genre: "secretword"})
		if err != nil && strings.Contains(err.Error(), "secretword") {
			t.Errorf("the error quotes the query: %v", err)
		}
	}
	if strings.Contains(log.String(), "secretword") {
		t.Errorf("the log holds the query:\n%s", log.String())
	}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("secretword")) {
			t.Errorf("%s holds the query", e.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
