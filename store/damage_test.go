package store_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/storetest"
)

// small makes a catalogue with a bit of everything and closes it. It returns
// its folder and what it says.
func small(t *testing.T) (dir, says string) {
	t.Helper()
	c := storetest.New(t)
	for i := range 4 {
		c.Add(t, storetest.Work{Title: fmt.Sprintf("Work %d", i), NoCover: true, Payees: []string{"marie"}})
	}
	c.Add(t, storetest.Work{Kind: catalog.Podcast, NoCover: true})
	if err := c.Withdraw(c.Add(t, storetest.Work{Title: "Gone", NoCover: true}), "dispute"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Open("2026-12"); err != nil {
		t.Fatal(err)
	}
	says = everything(t, c.DB)
	if err := c.DB.Close(); err != nil {
		t.Fatal(err)
	}
	return c.Dir, says
}

// everything reads all that pages read, in one string.
func everything(t *testing.T, db *store.DB) string {
	t.Helper()
	says, err := read(db)
	if err != nil {
		t.Fatal(err)
	}
	return says
}

func read(db *store.DB) (says string, err error) {
	cards, total, facets, err := db.List(store.Filter{}, store.ByTitle, 0, 1000)
	says = fmt.Sprint(string(db.Checkpoint()), cards, total, facets)
	for _, c := range cards {
		m, merr := db.Manifest(c.ID)
		artist, sleeve, serr := db.Sleeve(c.ID)
		if err = errors.Join(err, merr, serr); err != nil {
			return "", err
		}
		b, jerr := m.Format()
		holders, herr := db.Holders(m.Tracks[0].Master.Root)
		err = errors.Join(err, jerr, herr)
		says += string(b) + artist + sleeve.Title + fmt.Sprint(holders)
	}
	for i := range db.Size() {
		raw, void, eerr := db.Entry(i)
		err = errors.Join(err, eerr)
		says += string(raw) + void
	}
	for _, slug := range []string{"les-tests", "marie", "the-series"} {
		a, ok, aerr := db.Artist(slug)
		own, oerr := db.ArtistReleases(slug)
		on, perr := db.AppearsOn(slug)
		series, serr := db.Series(slug)
		err = errors.Join(err, aerr, oerr, perr, serr)
		says += fmt.Sprint(a, ok, own, on, series)
	}
	openings, err1 := db.Openings()
	return says + fmt.Sprint(openings), errors.Join(err, err1)
}

// try opens a damaged copy, reads all of it and checks it. Whatever happens, it
// must be an error or a problem, or the copy says what the original said.
func try(t *testing.T, what, dir, says string) {
	t.Helper()
	problems, checkErr := store.Check(t.Context(), dir, nil)
	if checkErr != nil && !errors.Is(checkErr, store.ErrDamaged) && !errors.Is(checkErr, store.ErrSchema) {
		t.Errorf("%s: checking: %v", what, checkErr)
	}
	db, err := store.Open(dir, store.Options{})
	if err != nil {
		if !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrSchema) {
			t.Errorf("%s: opening: %v", what, err)
		}
		return
	}
	got, err := read(db)
	if cerr := db.Close(); cerr != nil && !errors.Is(cerr, store.ErrDamaged) {
		t.Errorf("%s: closing: %v", what, cerr)
	}
	switch {
	case err != nil && !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrUnknown):
		t.Errorf("%s: reading: %v", what, err)
	case checkErr == nil && len(problems) == 0 && (err != nil || got != says):
		t.Errorf("%s: it says something else and Check has found nothing: %v", what, err)
	}
}

// damage copies the database to a folder of its own, changed by fn. The objects
// are those of the original.
func damage(t *testing.T, dir string, db []byte) string {
	t.Helper()
	to := t.TempDir()
	if err := os.Symlink(filepath.Join(dir, "objects"), filepath.Join(to, "objects")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "peerfy.db"), db, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// undamaged is the file of a small catalogue, and sees that a copy of it is
// sound.
func undamaged(t *testing.T) (dir, says string, whole []byte) {
	t.Helper()
	dir, says = small(t)
	whole, err := os.ReadFile(filepath.Join(dir, "peerfy.db"))
	if err != nil {
		t.Fatal(err)
	}
	problems, err := store.Check(t.Context(), damage(t, dir, whole), nil)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	return dir, says, whole
}

func truncations(t *testing.T, n int) {
	dir, says, whole := undamaged(t)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		length := i // the first pages byte by byte, then anywhere
		if i >= 8 {
			length = r.IntN(len(whole))
		}
		try(t, fmt.Sprintf("cut to %d bytes", length), damage(t, dir, whole[:length]), says)
	}
}

func flips(t *testing.T, n int) {
	dir, says, whole := undamaged(t)
	r := rand.New(rand.NewPCG(2, 2))
	copied := damage(t, dir, whole)
	path := filepath.Join(copied, "peerfy.db")
	for range n {
		at, bit := r.IntN(len(whole)), byte(1)<<r.IntN(8)
		whole[at] ^= bit
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		try(t, fmt.Sprintf("bit %#x of byte %d flipped", bit, at), copied, says)
		whole[at] ^= bit
	}
}

func TestTruncations(t *testing.T) { truncations(t, 40) }

func TestFlips(t *testing.T) { flips(t, 60) }

// TestDamageIsOneLine sees that what an operator reads is short.
func TestDamageIsOneLine(t *testing.T) {
	dir, _ := small(t)
	if err := os.Truncate(filepath.Join(dir, "peerfy.db"), 20_000); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(dir, store.Options{})
	if !errors.Is(err, store.ErrDamaged) || len(err.Error()) > 300 {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "peerfy.db"), []byte("this is a letter, not a catalogue"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(dir, store.Options{}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("another file: %v", err)
	}
	if err := os.Truncate(filepath.Join(dir, "peerfy.db"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(dir, store.Options{}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := store.Open(t.TempDir(), store.Options{ReadOnly: true}); !errors.Is(err, store.ErrEmpty) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := store.Check(t.Context(), t.TempDir(), nil); !errors.Is(err, store.ErrEmpty) {
		t.Errorf("checking an empty folder: %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	dir, says := small(t)
	a, err := store.Open(dir, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := store.Open(dir, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if everything(t, a) != says || everything(t, b) != says {
		t.Error("two readers read other things")
	}
	if _, err := a.Append([]byte("x"), nil, storetest.Day); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("appending: %v", err)
	}
	if err := a.PutObject(io.MultiReader(), emptyHashes(t)); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("storing a file: %v", err)
	}
}
