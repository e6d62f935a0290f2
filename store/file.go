package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"golang.org/x/sys/unix"
)

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

// openBolt opens a bbolt file, after a look at its length.
func openBolt(path string, opts Options) (*bolt.DB, error) {
	if err := checkLength(path); err != nil {
		return nil, err
	}
	wait := opts.Wait
	if wait == 0 {
		wait = time.Second
	}
	var b *bolt.DB
	err := guard(func() (err error) {
		b, err = bolt.Open(path, 0o600, &bolt.Options{
			Timeout: wait, ReadOnly: opts.ReadOnly, FreelistType: bolt.FreelistMapType,
		})
		return err
	})
	switch {
	case err == nil:
		return b, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, ErrLocked
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil, err
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
		return fmt.Errorf("%w: %s does not begin like a catalogue", ErrDamaged, fileName)
	}
	if info.Size() < want {
		return fmt.Errorf("%w: %s has %d bytes of %d", ErrDamaged, fileName, info.Size(), want)
	}
	return nil
}

// metaSize is the length in bytes that the newer valid meta page states, 0 when
// there is none.
func metaSize(r io.ReaderAt) (size int64, err error) {
	var newest uint64
	pageSize := int64(os.Getpagesize())
	for i := range int64(2) {
		var m [metaLength]byte
		if _, err := r.ReadAt(m[:], i*pageSize+metaOffset); err != nil {
			if errors.Is(err, io.EOF) {
				continue
			}
			return 0, err
		}
		sum := fnv.New64a()
		sum.Write(m[:metaChecksum])
		le := binary.LittleEndian
		if le.Uint32(m[:]) != boltMagic || le.Uint64(m[metaChecksum:]) != sum.Sum64() {
			continue
		}
		pages, txid := le.Uint64(m[metaPages:]), le.Uint64(m[metaTxID:])
		if size == 0 || txid > newest {
			newest, size = txid, int64(pages)*int64(le.Uint32(m[metaPageSize:]))
		}
	}
	return size, nil
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
