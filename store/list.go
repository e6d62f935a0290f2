package store

import (
	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/store/catalog"
)

// Filter chooses releases; its zero value chooses all. Values are compared
// exactly.
type Filter struct {
	Kind     catalog.Kind
	Genre    string
	Year     int
	Language string
	Licence  string
	Artist   string // slug
	Open     bool   // only those free of charge in full
}

// Sort is the order of a list.
type Sort int

// The orders of a list. Texts are compared without case and accents.
const (
	Newest   Sort = iota // last appended first
	ByTitle              // then newest
	ByArtist             // then newest
)

// Facets say how many releases each further choice would leave: every count
// applies all other fields of the filter, and not its own.
type Facets struct {
	Kinds     []Count // in the order of catalog.Kinds
	Genres    []Count // the 100 most frequent, most first
	Years     []Count // latest first
	Languages []Count // most first
	Licences  []Count // most first
	Open      int
}

// Count is a value and the number of releases that have it.
type Count struct {
	Value string
	N     int
}

// List returns a page of the listed releases that f chooses, how many it
// chooses, and the facets, all exact. Listed is what is neither withdrawn nor
// replaced. Facets are shared and must not be changed.
func (db *DB) List(f Filter, sort Sort, offset, limit int) (cards []Card, total int, facets Facets, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		cols, err := db.columns.get(tx)
		if err != nil {
			return err
		}
		order, err := cols.order(tx, sort)
		if err != nil {
			return err
		}
		want, err := cols.resolve(tx, f)
		if err != nil {
			return err
		}
		var page []int64
		page, total, facets = cols.page(want, order, max(offset, 0), max(limit, 0))
		cards, err = readCards(tx, page)
		return err
	})
	return cards, total, facets, err
}

// readCards reads the cards of entries. A step from one entry to the next costs
// a tenth of finding it, and a page of the newest has mostly neighbours.
func readCards(tx *bolt.Tx, indexes []int64) ([]Card, error) {
	var key, value []byte
	cards := make([]Card, len(indexes))
	c := tx.Bucket(bucketCards).Cursor()
	for i, index := range indexes {
		switch {
		case key == nil: // not begun
		case keyIndex(key) == index+1:
			key, value = c.Prev()
		case keyIndex(key) == index-1:
			key, value = c.Next()
		}
		if keyIndex(key) != index {
			key, value = c.Seek(indexKey(index))
		}
		if keyIndex(key) != index {
			return nil, damaged("the card of entry %d is missing", index)
		}
		card, err := decodeCard(value)
		if err != nil {
			return nil, err
		}
		cards[i] = card
	}
	return cards, nil
}

// Totals count the listed releases, their artists, and their tracks.
func (db *DB) Totals() (releases, artists, tracks int, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		cols, err := db.columns.get(tx)
		if err == nil {
			releases, artists, tracks = len(cols.rows), cols.artists, cols.tracks
		}
		return err
	})
	return releases, artists, tracks, err
}
