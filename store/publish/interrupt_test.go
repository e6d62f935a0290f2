package publish_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"p2p.legal/peerfy/store/publish"
)

type syncWriter struct {
	mu sync.Mutex
	w  *strings.Builder
}

func (s *syncWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

// Whoever waits sees every step come to its end, and never go back.
func TestProgress(t *testing.T) {
	bundle(t)
	ended := map[string]bool{}
	var steps []string
	var last report
	for i, r := range shared.progress {
		if r.step != last.step {
			if i > 0 && last.done != last.total {
				t.Errorf("%s ended at %d of %d", last.step, last.done, last.total)
			}
			if ended[r.step] {
				t.Errorf("%s began again", r.step)
			}
			ended[last.step] = true
			steps = append(steps, r.step)
			last = report{r.step, 0, r.total}
		}
		if r.done < last.done || r.total != last.total || r.done > r.total {
			t.Errorf("%s: %d of %d after %d of %d", r.step, r.done, r.total, last.done, last.total)
		}
		last = r
	}
	want := "looking into the files, making the masters, making the renditions, building the torrents, verifying the bundle"
	if strings.Join(steps, ", ") != want || last.done != last.total {
		t.Errorf("steps: %s; last %+v", strings.Join(steps, ", "), last)
	}
}

// Stopped by its caller it says so, and the next call goes on.
func TestCancelled(t *testing.T) {
	t.Parallel()
	co, dir := newCoop(t), album(t)
	out := filepath.Join(t.TempDir(), "out")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := co.config
	c.Progress = func(step string, done, _ int64) {
		if step == "making the renditions" && done > 0 {
			cancel()
		}
	}
	if _, err := publish.Make(ctx, dir, out, c, co.artist.signer); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped: %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Fatal("something stands at the destination")
	}
	if found := resume(t, co, dir, out); found < 2 {
		t.Errorf("%d files were found finished: not even the masters", found)
	}
}

// What would be refused after hours is refused before.
func TestMakeRefusesEarly(t *testing.T) {
	co := newCoop(t)
	dir, there := folder(t, nil), t.TempDir()
	for _, c := range []struct {
		name, out, want string
		change          func(c *publish.Config)
		by              party
	}{
		{"no charter", "new", "no charter is known", func(c *publish.Config) { c.Charter = nil }, co.artist},
		{"another's key", "new", `the key "les-veilleurs" is not that of les-veilleurs`, func(*publish.Config) {}, newParty(t, "les-veilleurs")},
		{"another's entry", "new", "the artist's entry is not that of \"x\"", func(c *publish.Config) { c.Artist.Slug = "x" }, co.artist},
		{"no entry", "new", "", func(c *publish.Config) { c.ArtistEntry = nil }, co.artist},
		{"something there", ".", "exists already and is left as it is", func(*publish.Config) {}, co.artist},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := co.config
			c.change(&config)
			_, err := publish.Make(t.Context(), dir, filepath.Join(there, c.out), config, c.by.signer)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Error(err)
			}
			if left := tree(t, there); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
	if _, err := publish.Make(t.Context(), dir, there, co.config, co.artist.signer); !errors.Is(err, publish.ErrExists) {
		t.Error(err)
	}
}
