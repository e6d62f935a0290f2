package store

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// walkBatch is how many releases one read transaction of Walk covers: a long
// one would keep the file from reusing pages.
const walkBatch = 512

// Walk calls fn for every listed release in the order of the log, from the
// entry at index from on. The manifest holds what a search reads and nothing
// else: kind, title, artist, date, language, genres, series, licence, and the
// titles of the tracks, which are all open or none. It must not be kept.
func (db *DB) Walk(ctx context.Context, from int64, fn func(id, artist string, index int64, m *catalog.Manifest) error) error {
	for {
		var next int64
		err := db.view(func(tx *bolt.Tx) (err error) {
			next, err = walkSome(tx, from, fn)
			return err
		})
		if err != nil {
			return err
		}
		if next < 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		from = next
	}
}

func walkSome(tx *bolt.Tx, from int64, fn func(id, artist string, index int64, m *catalog.Manifest) error) (next int64, err error) {
	cards, c := tx.Bucket(bucketCards), tx.Bucket(bucketTexts).Cursor()
	k, v := c.Seek(indexKey(from))
	for n := 0; k != nil; k, v = c.Next() {
		if n++; n > walkBatch {
			return keyIndex(k), nil
		}
		card, err := cardIn(cards, keyIndex(k))
		if err != nil {
			return 0, err
		}
		m, err := sleeve(card, v)
		if err != nil {
			return 0, err
		}
		if err := fn(card.ID, card.Slug, card.Index, m); err != nil {
			return 0, err
		}
	}
	return -1, nil
}

// sleeve is the part of a manifest that a card and the titles hold.
func sleeve(c Card, listed []byte) (*catalog.Manifest, error) {
	t, err := decodeTexts(listed)
	if err != nil {
		return nil, err
	}
	m := &catalog.Manifest{
		Kind: c.Kind, Title: c.Title, Artist: c.Artist, Date: c.Date, Language: c.Language,
		Genres: c.Genres, Licence: c.Licence, Tracks: make([]catalog.Track, len(t.tracks)),
	}
	for i, title := range t.tracks {
		m.Tracks[i].Title, m.Tracks[i].Open = title, c.Open
	}
	if c.Series.Slug != "" {
		m.Series = &c.Series
	}
	return m, nil
}

// Sleeve is what Walk shows of one release. The error wraps ErrUnknown or
// ErrWithdrawn when no list shows it.
func (db *DB) Sleeve(id string) (artist string, m *catalog.Manifest, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		c, err := readCard(tx, id)
		if err != nil {
			return err
		}
		listed := tx.Bucket(bucketTexts).Get(indexKey(c.Index))
		if listed == nil {
			return ErrUnknown
		}
		artist = c.Slug
		m, err = sleeve(c, listed)
		return err
	})
	return artist, m, err
}

// Gone are the releases that the entries from index from up to, not including,
// to took from the lists: withdrawn, or replaced.
func (db *DB) Gone(from, to int64) (ids []string, err error) {
	for ; from < to; from += walkBatch {
		entries, err := db.Entries(from, min(to, from+walkBatch))
		if err != nil {
			return nil, err
		}
		for _, raw := range entries {
			if id := goneBy(raw); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// goneBy is the release that an entry takes from the lists, if it is not void.
func goneBy(raw []byte) string {
	e, err := ledger.ParseEntry(raw)
	if err != nil {
		return ""
	}
	switch e.Kind {
	case ledger.KindRelease:
		if r, err := catalog.ParseRelease(e.Body); err == nil {
			return r.Replaces
		}
	case ledger.KindWithdrawal:
		if w, err := catalog.ParseWithdrawal(e.Body); err == nil && !w.Lift {
			return w.Release
		}
	}
	return ""
}
