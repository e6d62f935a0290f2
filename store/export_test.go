package store

import bolt "go.etcd.io/bbolt"

// FailNext lets fn stand in for the disk at the next commit.
func (db *DB) FailNext(fn func(commit func() error) error) {
	db.writing.Lock()
	defer db.writing.Unlock()
	db.commit = func(tx *bolt.Tx) error {
		db.commit = (*bolt.Tx).Commit
		return fn(tx.Commit)
	}
}

// Spoil writes to a bucket behind the store's back.
func (db *DB) Spoil(bucket, key string, value []byte) error {
	return db.bolt.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		k := []byte(key)
		if key == "" {
			k, _ = b.Cursor().First()
		}
		if value == nil {
			return b.Delete(k)
		}
		return b.Put(k, value)
	})
}

// DecodeRecords reads b as every kind of record.
func DecodeRecords(b []byte) {
	_, _ = decodeCard(b)
	_, _ = decodeTexts(b)
	_, _ = decodeArtist(b)
	_, _ = decodeOpeningFate("2026-12", b)
	_, _, _ = decodeDated(b)
	cols := &columns{ids: map[string]uint32{}}
	_ = cols.add(1, &reader{s: string(b)})
	_, _ = readBlock(b)
	_, _ = readHolders(b)
	_, _ = findHolders(b, make([]byte, 8))
}

// CardRoundTrip encodes what b decodes to.
func CardRoundTrip(b []byte) ([]byte, bool) {
	c, err := decodeCard(b)
	if err != nil {
		return nil, false
	}
	return c.encode(), true
}

// FoldText is the key that lists are sorted by.
func FoldText(s string) string { return foldText(s) }
