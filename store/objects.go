package store

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/metainfo"
)

// tempName is the folder in which objects are written before they are named.
const tempName = "tmp"

// objectPath is where the object of a root lies: objects/ab/abcd….
func (db *DB) objectPath(root catalog.Hash) string {
	name := hex.EncodeToString(root[:])
	return filepath.Join(db.dir, objectsName, name[:2], name)
}

// PutObject stores the file that r yields under its pieces root, provided it
// is exactly what want says; other bytes are refused (ErrRefused) and leave
// nothing behind. When it returns nil the file is on the disk: written, synced,
// named, and its folder synced. An object that is held already is not read.
func (db *DB) PutObject(r io.Reader, want metainfo.Hashes) error {
	if db.opts.ReadOnly {
		return ErrReadOnly
	}
	path := db.objectPath(want.Root)
	if info, err := os.Stat(path); err == nil && info.Size() == want.Size {
		return nil
	}
	temp, err := db.writeTemp(r, want)
	if err != nil {
		return fmt.Errorf("storing object %x: %w", want.Root[:6], err)
	}
	if err := db.nameObject(temp, path); err != nil {
		return errors.Join(fmt.Errorf("storing object %x: %w", want.Root[:6], err), os.Remove(temp))
	}
	return nil
}

// writeTemp writes and syncs a file of the wanted content.
func (db *DB) writeTemp(r io.Reader, want metainfo.Hashes) (path string, err error) {
	f, err := os.CreateTemp(filepath.Join(db.dir, objectsName, tempName), "object-")
	if err != nil {
		return "", err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	h := metainfo.NewHasher()
	if _, err := io.Copy(io.MultiWriter(f, h), io.LimitReader(r, want.Size+1)); err != nil {
		return "", err
	}
	if got := h.Sum(); got != want {
		return "", fmt.Errorf("%w: the bytes are not those that were announced (%d of %d bytes)", ErrRefused, got.Size, want.Size)
	}
	return f.Name(), f.Sync()
}

// nameObject moves a finished file to its place for good.
func (db *DB) nameObject(temp, path string) error {
	// A withdrawal unlinks under the same lock: what is named here is kept.
	db.writing.Lock()
	defer db.writing.Unlock()
	shard := filepath.Dir(path)
	switch err := os.Mkdir(shard, 0o700); {
	case err == nil:
		if err := syncFolder(filepath.Dir(shard)); err != nil {
			return err
		}
	case !errors.Is(err, os.ErrExist):
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncFolder(shard)
}

// OpenObject opens the object of a root for reading and says how many bytes it
// has. The error wraps ErrUnknown when it is not held.
func (db *DB) OpenObject(root catalog.Hash) (*os.File, int64, error) {
	f, err := os.Open(db.objectPath(root))
	if errors.Is(err, os.ErrNotExist) {
		return nil, 0, fmt.Errorf("object %s: %w", root, ErrUnknown)
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// HasObject reports whether the object of a root is held.
func (db *DB) HasObject(root catalog.Hash) bool {
	_, err := os.Stat(db.objectPath(root))
	return err == nil
}

// DropObjects unlinks those of the given files that no visible work needs, such
// as those of a work that was refused, and says how many there were.
func (db *DB) DropObjects(roots []catalog.Hash) (n int, err error) {
	if db.opts.ReadOnly {
		return 0, ErrReadOnly
	}
	db.writing.Lock()
	defer db.writing.Unlock()
	var free []catalog.Hash
	err = db.view(func(tx *bolt.Tx) error {
		free, err = unused(tx, roots)
		return err
	})
	if err != nil {
		return 0, err
	}
	return db.unlink(free)
}

func (db *DB) unlink(roots []catalog.Hash) (n int, err error) {
	for _, root := range roots {
		switch err := os.Remove(db.objectPath(root)); {
		case err == nil:
			n++
		case !errors.Is(err, os.ErrNotExist):
			return n, fmt.Errorf("unlinking a file: %w", err)
		}
	}
	return n, nil
}

// tidy removes what an interrupted run has left: half-written objects, and
// files of withdrawn works. The caller is alone with the file.
func (db *DB) tidy() error {
	dir := filepath.Join(db.dir, objectsName, tempName)
	left, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range left {
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return guard(func() error { return db.unlinkIn(db.bolt) })
}

// unlinkDropped unlinks the files that a withdrawal has freed. The caller holds
// db.writing.
func (db *DB) unlinkDropped() error {
	db.mu.RLock()
	defer db.mu.RUnlock()
	if err := db.missing(); err != nil {
		return err
	}
	return guard(func() error { return db.unlinkIn(db.bolt) })
}

// unlinkIn unlinks what the list of drops names and is not needed again, then
// forgets the list. Interrupted, it is done over at the next Open.
func (db *DB) unlinkIn(b *bolt.DB) error {
	var free []catalog.Hash
	none := false
	err := b.View(func(tx *bolt.Tx) error {
		var roots []catalog.Hash
		err := tx.Bucket(bucketDrops).ForEach(func(k, _ []byte) error {
			if len(k) != len(catalog.Hash{}) {
				return damaged("the list of files to unlink")
			}
			roots = append(roots, catalog.Hash(k))
			return nil
		})
		if err != nil {
			return err
		}
		none = len(roots) == 0
		free, err = unused(tx, roots)
		return err
	})
	if err != nil || none {
		return err
	}
	if _, err := db.unlink(free); err != nil {
		return err
	}
	return b.Update(func(tx *bolt.Tx) error {
		if err := tx.DeleteBucket(bucketDrops); err != nil {
			return err
		}
		_, err := tx.CreateBucket(bucketDrops)
		return err
	})
}
