package search_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/search"
	"p2p.legal/peerfy/store/storetest"
)

// TestFollowsTheLog adds, replaces and withdraws.
func TestFollowsTheLog(t *testing.T) {
	s := open(t)
	id := s.Add(t, storetest.Work{Title: "Nouvelle arrivée", NoCover: true})
	s.update(t)
	if titles, _ := s.find(t, search.Query{Text: "arrivee"}); !slices.Equal(titles, []string{"Nouvelle arrivée"}) {
		t.Errorf("a new work: %q", titles)
	}
	s.Add(t, storetest.Work{Title: "Nouvelle arrivée, deuxième version", Replaces: id, NoCover: true})
	s.update(t)
	if titles, r := s.find(t, search.Query{Text: "arrivee"}); !slices.Equal(titles, []string{"Nouvelle arrivée, deuxième version"}) || r.Total != 1 {
		t.Errorf("after its second version: %q", titles)
	}
	if err := s.Withdraw(s.ids["La nuit"], "dispute"); err != nil {
		t.Fatal(err)
	}
	if titles, _ := s.find(t, search.Query{Text: "nuit"}); slices.Contains(titles, "La nuit") {
		t.Errorf("withdrawn and not yet indexed: %q", titles)
	}
	s.update(t)
	if titles, r := s.find(t, search.Query{Text: "nuit"}); slices.Contains(titles, "La nuit") || r.Total != 2 {
		t.Errorf("withdrawn: %q of %d", titles, r.Total)
	}
}

// TestNoticesByItself sees a search alone make the index follow.
func TestNoticesByItself(t *testing.T) {
	s := open(t)
	s.Add(t, storetest.Work{Title: "Nouvelle arrivée", NoCover: true})
	size := s.DB.Size()
	for {
		if _, r := s.find(t, search.Query{Text: "arrivee"}); r.Total == 1 {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("the index never followed")
		}
	}
	s.update(t)
	if _, covered, _ := s.index.Status(); covered != size {
		t.Errorf("it covers %d of %d", covered, size)
	}
}

// TestKeepsAndRebuilds opens the index again: of the same log, of a longer one,
// of another one, and damaged.
func TestKeepsAndRebuilds(t *testing.T) {
	s := open(t)
	closeIndex := func() {
		if err := s.index.Close(); err != nil {
			t.Fatal(err)
		}
	}
	reopen := func() {
		s.index = openIndex(t, s.dir, s.DB, nil)
		s.update(t)
	}
	closeIndex()
	kept := one(t, s.dir)
	reopen()
	if got := one(t, s.dir); got != kept {
		t.Errorf("an index that fits was built again: %s, %s", kept, got)
	}
	closeIndex()
	s.Add(t, storetest.Work{Title: "Nouvelle arrivée", NoCover: true})
	reopen()
	if titles, _ := s.find(t, search.Query{Text: "arrivee"}); len(titles) != 1 || one(t, s.dir) != kept {
		t.Errorf("a longer log: %q", titles)
	}
	closeIndex()
	if err := os.MkdirAll(filepath.Join(s.dir, "build-left"), 0o700); err != nil {
		t.Fatal(err)
	}
	other := open(t)
	other.Add(t, storetest.Work{Title: "Ailleurs", NoCover: true})
	s.Coop = other.Coop
	reopen()
	if titles, _ := s.find(t, search.Query{Text: "ailleurs"}); len(titles) != 1 || one(t, s.dir) == kept {
		t.Errorf("another log of the same length: %q", titles)
	}
	closeIndex()
	reopen()
}

// one is the only thing in a folder.
func one(t *testing.T, dir string) string {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Fatalf("the folder holds %v, %v", left, err)
	}
	return left[0].Name()
}

// TestDamagedFiles damages every file of a closed index in several ways. The
// next run must answer as if nothing had been.
func TestDamagedFiles(t *testing.T) {
	s := open(t)
	if err := s.index.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"root.bolt", "*.zap"} {
		for how, change := range map[string]func(b []byte) []byte{
			"cut in half": func(b []byte) []byte { return b[:len(b)/2] },
			"emptied":     func(b []byte) []byte { return nil },
			"overwritten": func(b []byte) []byte {
				copy(b[len(b)/4:], bytes.Repeat([]byte{0xa5}, len(b)/2))
				return b
			},
			"cut to 3 bytes": func(b []byte) []byte { return b[:3] },
		} {
			paths, err := filepath.Glob(filepath.Join(s.dir, one(t, s.dir), name))
			if err != nil || len(paths) == 0 {
				t.Fatal(paths, err)
			}
			b, err := os.ReadFile(paths[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(paths[0], change(b), 0o600); err != nil {
				t.Fatal(err)
			}
			x, err := search.Open(s.dir, s.DB, nil)
			if err != nil {
				t.Fatalf("%s %s: %v", name, how, err)
			}
			r, err := x.Search(t.Context(), search.Query{Text: "nuit"})
			if err != nil || r.Total != 3 {
				t.Errorf("%s %s: %d found, %v", name, how, r.Total, err)
			}
			if err := x.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestSearchesWhileUpdating(t *testing.T) {
	s := open(t)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				r, err := s.index.Search(context.Background(), search.Query{Text: "aurore"})
				if err != nil || len(r.IDs) < 2 {
					t.Errorf("%d found, %v", len(r.IDs), err)
					return
				}
			}
		})
	}
	for i := range 8 {
		id := s.Add(t, storetest.Work{Title: fmt.Sprintf("Passage %d", i), NoCover: true})
		s.update(t)
		if i%2 == 0 {
			if err := s.Withdraw(id, "mistake"); err != nil {
				t.Error(err)
			}
			s.update(t)
		}
	}
	close(done)
	readers.Wait()
	if _, r := s.find(t, search.Query{Text: "passage"}); r.Total != 4 {
		t.Errorf("%d found at the end, wanted 4", r.Total)
	}
}

// slow is a source of many entries whose releases come when they may.
type slow struct {
	*store.DB
	gate chan struct{}
}

func (slow) Size() int64                        { return 1_000_000 }
func (slow) StateAt(size int64) (string, error) { return fmt.Sprint(size, " slow"), nil }

func (s slow) Walk(ctx context.Context, from int64, fn func(id, artist string, index int64, m *catalog.Manifest) error) error {
	select {
	case <-s.gate:
		return s.DB.Walk(ctx, from, fn)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestNotReady(t *testing.T) {
	c := storetest.New(t)
	c.Add(t, storetest.Work{NoCover: true})
	src := slow{c.DB, make(chan struct{})}
	x := openIndex(t, t.TempDir(), src, nil)
	if _, err := x.Search(t.Context(), search.Query{Text: "aurore"}); !errors.Is(err, search.ErrNotReady) {
		t.Errorf("before it is built: %v", err)
	}
	close(src.gate)
	if err := x.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := x.Search(t.Context(), search.Query{Text: "aurore"}); err != nil || r.Total != 1 {
		t.Errorf("when it is built: %+v, %v", r, err)
	}
	// Closing ends a build that is under way.
	src.gate = make(chan struct{})
	y := openIndex(t, t.TempDir(), src, nil)
	if err := y.Close(); err != nil {
		t.Error(err)
	}
}

func TestEmptyCatalogue(t *testing.T) {
	c := storetest.New(t)
	x := openIndex(t, t.TempDir(), c.DB, nil)
	if r, err := x.Search(t.Context(), search.Query{Text: "aurore"}); err != nil || r.Total != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	c.Add(t, storetest.Work{NoCover: true})
	if err := x.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := x.Search(t.Context(), search.Query{Text: "aurore"}); err != nil || r.Total != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}
