package storetest

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
)

const (
	fillBatch   = 1_000 // entries in one transaction
	perArtist   = 20    // releases of one artist
	fillCovers  = 48    // different covers, fewer when there are few releases
	fillWords   = 20_000
	fillAtOnce  = 2 // batches made while one is appended
	authorFile  = "AUTHORISATION.txt"
	objectsName = "objects"
)

// Fill appends n made up releases by n/20 artists, in large transactions, each
// signed, authorised and judged like any other. Of their files only the
// authorisations and the covers are there, and no torrents: Check finds the
// rest missing. It is for benchmarks.
func Fill(c *Coop, n int) error {
	pool, err := c.coverPool(min(fillCovers, 1+n/20))
	if err != nil {
		return err
	}
	batches, made := make(chan []store.Item, fillAtOnce), make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		defer close(batches)
		made <- c.fillBatches(n, pool, batches, stop)
	}()
	var failed error
	for b := range batches {
		if failed != nil {
			continue
		}
		if _, err := c.DB.AppendAll(b, Day); err != nil {
			failed = fmt.Errorf("filling: %w", err)
			close(stop)
		}
	}
	if err := <-made; err != nil {
		return err
	}
	return failed
}

// fillBatches makes the entries of all releases, each artist's before theirs.
func (c *Coop) fillBatches(n int, pool []*catalog.Cover, out chan<- []store.Item, stop <-chan struct{}) error {
	v := NewVocabulary(1, fillWords)
	var items []store.Item
	var name string
	for i := range n {
		artist := i / perArtist
		if i%perArtist == 0 {
			name = v.Name(artist)
			raw, key, err := c.ArtistEntry(ArtistSlug(artist), name)
			if err != nil {
				return err
			}
			c.Artists[ArtistSlug(artist)] = key
			items = append(items, store.Item{Raw: raw})
		}
		w := v.Work(i, artist, name)
		w.complete()
		p, err := c.prepare(w, pool[i%len(pool)])
		if err != nil {
			return err
		}
		if err := c.writeAuthorisation(p); err != nil {
			return err
		}
		items = append(items, store.Item{Raw: p.Raw, Manifest: p.Manifest})
		if len(items) < fillBatch && i < n-1 {
			continue
		}
		select {
		case out <- items:
			items = nil
		case <-stop:
			return nil
		}
	}
	return nil
}

// coverPool stores the covers that all made up releases share.
func (c *Coop) coverPool(n int) ([]*catalog.Cover, error) {
	var pool []*catalog.Cover
	for i := range n {
		b := &builder{&Prepared{Files: map[catalog.Hash][]byte{}}, fmt.Sprintf("cover %d", i)}
		pool = append(pool, b.cover())
		if err := b.Store(c.DB); err != nil {
			return nil, err
		}
	}
	return pool, nil
}

// writeAuthorisation puts the one object that Append asks for straight to its
// place: a benchmark's catalogue need not survive a power cut while it is made.
func (c *Coop) writeAuthorisation(p *Prepared) error {
	for _, f := range p.M.Texts {
		if f.Path != authorFile {
			continue
		}
		name := hex.EncodeToString(f.Root[:])
		shard := filepath.Join(c.Dir, objectsName, name[:2])
		if err := os.MkdirAll(shard, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(shard, name), p.Files[f.Root], 0o600); err != nil {
			return err
		}
	}
	return nil
}
