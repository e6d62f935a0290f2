package search_test

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/search"
	"p2p.legal/peerfy/store/storetest"
)

// shelf is a made up catalogue that is not in any store.
type shelf []storetest.Work

func (s shelf) Size() int64                           { return int64(len(s)) }
func (s shelf) StateAt(size int64) (string, error)    { return fmt.Sprint(size, " shelf"), nil }
func (s shelf) Gone(from, to int64) ([]string, error) { return nil, nil }
func (s shelf) id(i int) string                       { return fmt.Sprintf("r%07d", i) }
func (s shelf) manifest(i int) (string, *catalog.Manifest) {
	w := &s[i]
	m := &catalog.Manifest{Kind: w.Kind, Title: w.Title, Artist: w.ArtistName, Date: w.Date, Language: w.Language,
		Genres: w.Genres, Licence: w.Licence, Series: w.Series, Tracks: make([]catalog.Track, len(w.Tracks))}
	for t, title := range w.Tracks {
		m.Tracks[t].Title, m.Tracks[t].Open = title, w.Open
	}
	return w.Artist, m
}

func (s shelf) Walk(ctx context.Context, from int64, fn func(id, artist string, index int64, m *catalog.Manifest) error) error {
	for i := int(from); i < len(s); i++ {
		artist, m := s.manifest(i)
		if err := fn(s.id(i), artist, int64(i), m); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s shelf) Sleeve(id string) (string, *catalog.Manifest, error) {
	var i int
	if _, err := fmt.Sscanf(id, "r%07d", &i); err != nil || i >= len(s) {
		return "", nil, store.ErrUnknown
	}
	artist, m := s.manifest(i)
	return artist, m, nil
}

// newShelf makes n releases with about 3.5 tracks each.
func newShelf(n int) (s shelf, tracks int) {
	v := storetest.NewVocabulary(1, 40_000)
	for i := range n {
		w := v.Work(i, i/20, fmt.Sprintf("Name %d", i/20))
		if i%20 > 0 {
			w.ArtistName = s[i-1].ArtistName
		} else {
			w.ArtistName = v.Name(i / 20)
		}
		s = append(s, w)
		tracks += len(w.Tracks)
	}
	return s, tracks
}

// BenchmarkSearch measures CPU by class of query over 350,000 tracks.
func BenchmarkSearch(b *testing.B) {
	s, tracks := newShelf(112_000)
	start := cpu()
	x, err := search.Open(b.TempDir(), s, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	if err := x.Update(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d releases, %d tracks, built in %v of CPU", len(s), tracks, cpu()-start)
	v := storetest.NewVocabulary(1, 40_000)
	for _, class := range []struct {
		name  string
		query func() search.Query
	}{
		{"one word", func() search.Query { return search.Query{Text: v.Rare()} }},
		{"two words", func() search.Query { return search.Query{Text: v.Word() + " " + v.Word()} }},
		{"two rare words", func() search.Query { return search.Query{Text: v.Rare() + " " + v.Rare()} }},
		{"prefix of 3", func() search.Query { return search.Query{Text: string([]rune(v.Rare() + "aaa")[:3])} }},
		{"typo", func() search.Query { return search.Query{Text: mistype(v.Rare(), v.IntN)} }},
		{"accents", func() search.Query { return search.Query{Text: "été " + v.Rare()} }},
		{"common word", func() search.Query { return search.Query{Text: "le"} }},
		{"filtered", func() search.Query { return search.Query{Text: v.Word() + " " + v.Word(), Genre: "jazz", Open: true} }},
	} {
		b.Run(class.name, func(b *testing.B) { benchmark(b, x, class.query) })
	}
}

func benchmark(b *testing.B, x *search.Index, query func() search.Query) {
	var each []time.Duration
	found := 0
	for b.Loop() {
		q := query()
		start := cpu()
		r, err := x.Search(b.Context(), q)
		if err != nil {
			b.Fatal(err)
		}
		each = append(each, cpu()-start)
		found += r.Total
	}
	slices.Sort(each)
	b.ReportMetric(float64(each[len(each)/2].Microseconds()), "median-cpu-us")
	b.ReportMetric(float64(each[len(each)*99/100].Microseconds()), "p99-cpu-us")
	b.ReportMetric(float64(found)/float64(len(each)), "found/op")
}

// mistype swaps two letters of a word.
func mistype(word string, intN func(int) int) string {
	r := []rune(word)
	if len(r) < 4 {
		return word + "x"
	}
	i := 1 + intN(len(r)-2)
	r[i], r[i+1] = r[i+1], r[i]
	return string(r)
}

// cpu is what this process has used.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
