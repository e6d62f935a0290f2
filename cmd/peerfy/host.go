package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/metainfo"
)

// hostDB is what the editor's commands need of a co-operative's folder: its
// catalogue as a View, and writing to it. It is the database itself, or, while
// `peerfy serve` holds that, its admin socket.
type hostDB interface {
	catalog.View
	Err() error // the first failure of a View's answer, which has no room for one
	AppendAll(items []store.Item, at time.Time) ([]int64, error)
	PutObject(r io.Reader, want metainfo.Hashes) error
	PutInfo(info []byte) error
	PutStatement(release, text string, at time.Time) error
	Notices() ([]store.Notice, error)
	DropNotice(receipt string) error
	Close() error
}

// openHost opens the co-operative in dir, or reaches the process that serves it.
func openHost(dir string) (hostDB, error) {
	if remote, err := dialAdmin(adminSocket(dir)); err == nil {
		return remote, nil // first: waiting for a lock that a server holds would cost a second
	}
	db, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	return &local{DB: db}, nil
}

// openStore opens the database in dir for writing, with the log's key. It makes
// none: init does, once the keys are there.
func openStore(dir string) (*store.DB, error) {
	if !hasKey(filepath.Join(dir, "keys"), roleLog) {
		return nil, missing("peerfy init --dir "+dir+" --name NAME", "there is no co-operative in %s", dir)
	}
	db, err := store.Open(dir, store.Options{})
	if err != nil {
		return nil, storeError(dir, err)
	}
	log, err := signer(filepath.Join(dir, "keys"), roleLog)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.SetSigner(log)
	return db, nil
}

// storeError says what a person can do about a store that does not open.
func storeError(dir string, err error) error {
	switch {
	case errors.Is(err, store.ErrLocked):
		return refused("stop the other peerfy first", "%s is in use by another process: %w", dir, err)
	case errors.Is(err, store.ErrDamaged):
		return refused("restore a backup", "the database in %s is damaged: %w", dir, err)
	}
	return fmt.Errorf("opening %s: %w", dir, err)
}

// local is the database in this process, as a View.
type local struct {
	*store.DB
	failed
}

// failed keeps the first failure.
type failed struct{ err error }

func (f *failed) keep(err error) {
	if f.err == nil {
		f.err = err
	}
}

// Err is the first failure.
func (f *failed) Err() error { return f.err }

func (l *local) Artist(slug string) (catalog.ArtistRecord, bool) {
	a, ok, err := l.DB.Artist(slug)
	l.keep(err)
	return a, ok
}

func (l *local) Named(name string) (string, bool) {
	slug, ok, err := l.DB.Named(name)
	l.keep(err)
	return slug, ok
}

func (l *local) Payees() int {
	_, n, err := l.Artists(0, 0)
	l.keep(err)
	return n
}

func (l *local) Release(id string) (catalog.ReleaseRecord, bool) {
	r, ok, err := l.DB.Release(id)
	l.keep(err)
	return r, ok
}

func (l *local) StayDown(root catalog.Hash) (string, bool) {
	artist, ok, err := l.DB.StayDown(root)
	l.keep(err)
	return artist, ok
}

func (l *local) Opening(period string) (catalog.OpeningRecord, bool) {
	o, err := l.DB.Opening(period)
	if !errors.Is(err, store.ErrUnknown) {
		l.keep(err)
	}
	return o, err == nil
}

func (l *local) MonthKey(key string) (string, bool) {
	period, ok, err := l.DB.MonthKey(key)
	l.keep(err)
	return period, ok
}

func (l *local) Stands(id string) (int64, bool) {
	index, ok, err := l.DB.Stands(id)
	l.keep(err)
	return index, ok
}
