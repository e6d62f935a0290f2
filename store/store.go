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
// again: Scrub writes the file anew without them. No title stands beside
// an account here: those are in [Members], in a file of their own that holds no
// title, no code and no pass.
package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

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
	file

	signer note.Signer // guarded by file.writing, as fresh is
	fresh  *ledger.Cosigner

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
	db := &DB{dir: dir, opts: opts}
	db.lay(db.path(), opts, db.ready)
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

// ready reads what the file that was just opened says about itself.
func (db *DB) ready() error {
	if err := db.migrate(); err != nil {
		return err
	}
	h, err := readHead(db.bolt)
	if err != nil {
		return err
	}
	h.generation = db.nextGeneration(h.checkpoint.Size)
	db.head.Store(h)
	if db.opts.ReadOnly {
		return nil
	}
	return db.tidy()
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
