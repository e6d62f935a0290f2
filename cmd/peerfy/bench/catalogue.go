package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/search"
	"p2p.legal/peerfy/store/storetest"
)

// catalogue is the folder of the large co-operative; its name holds its size.
func (b *bench) catalogue() string {
	return filepath.Join(b.dir, fmt.Sprintf("releases-%d", b.releases))
}

// usable reports whether the large catalogue was finished, by a program that
// wrote what this one reads.
func (b *bench) usable(done string) bool {
	if _, err := os.Stat(done); err != nil {
		return false
	}
	db, err := store.Open(b.catalogue(), store.Options{ReadOnly: true})
	if err != nil {
		return false
	}
	defer db.Close()
	releases, _, _, err := db.Totals()
	return err == nil && releases == b.releases
}

// prepare makes the large catalogue and its search index, once: a finished one
// is found again by the next run.
func (b *bench) prepare(ctx context.Context) error {
	done := filepath.Join(b.catalogue(), "complete")
	if b.usable(done) {
		return nil
	}
	if err := errors.Join(os.RemoveAll(b.catalogue()), os.MkdirAll(b.catalogue(), 0o700)); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "making a catalogue of %d releases in %s, once\n", b.releases, b.catalogue())
	c, err := storetest.Create(b.catalogue())
	if err != nil {
		return err
	}
	if err := errors.Join(storetest.Fill(c, b.releases), writeKeys(c), c.DB.Close()); err != nil {
		return err
	}
	began := time.Now()
	err = b.withIndex(ctx, func(*store.DB, *search.Index) error { return nil })
	fmt.Fprintf(os.Stderr, "search index built in %s\n", time.Since(began).Round(time.Second))
	if err != nil {
		return err
	}
	return os.WriteFile(done, nil, 0o600)
}

// writeKeys leaves the keys that `peerfy serve` needs.
func writeKeys(c *storetest.Coop) error {
	keys := filepath.Join(c.Dir, "keys")
	return errors.Join(os.MkdirAll(keys, 0o700),
		os.WriteFile(filepath.Join(keys, "log"), []byte(c.Keys.Log.Secret+"\n"), 0o600),
		os.WriteFile(filepath.Join(keys, "fresh"), []byte(c.Keys.Fresh.Secret+"\n"), 0o600))
}

// withIndex opens the large catalogue and waits until all of it can be searched.
func (b *bench) withIndex(ctx context.Context, f func(*store.DB, *search.Index) error) error {
	db, err := store.Open(b.catalogue(), store.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	x, err := search.Open(filepath.Join(b.catalogue(), "search"), db, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer x.Close()
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		if ready, covered, _ := x.Status(); ready && covered == db.Size() {
			tick.Stop()
			return f(db, x)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// spent is the CPU time of this process so far.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
