// Package store keeps one co-operative's catalogue on one disk: the log and its
// hashes, what the log amounts to, the manifests, and every published file.
//
// # What it promises
//
//   - To whoever appends: an entry is in or it is not. The entry, its hashes,
//     every record that follows from it, its manifest and the new signed
//     checkpoint are one transaction. What the rules find void, what does not
//     fit its manifest and what lacks its signed authorisation is refused and
//     changes nothing. Appending the same bytes again answers the first index.
//   - To listeners: a withdrawn work is gone from every list in the same
//     transaction, its manifest with it, and the files that no other visible
//     work needs are unlinked before Append returns, or at the next Open.
//   - To right-holders: no work becomes visible whose AUTHORISATION.txt is not
//     held here, signed by the artist, saying what the manifest says.
//   - To the operator: damage is named. Open refuses a truncated or foreign
//     file with one sentence, Check reads everything again and lists what is
//     wrong, Rebuild makes the derived records anew from the log.
//
// # Why it is safe
//
// There is one writer: the file is locked, and a second process gets ErrLocked.
// Nothing derived is a source of truth. The log is checked against its signed
// checkpoint, manifests against the SHA-256 in the log, files against their
// pieces root and SHA-256, and all other records against a replay.
//
// A commit that reports an I/O error may still have reached the disk (when the
// sync of the last page fails, the transaction is applied), and what the
// kernel's cache shows afterwards need not be on the disk. So an error means
// "unknown", never "no": Append answers ErrUnsure, the file is closed, its
// cached pages are dropped, it is opened and verified again, and only then are
// writes accepted. Whoever got ErrUnsure appends the same bytes again.
//
// bbolt has no page checksums and meets damage by panicking. Every access runs
// under a guard that turns such a panic, or a fault on a mapped page, into
// ErrDamaged.
//
// # Limits
//
// Deleting from a bbolt file leaves the bytes in free pages until they are used
// again: Scrub writes the file anew without them. Nothing here logs a title
// beside an account, an address or a query; there are none in this package.
package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// Sentinels that callers branch on.
var (
	// ErrLocked says that another process has the catalogue open.
	ErrLocked = errors.New("another process has this catalogue open: stop it first")

	// ErrDamaged says that bytes on the disk are not what was written.
	ErrDamaged = errors.New("the catalogue's files are damaged")

	// ErrSchema says that the file was written by another version of peerfy.
	ErrSchema = errors.New("the catalogue was written by another version of peerfy")

	// ErrEmpty says that there is no catalogue in the folder.
	ErrEmpty = errors.New("there is no catalogue here")

	// ErrUnsure says that a write may or may not have reached the disk. The
	// same bytes can be appended again: they are never stored twice.
	ErrUnsure = errors.New("the disk did not confirm the write: it may or may not be stored")

	// ErrReadOnly says that the catalogue was opened for reading.
	ErrReadOnly = errors.New("the catalogue is open for reading only")

	// ErrRefused is wrapped by every refusal to append; the text says why.
	ErrRefused = errors.New("refused")

	// ErrUnknown says that there is no such release, entry or file.
	ErrUnknown = errors.New("unknown")

	// ErrWithdrawn says that the release was withdrawn.
	ErrWithdrawn = errors.New("withdrawn")
)

// Options are the choices of Open. The zero value opens for writing.
type Options struct {
	ReadOnly bool          // share the file with other readers; nothing is created or repaired
	Log      *slog.Logger  // nil discards
	Wait     time.Duration // for another process to let go of the file; 0 means one second
}

// DB is an open catalogue. It may be used from several goroutines.
type DB struct {
	dir  string
	opts Options
	log  *slog.Logger

	writing sync.Mutex // one write at a time; guards what follows
	unsure  error      // why writes are refused until the file is read again
	signer  note.Signer
	fresh   *ledger.Cosigner
	commit  func(*bolt.Tx) error // (*bolt.Tx).Commit, but in tests of failing disks

	mu     sync.RWMutex // held for writing only while the file is closed and opened again
	bolt   *bolt.DB     // nil while it could not be opened again
	closed bool

	head      atomic.Pointer[head]
	manifests manifestCache
	columns   columnCache
}

// head is what the database says about itself, read after every write.
type head struct {
	generation int64
	checkpoint ledger.Checkpoint
	signed     []byte // the signed checkpoint, with its cosignature
	charter    *catalog.Charter
}

const (
	fileName    = "peerfy.db"
	objectsName = "objects"
)

// Open opens the catalogue in dir, creating it when it is not there and opts
// allow writing. It checks the stored checkpoint: its signature, and its root
// against the stored hashes. Errors wrap ErrLocked, ErrDamaged, ErrSchema or
// ErrEmpty, or are the operating system's.
func Open(dir string, opts Options) (*DB, error) {
	db := &DB{dir: dir, opts: opts, log: opts.Log, commit: (*bolt.Tx).Commit}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if err := db.prepare(); err != nil {
		return nil, fmt.Errorf("opening %s: %w", dir, err)
	}
	if err := db.open(); err != nil {
		return nil, fmt.Errorf("opening %s: %w", dir, err)
	}
	return db, nil
}

// prepare makes the folders of a catalogue that is to be written.
func (db *DB) prepare() error {
	if db.opts.ReadOnly {
		if _, err := os.Stat(db.path()); errors.Is(err, os.ErrNotExist) {
			return ErrEmpty
		}
		return nil
	}
	return os.MkdirAll(filepath.Join(db.dir, objectsName, tempName), 0o700)
}

func (db *DB) path() string { return filepath.Join(db.dir, fileName) }

// open opens the file and reads what it says about itself. The caller holds
// db.mu for writing, or nobody else has db yet.
func (db *DB) open() error {
	b, err := openBolt(db.path(), db.opts)
	if err != nil {
		return err
	}
	db.bolt = b
	err = guard(func() error {
		if err := db.migrate(); err != nil {
			return err
		}
		h, err := readHead(b)
		if err != nil {
			return err
		}
		h.generation = db.nextGeneration(h.checkpoint.Size)
		db.head.Store(h)
		return nil
	})
	if err == nil && !db.opts.ReadOnly {
		err = db.tidy()
	}
	if err != nil {
		db.bolt = nil
		return errors.Join(err, guard(b.Close))
	}
	return nil
}

// Close closes the file. Reads that are under way end first.
func (db *DB) Close() error {
	db.writing.Lock()
	defer db.writing.Unlock()
	db.mu.Lock()
	defer db.mu.Unlock()
	db.closed = true
	if db.bolt == nil {
		return nil
	}
	b := db.bolt
	db.bolt = nil
	return guard(b.Close)
}

// view runs fn in a read transaction.
func (db *DB) view(fn func(*bolt.Tx) error) error {
	db.mu.RLock()
	defer db.mu.RUnlock()
	if err := db.missing(); err != nil {
		return err
	}
	return guard(func() error { return db.bolt.View(fn) })
}

// missing says why there is no file to read. The caller holds db.mu.
func (db *DB) missing() error {
	switch {
	case db.closed:
		return os.ErrClosed
	case db.bolt == nil:
		return ErrUnsure
	}
	return nil
}

// update runs fn in a write transaction and commits it. Errors of fn change
// nothing; an error of the commit is ErrUnsure. The caller holds db.writing.
func (db *DB) update(fn func(*bolt.Tx) error) error {
	if err := db.writable(); err != nil {
		return err
	}
	db.mu.RLock()
	unsure, err := db.transact(fn)
	db.mu.RUnlock()
	if !unsure {
		return err
	}
	db.log.Error("a commit failed", "error", err)
	err = fmt.Errorf("%w: %w", ErrUnsure, err)
	db.unsure = err
	return errors.Join(err, db.reopen())
}

func (db *DB) transact(fn func(*bolt.Tx) error) (unsure bool, err error) {
	err = guard(func() error {
		tx, err := db.bolt.Begin(true)
		if err != nil {
			return err
		}
		defer tx.Rollback() // after a commit it does nothing
		if err := fn(tx); err != nil {
			return err
		}
		unsure = true
		err = db.commit(tx)
		unsure = err != nil
		return err
	})
	return unsure, err
}

// writable says whether a write may begin, reading the file again when the
// last one ended badly. The caller holds db.writing.
func (db *DB) writable() error {
	if db.opts.ReadOnly {
		return ErrReadOnly
	}
	if db.unsure != nil {
		return db.reopen()
	}
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.missing()
}

// reopen closes the file, forgets what the kernel has cached of it, and opens
// it again, so that what is read is what the disk holds.
func (db *DB) reopen() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return os.ErrClosed
	}
	if b := db.bolt; b != nil {
		db.bolt = nil
		if err := guard(b.Close); err != nil {
			return fmt.Errorf("%w: closing: %w", ErrUnsure, err)
		}
	}
	dropCache(db.path())
	db.unsure = nil // tidy writes
	if err := db.open(); err != nil {
		db.unsure = fmt.Errorf("%w: reading it again: %w", ErrUnsure, err)
		return db.unsure
	}
	db.log.Info("the catalogue was read again", "size", db.Size())
	return nil
}

// SetSigner gives the log's key, with which Append signs checkpoints. It must
// be the one that the charter names.
func (db *DB) SetSigner(s note.Signer) {
	db.writing.Lock()
	defer db.writing.Unlock()
	db.signer = s
}

// Generation grows with every change of what pages show. It is not kept over a
// restart.
func (db *DB) Generation() int64 { return db.head.Load().generation }

func (db *DB) nextGeneration(size int64) int64 {
	if h := db.head.Load(); h != nil {
		return max(size, h.generation+1)
	}
	return size
}
