package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// authorisationName is the text that must be held before a release is visible.
const authorisationName = "AUTHORISATION.txt"

// Item is one entry to append, with the manifest that a release entry names.
type Item struct {
	Raw      []byte
	Manifest []byte // nil but for a release
}

// Append adds one entry, appended at a moment of which only the day is kept,
// and returns its index. See AppendAll.
func (db *DB) Append(raw, manifest []byte, at time.Time) (int64, error) {
	indexes, err := db.AppendAll([]Item{{raw, manifest}}, at)
	if err != nil {
		return 0, err
	}
	return indexes[0], nil
}

// AppendAll adds entries in one transaction, all or none, and returns their
// indexes. Errors wrap ErrRefused (and a *ledger.VoidError when the rules found
// an entry void), ErrUnsure, ErrReadOnly or ErrDamaged. An entry that is in the
// log already, byte for byte, is not added again.
func (db *DB) AppendAll(items []Item, at time.Time) ([]int64, error) {
	db.writing.Lock()
	defer db.writing.Unlock()
	var indexes []int64
	before, dropped := int64(0), 0
	err := db.update(func(tx *bolt.Tx) error {
		a, err := db.newAppender(tx, at)
		if err != nil {
			return err
		}
		before = a.size
		for _, item := range items {
			i, err := a.add(item)
			if err != nil {
				return err
			}
			indexes = append(indexes, i)
		}
		if a.size == before {
			return errNothingNew
		}
		dropped = len(a.dropped)
		return a.seal()
	})
	if errors.Is(err, errNothingNew) {
		return indexes, nil
	}
	if err != nil {
		return nil, err
	}
	// From here on the entries are in, whatever else fails.
	if err := db.refresh(); err != nil {
		return nil, fmt.Errorf("%w: reading the log's head again: %w", ErrUnsure, err)
	}
	if dropped > 0 {
		db.manifests.clear()
		if err := db.unlinkDropped(); err != nil {
			db.log.Error("files of a withdrawn work could not be unlinked; the next start does it", "error", err)
		}
	}
	return indexes, nil
}

// errNothingNew ends a transaction that would change nothing.
var errNothingNew = errors.New("nothing new")

// refresh reads the head again after a commit. The caller holds db.writing.
func (db *DB) refresh() error {
	return db.view(func(tx *bolt.Tx) error {
		h, err := headOf(tx)
		if err != nil {
			return err
		}
		h.generation = db.nextGeneration(h.checkpoint.Size)
		db.head.Store(h)
		return nil
	})
}

// appender adds entries within one write transaction.
type appender struct {
	deriver
	db   *DB
	at   time.Time
	size int64
}

func (db *DB) newAppender(tx *bolt.Tx, at time.Time) (*appender, error) {
	v, err := newView(tx)
	if err != nil {
		return nil, err
	}
	return &appender{deriver: deriver{txView: v}, db: db, at: at, size: logSize(tx)}, nil
}

// add judges one entry and writes all that follows from it.
func (a *appender) add(item Item) (int64, error) {
	leaf := tlog.RecordHash(item.Raw)
	if k := a.tx.Bucket(bucketLeaves).Get(leaf[:]); k != nil {
		return keyIndex(k), nil
	}
	e, ch, err := a.judge(item.Raw)
	if err != nil {
		return 0, err
	}
	var m *catalog.Manifest
	if ch.Release != nil {
		if m, err = a.checkRelease(ch.Release, item.Manifest); err != nil {
			return 0, fmt.Errorf("%w: %w", ErrRefused, err)
		}
		err = a.tx.Bucket(bucketManifests).Put([]byte(ch.Release.ID), item.Manifest)
	} else if item.Manifest != nil {
		err = fmt.Errorf("%w: a manifest came with an entry of the kind %s", ErrRefused, e.Kind)
	}
	if err != nil {
		return 0, err
	}
	return a.write(item.Raw, leaf, ch, m)
}

// judge parses raw and asks the rules.
func (a *appender) judge(raw []byte) (*ledger.Entry, catalog.Change, error) {
	e, err := ledger.ParseEntry(raw)
	if err != nil {
		return nil, catalog.Change{}, fmt.Errorf("%w: %w", ErrRefused, &ledger.VoidError{Reason: err.Error()})
	}
	ch, err := catalog.Judge(a.txView, a.size, e)
	if a.err != nil {
		return nil, ch, a.err
	}
	if err != nil {
		return nil, ch, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return e, ch, nil
}

// write stores a judged entry at the end of the log.
func (a *appender) write(raw []byte, leaf tlog.Hash, ch catalog.Change, m *catalog.Manifest) (int64, error) {
	index := a.size
	if err := putEntry(a.tx, a.txView, index, raw); err != nil {
		return 0, err
	}
	day := dayOf(a.at)
	err := errors.Join(
		a.tx.Bucket(bucketDays).Put(indexKey(index), binary.AppendUvarint(nil, uint64(day))),
		a.tx.Bucket(bucketLeaves).Put(leaf[:], indexKey(index)),
		a.apply(index, ch, m, day))
	a.size++
	return index, err
}

// putEntry stores the bytes of an entry and the hashes it completes.
func putEntry(tx *bolt.Tx, r tlog.HashReader, index int64, raw []byte) error {
	hashes, err := ledger.StoredHashes(index, raw, r)
	if err != nil {
		return err
	}
	first := tlog.StoredHashIndex(0, index)
	for i, h := range hashes {
		if err := tx.Bucket(bucketHashes).Put(indexKey(first+int64(i)), h[:]); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketLog).Put(indexKey(index), raw)
}

// checkRelease reads the manifest of a release that the rules accept, and says
// why it cannot be shown.
func (a *appender) checkRelease(r *catalog.ReleaseRecord, manifest []byte) (*catalog.Manifest, error) {
	if manifest == nil {
		return nil, errors.New("a release needs its manifest")
	}
	m, err := catalog.ParseManifest(manifest)
	if err != nil {
		return nil, fmt.Errorf("the manifest: %w", err)
	}
	if err := errors.Join(m.Fits(&r.Release, manifest, a.txView), a.err); err != nil {
		return nil, err
	}
	if err := a.checkSeries(r, m); err != nil {
		return nil, err
	}
	artist, _ := a.Artist(r.Artist)
	return m, a.db.checkAuthorisation(m, a.charter, artist)
}

// checkSeries keeps a series to the artist who began it.
func (a *appender) checkSeries(r *catalog.ReleaseRecord, m *catalog.Manifest) error {
	if m.Series == nil {
		return nil
	}
	prefix := append([]byte(m.Series.Slug), 0)
	k, _ := a.tx.Bucket(bucketBySeries).Cursor().Seek(prefix)
	if !bytes.HasPrefix(k, prefix) {
		return nil
	}
	c, err := decodeCard(a.tx.Bucket(bucketCards).Get(k[len(k)-8:]))
	if err == nil && c.Slug != r.Artist {
		return fmt.Errorf("the series %s belongs to %s", m.Series.Slug, c.Slug)
	}
	return err
}

// checkAuthorisation reads AUTHORISATION.txt from the objects and checks that
// it is signed and says what the manifest says.
func (db *DB) checkAuthorisation(m *catalog.Manifest, c *catalog.Charter, artist catalog.ArtistRecord) error {
	for _, f := range m.Texts {
		if f.Path != authorisationName {
			continue
		}
		text, err := db.readText(f)
		if err != nil {
			return fmt.Errorf("%s: %w", authorisationName, err)
		}
		return m.CheckAuthorisation(text, c, artist)
	}
	return fmt.Errorf("the manifest names no %s", authorisationName)
}

// readText reads a small object that must be exactly f.
func (db *DB) readText(f catalog.File) ([]byte, error) {
	o, size, err := db.OpenObject(f.Root)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	if size != f.Size || size > catalog.MaxManifest {
		return nil, damaged("%d bytes instead of %d, or too many", size, f.Size)
	}
	text, err := io.ReadAll(io.LimitReader(o, size))
	if err == nil && catalog.Sum(text) != f.SHA256 {
		err = damaged("another SHA-256")
	}
	return text, err
}

// seal ends the transaction: a new signed checkpoint, and the list of files
// that nobody needs any more.
func (a *appender) seal() error {
	free, err := unused(a.tx, a.dropped)
	if err != nil {
		return err
	}
	for _, root := range free {
		if err := a.tx.Bucket(bucketDrops).Put(root[:], nil); err != nil {
			return err
		}
	}
	root, err := ledger.Root(a.size, a.txView)
	if err != nil {
		return err
	}
	signed, err := a.db.sign(ledger.Checkpoint{Origin: a.charter.Origin, Size: a.size, Root: root}, a.charter, a.at)
	if err != nil {
		return err
	}
	return a.tx.Bucket(bucketMeta).Put(keyCheckpoint, signed)
}

// sign signs a checkpoint with the log's key, and with the key of freshness
// when there is one.
func (db *DB) sign(c ledger.Checkpoint, charter *catalog.Charter, at time.Time) ([]byte, error) {
	v, err := ledger.NewVerifier(charter.Keys.Log)
	if err != nil {
		return nil, err
	}
	if s := db.signer; s == nil || s.Name() != v.Name() || s.KeyHash() != v.KeyHash() {
		return nil, fmt.Errorf("%w: the log's key is not here, or is not the charter's %s", ErrRefused, v.Name())
	}
	signed, err := ledger.SignCheckpoint(c, db.signer)
	if err != nil || db.fresh == nil {
		return signed, err
	}
	return ledger.Cosign(signed, db.fresh, at)
}

func dayOf(at time.Time) int64 { return max(0, at.Unix()/86_400) }
