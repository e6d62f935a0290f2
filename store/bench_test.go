package store_test

import (
	"testing"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/storetest"
)

// BenchmarkPages measures what pages ask for, over 5,000 releases.
func BenchmarkPages(b *testing.B) {
	c := storetest.New(b)
	if err := storetest.Fill(c, 5_000); err != nil {
		b.Fatal(err)
	}
	cards, _, _, err := c.DB.List(store.Filter{}, store.Newest, 0, 24)
	if err != nil {
		b.Fatal(err)
	}
	m, err := c.DB.Manifest(cards[0].ID)
	if err != nil {
		b.Fatal(err)
	}
	list := func(f store.Filter, by store.Sort) func() error {
		return func() error { _, _, _, err := c.DB.List(f, by, 48, 24); return err }
	}
	for _, x := range []struct {
		name string
		do   func() error
	}{
		{"newest", list(store.Filter{}, store.Newest)},
		{"by title", list(store.Filter{}, store.ByTitle)},
		{"filtered", list(store.Filter{Kind: catalog.Album, Genre: "jazz", Language: "fr"}, store.Newest)},
		{"card", func() error { _, err := c.DB.Card(cards[0].ID); return err }},
		{"release", func() error { _, _, err := c.DB.Release(cards[0].ID); return err }},
		{"manifest", func() error { _, err := c.DB.Manifest(cards[0].ID); return err }},
		{"holders", func() error { _, err := c.DB.Holders(m.Tracks[0].Master.Root); return err }},
		{"tile", func() error { _, err := c.DB.Tile("tile/0/001"); return err }},
	} {
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := x.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAppend measures judging, storing and syncing one artist entry.
func BenchmarkAppend(b *testing.B) {
	c := storetest.New(b)
	entries := make([][]byte, 0, b.N)
	v := storetest.NewVocabulary(1, 1_000)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		raw, _, err := c.ArtistEntry(storetest.ArtistSlug(i), v.Name(i))
		if err != nil {
			b.Fatal(err)
		}
		entries = append(entries, raw)
		b.StartTimer()
		if _, err := c.DB.Append(entries[i], nil, storetest.Day); err != nil {
			b.Fatal(err)
		}
	}
}
