package store

import (
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// migrate makes the buckets of a new file, and refuses a file that another
// version wrote. Derived records of another version are made anew.
func (db *DB) migrate() error {
	if db.opts.ReadOnly {
		return db.bolt.View(checkSchema)
	}
	fresh := false
	err := db.bolt.View(func(tx *bolt.Tx) error {
		k, _ := tx.Cursor().First()
		fresh = k == nil
		if fresh {
			return nil
		}
		return checkSchema(tx)
	})
	switch {
	case err == nil && fresh:
		return db.bolt.Update(create)
	case errors.Is(err, errDerived):
		return db.rebuild()
	}
	return err
}

func create(tx *bolt.Tx) error {
	for _, group := range [][][]byte{truthBuckets, derivedBuckets} {
		for _, name := range group {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
	}
	meta := tx.Bucket(bucketMeta)
	return errors.Join(meta.Put(keySchema, []byte{schemaVersion}), meta.Put(keyDerived, []byte{derivedVersion}))
}

// errDerived says that only what Rebuild makes is of another version.
var errDerived = fmt.Errorf("%w: its derived records must be rebuilt", ErrSchema)

func checkSchema(tx *bolt.Tx) error {
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		return damaged("it is no catalogue of peerfy")
	}
	if v := meta.Get(keySchema); len(v) != 1 || v[0] != schemaVersion {
		return fmt.Errorf("%w: schema %x, this one knows %d", ErrSchema, v, schemaVersion)
	}
	for _, name := range truthBuckets {
		if tx.Bucket(name) == nil {
			return damaged("the part %q is missing", name)
		}
	}
	if v := meta.Get(keyDerived); len(v) != 1 || v[0] != derivedVersion {
		return errDerived
	}
	for _, name := range derivedBuckets {
		if tx.Bucket(name) == nil {
			return fmt.Errorf("%w: the part %q is missing", errDerived, name)
		}
	}
	return nil
}

func readHead(b *bolt.DB) (h *head, err error) {
	err = b.View(func(tx *bolt.Tx) error {
		h, err = headOf(tx)
		return err
	})
	return h, err
}

// headOf reads the head and checks it: the signature of the checkpoint, its
// size against the log, its root against the stored hashes.
func headOf(tx *bolt.Tx) (*head, error) {
	v, err := newView(tx)
	if err != nil {
		return nil, err
	}
	h := &head{charter: v.charter, signed: append([]byte(nil), tx.Bucket(bucketMeta).Get(keyCheckpoint)...)}
	size := logSize(tx)
	if v.charter == nil {
		if size != 0 || len(h.signed) != 0 {
			return nil, damaged("there are %d entries and no charter", size)
		}
		return h, nil
	}
	if h.checkpoint, err = openCheckpoint(h.signed, v.charter); err != nil {
		return nil, damaged("the checkpoint: %v", err)
	}
	if h.checkpoint.Size != size {
		return nil, damaged("the checkpoint counts %d entries, the log has %d", h.checkpoint.Size, size)
	}
	root, err := ledger.Root(size, v)
	if err != nil {
		return nil, damaged("%v", err)
	}
	if root != h.checkpoint.Root {
		return nil, damaged("the log's root is %s, the checkpoint says %s", root, h.checkpoint.Root)
	}
	return h, nil
}

func openCheckpoint(signed []byte, c *catalog.Charter) (ledger.Checkpoint, error) {
	v, err := ledger.NewVerifier(c.Keys.Log)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	cp, _, err := ledger.OpenCheckpoint(signed, c.Origin, v)
	return cp, err
}

// Checkpoint is the signed checkpoint with its last cosignature of freshness,
// nil while the log is empty. It must not be changed.
func (db *DB) Checkpoint() []byte { return db.head.Load().signed }

// Size is how many entries the log has.
func (db *DB) Size() int64 { return db.head.Load().checkpoint.Size }

// Root is the root hash of the log.
func (db *DB) Root() tlog.Hash { return db.head.Load().checkpoint.Root }

// StateAt names the first size entries of the log in one line: their number and
// root hash. Whoever keeps something made from the catalogue keeps it too.
func (db *DB) StateAt(size int64) (state string, err error) {
	root, err := db.RootAt(size)
	return fmt.Sprintf("%d %s", size, root), err
}

// RootAt is the root hash of the first size entries of the log; ErrUnknown when
// there are not that many.
func (db *DB) RootAt(size int64) (root tlog.Hash, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		if size < 0 || size > logSize(tx) {
			return fmt.Errorf("a log of %d entries: %w", size, ErrUnknown)
		}
		root, err = ledger.Root(size, viewOf(tx))
		return err
	})
	return root, err
}

// Charter is the charter in force, nil before the first. It must not be
// changed.
func (db *DB) Charter() *catalog.Charter { return db.head.Load().charter }

// Freshen adds the daily cosignature, made at a moment, to the checkpoint, and
// keeps the key for the checkpoints of later appends.
func (db *DB) Freshen(cosigner *ledger.Cosigner, at time.Time) error {
	db.writing.Lock()
	defer db.writing.Unlock()
	h := db.head.Load()
	if h.charter == nil {
		return fmt.Errorf("%w: an empty log has no checkpoint", ErrRefused)
	}
	if cosigner.VerifierKey() != h.charter.Keys.Fresh {
		return fmt.Errorf("%w: %s is not the charter's key of freshness", ErrRefused, cosigner.Name())
	}
	signed, err := ledger.Cosign(h.signed, cosigner, at)
	if err != nil {
		return err
	}
	err = db.update(func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyCheckpoint, signed) })
	if err != nil {
		return err
	}
	db.fresh = cosigner
	return db.refresh()
}

// Freshened is when the checkpoint was last cosigned with the charter's key of
// freshness; false when it was not.
func (db *DB) Freshened() (time.Time, bool) {
	h := db.head.Load()
	if h.charter == nil {
		return time.Time{}, false
	}
	v, err := ledger.NewCosignatureVerifier(h.charter.Keys.Fresh)
	if err != nil {
		return time.Time{}, false
	}
	_, n, err := ledger.OpenCheckpoint(h.signed, h.charter.Origin, v)
	if err != nil || len(n.Sigs) != 1 {
		return time.Time{}, false
	}
	at, err := ledger.CosignatureTime(n.Sigs[0])
	return at, err == nil
}

// Entry returns the bytes at index and, when the entry is void, the reason.
// The error wraps ErrUnknown beyond the end of the log.
func (db *DB) Entry(index int64) (raw []byte, void string, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketLog).Get(indexKey(index))
		if b == nil {
			return fmt.Errorf("entry %d: %w", index, ErrUnknown)
		}
		raw = append(raw, b...)
		void = string(tx.Bucket(bucketVoids).Get(indexKey(index)))
		return nil
	})
	return raw, void, err
}

// Entries returns the entries from index from up to, not including, to, as far
// as the log has them.
func (db *DB) Entries(from, to int64) (entries [][]byte, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		entries, err = readEntries(tx, from, to)
		return err
	})
	return entries, err
}

func readEntries(tx *bolt.Tx, from, to int64) (entries [][]byte, err error) {
	c := tx.Bucket(bucketLog).Cursor()
	want := max(from, 0)
	for k, v := c.Seek(indexKey(want)); k != nil && keyIndex(k) < to; k, v = c.Next() {
		if keyIndex(k) != want {
			return nil, damaged("entry %d is missing", want)
		}
		entries = append(entries, append([]byte(nil), v...))
		want++
	}
	return entries, nil
}

// IndexOf finds an entry by its exact bytes.
func (db *DB) IndexOf(raw []byte) (index int64, ok bool, err error) {
	leaf := tlog.RecordHash(raw)
	err = db.view(func(tx *bolt.Tx) error {
		if k := tx.Bucket(bucketLeaves).Get(leaf[:]); k != nil {
			index, ok = keyIndex(k), true
		}
		return nil
	})
	return index, ok, err
}

// Tile returns the content of the tile at a path such as "tile/0/000.p/5" or
// "tile/entries/000.p/5". The error wraps ErrUnknown for a tile that the log
// does not have, ledger.ErrMalformed for a path of another form.
func (db *DB) Tile(path string) (b []byte, err error) {
	t, err := ledger.ParseTilePath(path)
	if err != nil {
		return nil, err
	}
	err = db.view(func(tx *bolt.Tx) error {
		if !ledger.InTree(t, logSize(tx)) {
			return fmt.Errorf("%s: %w", path, ErrUnknown)
		}
		if t.L >= 0 {
			b, err = ledger.HashTile(t, viewOf(tx))
			return err
		}
		entries, err := readEntries(tx, t.N*ledger.TileWidth, t.N*ledger.TileWidth+int64(t.W))
		if err != nil {
			return err
		}
		b, err = ledger.EntryBundle(entries)
		return err
	})
	return b, err
}

// ReadHashes implements tlog.HashReader for proofs over the stored log.
func (db *DB) ReadHashes(indexes []int64) (hashes []tlog.Hash, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		hashes, err = viewOf(tx).ReadHashes(indexes)
		return err
	})
	return hashes, err
}
