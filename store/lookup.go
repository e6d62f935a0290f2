package store

import (
	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/store/catalog"
)

// Named reports which artist has that display name.
func (db *DB) Named(name string) (slug string, ok bool, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		v := viewOf(tx)
		slug, ok = v.Named(name)
		return v.err
	})
	return slug, ok, err
}

// StayDown names the artist whose withdrawn work has this pieces root.
func (db *DB) StayDown(root catalog.Hash) (artist string, ok bool, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		v := viewOf(tx)
		artist, ok = v.StayDown(root)
		return v.err
	})
	return artist, ok, err
}

// Stands reports where a valid entry with this id stands in the log.
func (db *DB) Stands(id string) (index int64, ok bool, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		v := viewOf(tx)
		index, ok = v.Stands(id)
		return v.err
	})
	return index, ok, err
}

// Opening is the record of a period that was opened; the error wraps
// ErrUnknown when it was not.
func (db *DB) Opening(period string) (o catalog.OpeningRecord, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		o, err = viewOf(tx).readOpening(period)
		return err
	})
	return o, err
}

// Openings are the records of all periods that were opened, the latest period
// first.
func (db *DB) Openings() (all []catalog.OpeningRecord, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		v := viewOf(tx)
		c := tx.Bucket(bucketOpenings).Cursor()
		for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
			o, err := v.readOpening(string(k))
			if err != nil {
				return err
			}
			all = append(all, o)
		}
		return nil
	})
	return all, err
}

// MonthKey names the period whose opening has this key, one of
// catalog.Opening.MonthKeys.
func (db *DB) MonthKey(key string) (period string, ok bool, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		v := viewOf(tx)
		period, ok = v.MonthKey(key)
		return v.err
	})
	return period, ok, err
}
