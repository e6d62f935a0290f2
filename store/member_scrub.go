package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

const scrubSuffix = ".scrub"

// Scrub writes the members' file anew, in the order of keys and without the
// pages that hold nothing any more: what was dropped, and what tells in which
// order things were written, is then no longer in it. It needs as much free
// space as the file has bytes; others wait. An interrupted Scrub leaves the old
// file as it was. The old file's blocks are given back to the file system; what
// a disk keeps of them is beyond it. Repeating it changes nothing.
//
// Errors: ErrReadOnly, ErrUnsure, ErrDamaged, or the operating system's; unless
// it is ErrUnsure, the file is open as before.
func (m *Members) Scrub() error {
	m.writing.Lock()
	defer m.writing.Unlock()
	if err := m.writable(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.missing(); err != nil {
		return err
	}
	var fresh *bolt.DB
	err := guard(func() (err error) {
		fresh, err = compacted(m.bolt, m.name+scrubSuffix)
		return err
	})
	if err != nil {
		return errors.Join(fmt.Errorf("scrubbing: %w", err), os.RemoveAll(m.name+scrubSuffix))
	}
	return m.replace(fresh)
}

// compacted copies what a file holds to a new one and returns that one, open and
// so locked. The error leaves nothing open.
func compacted(from *bolt.DB, name string) (*bolt.DB, error) {
	if err := os.RemoveAll(name); err != nil {
		return nil, err
	}
	to, err := openBolt(name, Options{})
	if err != nil {
		return nil, err
	}
	err = guard(func() error { return errors.Join(bolt.Compact(to, from, 1<<20), to.Sync()) })
	if err != nil {
		return nil, errors.Join(err, guard(to.Close))
	}
	return to, nil
}

// replace lets the fresh file take the name and the place of the old one. Both
// are locked meanwhile, so that there is no moment for another process. The
// caller holds m.writing and m.mu.
func (m *Members) replace(fresh *bolt.DB) error {
	if err := os.Rename(m.name+scrubSuffix, m.name); err != nil {
		return errors.Join(fmt.Errorf("scrubbing: %w", err), guard(fresh.Close), os.RemoveAll(m.name+scrubSuffix))
	}
	old := m.bolt
	m.bolt = fresh
	if err := errors.Join(syncFolder(filepath.Dir(m.name)), guard(old.Close)); err != nil {
		m.unsure = fmt.Errorf("%w: scrubbing: %w", ErrUnsure, err)
		return m.unsure
	}
	return nil
}
