package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"golang.org/x/sys/unix"
)

// file is a bbolt file with the promises of this package: one writer, guarded
// reads, and after a commit that failed no write until the disk was read again.
// DB and Members embed it.
type file struct {
	name  string
	mode  Options
	log   *slog.Logger
	check func() error // reads what a file that was just opened says about itself

	writing sync.Mutex           // one write at a time; guards what follows
	unsure  error                // why writes are refused until the file is read again
	commit  func(*bolt.Tx) error // (*bolt.Tx).Commit, but in tests of failing disks

	mu     sync.RWMutex // held for writing only while the file is closed and opened again
	bolt   *bolt.DB     // nil while it could not be opened again
	closed bool
}

// lay says what file it is; open opens it.
func (f *file) lay(name string, opts Options, check func() error) {
	f.name, f.mode, f.log, f.check, f.commit = name, opts, opts.Log, check, (*bolt.Tx).Commit
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
}

// open opens the file and checks it. The caller holds f.mu for writing, or
// nobody else has f yet.
func (f *file) open() error {
	b, err := openBolt(f.name, f.mode)
	if err != nil {
		return err
	}
	f.bolt = b
	if err := guard(f.check); err != nil {
		f.bolt = nil
		return errors.Join(err, guard(b.Close))
	}
	return nil
}

// Close closes the file. Reads that are under way end first.
func (f *file) Close() error {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.bolt == nil {
		return nil
	}
	b := f.bolt
	f.bolt = nil
	return guard(b.Close)
}

// view runs fn in a read transaction.
func (f *file) view(fn func(*bolt.Tx) error) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if err := f.missing(); err != nil {
		return err
	}
	return guard(func() error { return f.bolt.View(fn) })
}

// missing says why there is no file to read. The caller holds f.mu.
func (f *file) missing() error {
	switch {
	case f.closed:
		return os.ErrClosed
	case f.bolt == nil:
		return ErrUnsure
	}
	return nil
}

// update runs fn in a write transaction and commits it. Errors of fn change
// nothing; an error of the commit is ErrUnsure. The caller holds f.writing.
func (f *file) update(fn func(*bolt.Tx) error) error {
	if err := f.writable(); err != nil {
		return err
	}
	f.mu.RLock()
	unsure, err := f.transact(fn)
	f.mu.RUnlock()
	if !unsure {
		return err
	}
	f.log.Error("a commit failed", "error", err)
	err = fmt.Errorf("%w: %w", ErrUnsure, err)
	f.unsure = err
	return errors.Join(err, f.reopen())
}

func (f *file) transact(fn func(*bolt.Tx) error) (unsure bool, err error) {
	err = guard(func() error {
		tx, err := f.bolt.Begin(true)
		if err != nil {
			return err
		}
		defer tx.Rollback() // after a commit it does nothing
		if err := fn(tx); err != nil {
			return err
		}
		unsure = true
		err = f.commit(tx)
		unsure = err != nil
		return err
	})
	return unsure, err
}

// writable says whether a write may begin, reading the file again when the
// last one ended badly. The caller holds f.writing.
func (f *file) writable() error {
	if f.mode.ReadOnly {
		return ErrReadOnly
	}
	if f.unsure != nil {
		return f.reopen()
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.missing()
}

// reopen closes the file, forgets what the kernel has cached of it, and opens
// it again, so that what is read is what the disk holds.
func (f *file) reopen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return os.ErrClosed
	}
	if b := f.bolt; b != nil {
		f.bolt = nil
		if err := guard(b.Close); err != nil {
			return fmt.Errorf("%w: closing: %w", ErrUnsure, err)
		}
	}
	dropCache(f.name)
	f.unsure = nil // checking may write
	if err := f.open(); err != nil {
		f.unsure = fmt.Errorf("%w: reading it again: %w", ErrUnsure, err)
		return f.unsure
	}
	f.log.Info("the file was read again", "file", filepath.Base(f.name))
	return nil
}

// guard runs fn and answers ErrDamaged when it panics or touches a mapped page
// that is not there: bbolt trusts its pages, and a disk does not deserve it.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: a page of it does not make sense", ErrDamaged)
		}
	}()
	return fn()
}

// openBolt opens a bbolt file, after a look at its length. Who waited for the
// lock may have got that of a file that was scrubbed meanwhile and has no name
// any more: then it opens the one that has the name now.
func openBolt(path string, opts Options) (*bolt.DB, error) {
	for {
		b, named, err := tryBolt(path, opts)
		if err != nil || named {
			return b, err
		}
		if err := guard(b.Close); err != nil {
			return nil, err
		}
	}
}

// tryBolt opens a bbolt file; named says whether it still has its name.
func tryBolt(path string, opts Options) (b *bolt.DB, named bool, err error) {
	if err := checkLength(path); err != nil {
		return nil, false, err
	}
	wait := opts.Wait
	if wait == 0 {
		wait = time.Second
	}
	var f *os.File
	err = guard(func() (err error) {
		b, err = bolt.Open(path, 0o600, &bolt.Options{
			Timeout: wait, ReadOnly: opts.ReadOnly, FreelistType: bolt.FreelistMapType,
			PreLoadFreelist: true, // here, where a damaged one is met under the guard
			OpenFile: func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
				f, err = os.OpenFile(name, flag, mode)
				return f, err
			},
		})
		return err
	})
	switch {
	case err == nil:
		named, err = hasName(f, path)
		if err != nil {
			return nil, false, errors.Join(err, guard(b.Close))
		}
		return b, named, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, false, ErrLocked
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, false, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil, false, err
}

// hasName says whether path names the open file.
func hasName(f *os.File, path string) (bool, error) {
	open, err := f.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(open, named), err
}

// The head of a bbolt file: two meta pages, of which the valid one with the
// higher transaction counts. Offsets are those of bbolt's file format 2.
const (
	metaOffset   = 16 // after the page's own header
	metaLength   = 64
	metaChecksum = 56
	metaPages    = 40
	metaTxID     = 48
	metaPageSize = 8
	boltMagic    = 0xED0CDAED
)

// checkLength refuses a file that is shorter than its own meta page says:
// bbolt would map it and fault on the first page that is missing. A file that is
// not there is fine. An empty one is not: bbolt would begin anew in it.
func checkLength(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	want, err := metaSize(f)
	if err != nil {
		return err
	}
	if want == 0 {
		return fmt.Errorf("%w: %s does not begin like a file of peerfy", ErrDamaged, filepath.Base(path))
	}
	if info.Size() < want {
		return fmt.Errorf("%w: %s has %d bytes of %d", ErrDamaged, filepath.Base(path), info.Size(), want)
	}
	return nil
}

// metaSize is the length in bytes that the newer valid meta page states, 0 when
// there is none.
func metaSize(r io.ReaderAt) (size int64, err error) {
	size, _, err = readMetas(r)
	return size, err
}

// readMetas is the length that the newer valid meta page states, and how many of
// the two are valid. One may be torn after a power cut, until the next commit
// takes its place.
func readMetas(r io.ReaderAt) (size int64, valid int, err error) {
	var newest uint64
	pageSize := int64(os.Getpagesize())
	for i := range int64(2) {
		var m [metaLength]byte
		if _, err := r.ReadAt(m[:], i*pageSize+metaOffset); err != nil {
			if errors.Is(err, io.EOF) {
				continue
			}
			return 0, 0, err
		}
		sum := fnv.New64a()
		sum.Write(m[:metaChecksum])
		le := binary.LittleEndian
		if le.Uint32(m[:]) != boltMagic || le.Uint64(m[metaChecksum:]) != sum.Sum64() {
			continue
		}
		valid++
		pages, txid := le.Uint64(m[metaPages:]), le.Uint64(m[metaTxID:])
		if size == 0 || txid > newest {
			newest, size = txid, int64(pages)*int64(le.Uint32(m[metaPageSize:]))
		}
	}
	return size, valid, nil
}

// layout sees that the pages of a file lie one behind the other. bbolt's own
// check cannot be guarded and believes what a page says of its length, so this
// runs before it. Nobody may write meanwhile.
func layout(tx *bolt.Tx) error {
	pages := int(tx.Size()) / tx.DB().Info().PageSize
	for id := 0; id < pages; {
		p, err := tx.Page(id)
		switch {
		case err != nil:
			return err
		case p == nil || p.OverflowCount < 0 || p.OverflowCount >= pages-id && p.Type != "free":
			return damaged("page %d reaches beyond the end", id)
		case p.Type == "free":
			id++
		case p.Type == "meta" && id < 2, p.Type == "branch", p.Type == "leaf", p.Type == "freelist":
			id += 1 + p.OverflowCount
		default:
			return damaged("page %d is of no known kind", id)
		}
	}
	return nil
}

// dropCache asks the kernel to forget the file's clean pages. It is a hint: a
// file system that ignores it leaves us where we were.
func dropCache(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
