package store

import bolt "go.etcd.io/bbolt"

// FailNext lets fn stand in for the disk at the next commit.
func (m *Members) FailNext(fn func(commit func() error) error) {
	m.writing.Lock()
	defer m.writing.Unlock()
	m.commit = func(tx *bolt.Tx) error {
		m.commit = (*bolt.Tx).Commit
		return fn(tx.Commit)
	}
}

// Hold keeps what is to be written waiting until release is called.
func (m *Members) Hold() (release func()) {
	m.queue.turn <- struct{}{}
	return func() { <-m.queue.turn }
}

// Spoil changes the first record of a table behind the store's back: value nil
// deletes it. With sum it gets the right checksum.
func (m *Members) Spoil(name string, sum bool, fn func(value []byte) []byte) error {
	return m.bolt.Update(func(tx *bolt.Tx) error {
		b, t := tx.Bucket([]byte(name)), table(name)
		k, stored := b.Cursor().First()
		v, err := t.open(k, stored)
		if err != nil {
			return err
		}
		switch v := fn(append([]byte(nil), v...)); {
		case v == nil:
			return b.Delete(k)
		case sum:
			return t.put(tx, k, v)
		default:
			return b.Put(k, append(v, stored[len(stored)-checksumSize:]...))
		}
	})
}

// Block puts a table where a record should go, so that writing it fails.
func (m *Members) Block(name string, key []byte) error {
	return m.bolt.Update(func(tx *bolt.Tx) error {
		_, err := tx.Bucket([]byte(name)).CreateBucket(key)
		return err
	})
}

// Foreign adds a table that is not ours.
func (m *Members) Foreign(name string) error {
	return m.bolt.Update(func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte(name)); return err })
}

// MemberRoundTrip reads b as every kind of member's record and gives back those
// that it is, written again.
func MemberRoundTrip(b []byte) (again [][]byte) {
	if v, err := decodeBalance(b); err == nil {
		var r record
		r.num(v)
		again = append(again, r)
	}
	if v, err := decodeEvent(b); err == nil {
		again = append(again, v.encode())
	}
	if v, err := decodeMonth(b); err == nil {
		again = append(again, v.encode())
	}
	if v, err := decodeBatch(b); err == nil {
		again = append(again, v.encode())
	}
	if v, err := decodeVoucher(b); err == nil {
		again = append(again, v.encode())
	}
	if v, err := decodePeriod(b); err == nil {
		again = append(again, v.encode())
	}
	if v, err := decodeSum(b); err == nil {
		again = append(again, v.encode())
	}
	return again
}
