package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// rebuildBatch is how many entries one transaction of a rebuild covers. An
// interrupted rebuild is begun again at the next Open.
const rebuildBatch = 1_000

// Rebuild makes all derived records of the catalogue in dir anew from its log
// and its manifests. Open does the same by itself when they are of another
// version.
func Rebuild(dir string) error {
	db, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	db.writing.Lock()
	err = guard(db.rebuild)
	db.writing.Unlock()
	return errors.Join(err, db.Close())
}

// rebuild is alone with db.bolt, or holds db.writing.
func (db *DB) rebuild() error {
	db.log.Info("rebuilding the derived records")
	if err := db.bolt.Update(clearDerived); err != nil {
		return err
	}
	for from, done := int64(0), false; !done; from += rebuildBatch {
		err := db.bolt.Update(func(tx *bolt.Tx) (err error) {
			done, err = db.rebuildSome(tx, from)
			return err
		})
		if err != nil {
			return fmt.Errorf("rebuilding: %w", err)
		}
	}
	return db.bolt.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyDerived, []byte{derivedVersion})
	})
}

func clearDerived(tx *bolt.Tx) error {
	for _, name := range derivedBuckets {
		if tx.Bucket(name) != nil {
			if err := tx.DeleteBucket(name); err != nil {
				return err
			}
		}
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(bucketMeta)
	return errors.Join(meta.Delete(keyCharter), meta.Put(keyDerived, []byte{0}))
}

// rebuildSome replays one batch over its own records.
func (db *DB) rebuildSome(tx *bolt.Tx, from int64) (done bool, err error) {
	v, err := newView(tx)
	if err != nil {
		return false, err
	}
	entries, err := readEntries(tx, from, from+rebuildBatch)
	if err != nil {
		return false, err
	}
	d := &deriver{txView: v}
	for i, raw := range entries {
		index := from + int64(i)
		ch, reason := decide(d.txView, index, raw)
		if d.err != nil {
			return false, d.err
		}
		var m *catalog.Manifest
		if r := ch.Release; r != nil {
			// A manifest that is missing was withdrawn later, or is for Check to name.
			m, _ = manifestOf(tx, r.ID, &r.Release)
		}
		if err := d.replay(index, raw, ch, reason, m); err != nil {
			return false, err
		}
	}
	return len(entries) < rebuildBatch, nil
}

// decide judges an entry of the log; void is the reason why it has no effect.
func decide(v catalog.View, index int64, raw []byte) (ch catalog.Change, void string) {
	e, err := ledger.ParseEntry(raw)
	if err == nil {
		ch, err = catalog.Judge(v, index, e)
	}
	if err == nil {
		return ch, ""
	}
	if v, ok := errors.AsType[*ledger.VoidError](err); ok {
		return ch, v.Reason
	}
	return ch, err.Error()
}

// replay writes what follows from a judged entry of the log. A void entry is
// noted as void.
func (d *deriver) replay(index int64, raw []byte, ch catalog.Change, void string, m *catalog.Manifest) error {
	if err := d.putLeaf(index, raw); err != nil {
		return err
	}
	if void != "" {
		return d.tx.Bucket(bucketVoids).Put(indexKey(index), []byte(void))
	}
	return d.apply(index, ch, m, readDay(d.truth, index))
}

// putLeaf remembers where the bytes of an entry stand first.
func (d *deriver) putLeaf(index int64, raw []byte) error {
	leaf := tlog.RecordHash(raw)
	b := d.tx.Bucket(bucketLeaves)
	if b.Get(leaf[:]) != nil {
		return nil
	}
	return b.Put(leaf[:], indexKey(index))
}

func readDay(tx *bolt.Tx, index int64) int64 {
	day, n := binary.Uvarint(tx.Bucket(bucketDays).Get(indexKey(index)))
	if n <= 0 {
		return 0
	}
	return int64(day)
}

// Scrub writes the catalogue's file anew without the pages that hold nothing
// any more: what was withdrawn is then no longer in it. It needs as much free
// space as the file has bytes. The old file's blocks are given back to the file
// system; what a disk keeps of them is beyond it.
func Scrub(dir string) error {
	db, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	temp := db.path() + ".scrub"
	err = guard(func() error { return db.compact(temp) })
	if err != nil {
		return errors.Join(fmt.Errorf("scrubbing: %w", err), db.Close(), os.RemoveAll(temp))
	}
	// The lock on the old file is held until the new one has its name.
	return errors.Join(os.Rename(temp, db.path()), syncFolder(dir), db.Close())
}

func (db *DB) compact(temp string) error {
	if err := os.RemoveAll(temp); err != nil {
		return err
	}
	to, err := bolt.Open(temp, 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType})
	if err != nil {
		return err
	}
	err = bolt.Compact(to, db.bolt, 1<<20)
	return errors.Join(err, to.Sync(), to.Close())
}
