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
