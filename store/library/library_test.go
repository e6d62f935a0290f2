package library_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/library"
)

// Each limit lets the last one in and refuses the next.
func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		n  int
		do func(l *library.Library, i int) error
	}{
		"lists":   {library.MaxLists, func(l *library.Library, i int) error { _, err := l.NewList("x"); return err }},
		"places":  {library.MaxPlaces, func(l *library.Library, i int) error { return l.KeepPlace(catalog.TrackID(release, i), time.Second) }},
		"follows": {library.MaxFollows, func(l *library.Library, i int) error { return l.Follow(fmt.Sprint("a", i), 0) }},
	} {
		l := new(library.Library)
		for i := range c.n {
			must(t, c.do(l, i))
		}
		refused(t, l, library.ErrFull, name, func() error { return c.do(l, c.n) })
	}
}

func TestLimitOfList(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	l, id := shelf(t)
	refused(t, l, library.ErrFull, "998 more than 3", func() error { return l.Add(id, someTracks(r, library.MaxTracks-2)...) })
	must(t, l.Add(id, someTracks(r, library.MaxTracks-3)...))
	refused(t, l, library.ErrFull, "one more", func() error { return l.Add(id, first) })
}

// full is as long as a library may be, but for a few bytes.
func full(t testing.TB) *library.Library {
	r := rand.New(rand.NewPCG(3, 4))
	l := new(library.Library)
	for len(l.Encode()) < library.MaxBytes-8000 {
		one, err := l.NewList("x")
		must(t, err)
		must(t, l.Add(one.ID, someTracks(r, 300)...))
	}
	left := library.MaxBytes - len(l.Encode())
	must(t, l.Add(l.Lists[0].ID, someTracks(r, left/len(`,"`+first+`"`))...))
	return l
}

func TestLimitOfBytes(t *testing.T) {
	l := full(t)
	refused(t, l, library.ErrFull, "a track more", func() error { return l.Add(l.Lists[0].ID, first) })
	refused(t, l, library.ErrFull, "a list more", func() error { _, err := l.NewList("x"); return err })
	must(t, l.Rename(l.Lists[0].ID, "y"))
	must(t, l.Remove(l.Lists[0].ID, 0))
	must(t, l.Add(l.Lists[0].ID, first))
}

// Every page of an open library reads it.
func BenchmarkDecodeFull(b *testing.B) {
	data := full(b).Encode()
	for b.Loop() {
		if _, err := library.Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}
