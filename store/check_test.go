package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/storetest"
)

// TestCheckNamesWhatIsWrong spoils one thing at a time.
func TestCheckNamesWhatIsWrong(t *testing.T) {
	for _, x := range []struct {
		name  string
		spoil func(c *storetest.Coop, id string) error
		says  string
	}{
		{"an entry", func(c *storetest.Coop, _ string) error {
			raw, _, err := c.DB.Entry(1)
			return errors.Join(err, c.DB.Spoil("log", key(1), bytes.Replace(raw, []byte("Les"), []byte("Des"), 1)))
		}, "entry 1: its stored hashes"},
		{"an entry gone", func(c *storetest.Coop, _ string) error { return c.DB.Spoil("log", key(1), nil) }, "entry 1 is missing"},
		{"a stored hash", func(c *storetest.Coop, _ string) error { return c.DB.Spoil("hashes", key(0), make([]byte, 32)) }, "entry 0: its stored hashes"},
		{"the checkpoint", func(c *storetest.Coop, _ string) error {
			return c.DB.Spoil("meta", "checkpoint", bytes.Replace(c.DB.Checkpoint(), []byte("\n4\n"), []byte("\n3\n"), 1))
		}, "the checkpoint: "},
		{"the charter's place", func(c *storetest.Coop, _ string) error { return c.DB.Spoil("meta", "charter", []byte(key(1))) }, "the charter in force"},
		{"a card", func(c *storetest.Coop, _ string) error { return c.DB.Spoil("cards", "", []byte("?")) }, `of "cards" are not what follows`},
		{"the index of files", func(c *storetest.Coop, _ string) error { return c.DB.Spoil("holders", "", make([]byte, 9)) }, `of "holders" are not what follows`},
		{"the standing entries", func(c *storetest.Coop, _ string) error { return c.DB.Spoil("stands", "", nil) }, `of "stands" are not what follows`},
		{"an opening", func(c *storetest.Coop, _ string) error {
			_, err := c.Open("2026-12")
			return errors.Join(err, c.DB.Spoil("openings", "2026-12", []byte{4, 1}))
		}, `of "openings" are not what follows`},
		{"an opening nobody signed", func(c *storetest.Coop, _ string) error {
			return c.DB.Spoil("openings", "2026-12", []byte{1, 0})
		}, `of "openings" are not what follows`},
		{"a month's keys", func(c *storetest.Coop, _ string) error {
			_, err := c.Open("2026-12")
			return errors.Join(err, c.DB.Spoil("monthkeys", "", nil))
		}, `of "monthkeys" are not what follows`},
		{"a manifest", func(c *storetest.Coop, id string) error {
			b, err := c.DB.ManifestBytes(id)
			return errors.Join(err, c.DB.Spoil("manifests", id, bytes.ToUpper(b)))
		}, "its manifest is missing or not the one"},
		{"a manifest gone", func(c *storetest.Coop, id string) error { return c.DB.Spoil("manifests", id, nil) }, "its manifest is missing"},
		{"a manifest too many", func(c *storetest.Coop, _ string) error {
			return c.DB.Spoil("manifests", "aaaaaaaaaaaaaaaaaaaa", []byte("{}"))
		}, "no entry in the log"},
		{"a torrent gone", func(c *storetest.Coop, _ string) error { return c.DB.Spoil("infos", "", nil) }, "its torrent"},
		{"a torrent", func(c *storetest.Coop, _ string) error { return c.DB.Spoil("infos", "", []byte("de")) }, "torrent "},
		{"a void mark", func(c *storetest.Coop, _ string) error { return c.DB.Spoil("voids", key(1), []byte("because")) }, "entry 1: it is void for"},
		{"a file gone", func(c *storetest.Coop, id string) error { return os.Remove(master(c, id)) }, ".flac\" ("},
		{"a file cut", func(c *storetest.Coop, id string) error { return os.Truncate(master(c, id), 3) }, "has 3 bytes"},
		{"a file's byte", func(c *storetest.Coop, id string) error { return flip(master(c, id)) }, "holds other bytes"},
		{"a file too many", func(c *storetest.Coop, _ string) error {
			return os.WriteFile(filepath.Join(c.Dir, "objects", "tmp", "stranger"), nil, 0o600)
		}, "no visible work needs this file"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := storetest.New(t)
			id := c.Add(t, storetest.Work{Payees: []string{"marie"}})
			if err := x.spoil(c, id); err != nil {
				t.Fatal(err)
			}
			if err := c.DB.Close(); err != nil {
				t.Fatal(err)
			}
			problems, err := store.Check(t.Context(), c.Dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			var lines strings.Builder
			for _, p := range problems {
				lines.WriteString(p.String() + "\n")
			}
			if !strings.Contains(lines.String(), x.says) {
				t.Errorf("Check says %q, wanted %q", lines.String(), x.says)
			}
		})
	}
}

// key is the key of an entry.
func key(i byte) string { return string([]byte{0, 0, 0, 0, 0, 0, 0, i}) }

func master(c *storetest.Coop, id string) string {
	m, err := c.DB.Manifest(id)
	if err != nil {
		return err.Error()
	}
	name := m.Tracks[0].Master.Root.String()
	return filepath.Join(c.Dir, "objects", name[:2], name)
}

func flip(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b[len(b)/2] ^= 1
	return os.WriteFile(path, b, 0o600)
}

func TestCheckCanBeCalledOff(t *testing.T) {
	dir, _ := small(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Check(ctx, dir, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.check")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

func TestCheckShowsProgress(t *testing.T) {
	dir, _ := small(t)
	seen := map[string]int64{}
	problems, err := store.Check(t.Context(), dir, func(part string, done, total int64) {
		if done > total || done < seen[part] {
			t.Errorf("%s: %d of %d after %d", part, done, total, seen[part])
		}
		seen[part] = done
	})
	if err != nil || len(problems) > 0 || seen["log"] == 0 || seen["files"] == 0 {
		t.Errorf("%v %v %v", seen, problems, err)
	}
}

// TestRebuild spoils derived records and has them made anew.
func TestRebuild(t *testing.T) {
	c := storetest.New(t)
	c.Add(t, storetest.Work{Payees: []string{"marie"}})
	if _, err := c.Open("2026-12"); err != nil {
		t.Fatal(err)
	}
	says := everything(t, c.DB)
	for bucket, k := range map[string]string{"cards": "", "rows": "", "names": "marie", "down": "x", "holders": "", "stands": "", "openings": "", "monthkeys": ""} {
		if err := c.DB.Spoil(bucket, k, []byte("?")); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Rebuild(c.Dir); err != nil {
		t.Fatal(err)
	}
	c.DB = open(t, c.Dir)
	if got := everything(t, c.DB); got != says {
		t.Error("it says something else after the rebuild")
	}
	sound(t, c)
}

// TestOtherVersions opens what other versions of the program have written.
func TestOtherVersions(t *testing.T) {
	c := storetest.New(t)
	c.Add(t, storetest.Work{})
	says := everything(t, c.DB)
	// An interrupted rebuild, or derived records of another version.
	if err := errors.Join(c.DB.Spoil("meta", "derived", []byte{0}), c.DB.Spoil("cards", "", nil)); err != nil {
		t.Fatal(err)
	}
	if err := c.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(c.Dir, store.Options{ReadOnly: true}); !errors.Is(err, store.ErrSchema) {
		t.Errorf("read only: %v", err)
	}
	c.DB = open(t, c.Dir)
	if everything(t, c.DB) != says {
		t.Error("it says something else")
	}
	if err := c.DB.Spoil("meta", "schema", []byte{99}); err != nil {
		t.Fatal(err)
	}
	if err := c.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(c.Dir, store.Options{}); !errors.Is(err, store.ErrSchema) {
		t.Errorf("another schema: %v", err)
	}
	if _, err := store.Check(t.Context(), c.Dir, nil); !errors.Is(err, store.ErrSchema) {
		t.Errorf("checking another schema: %v", err)
	}
}

func open(t *testing.T, dir string) *store.DB {
	t.Helper()
	db, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// TestScrub sees that a withdrawn title is in no byte of the file afterwards.
func TestScrub(t *testing.T) {
	c := storetest.New(t)
	const title = "Unmistakable Title Of A Withdrawn Work"
	id := c.Add(t, storetest.Work{Title: title})
	c.Add(t, storetest.Work{})
	if err := c.Withdraw(id, "right-holder"); err != nil {
		t.Fatal(err)
	}
	says := everything(t, c.DB)
	if err := c.DB.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(c.Dir, "peerfy.db")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(before, []byte(title)) {
		t.Log("no free page holds the title any more; the test shows little")
	}
	if err := store.Scrub(c.Dir); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil || bytes.Contains(after, []byte(title)) {
		t.Errorf("the title is still in the file (%v)", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	c.DB = open(t, c.Dir)
	if everything(t, c.DB) != says {
		t.Error("it says something else")
	}
	sound(t, c)
}

// TestInterruptedWithdrawal leaves a file behind, as a crash right after the
// commit would, and sees the next Open finish the work.
func TestInterruptedWithdrawal(t *testing.T) {
	c := storetest.New(t)
	id := c.Add(t, storetest.Work{})
	path := master(c, id)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.DB.Manifest(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Withdraw(id, "court"); err != nil {
		t.Fatal(err)
	}
	root := m.Tracks[0].Master.Root
	if err := errors.Join(os.WriteFile(path, content, 0o600), c.DB.Spoil("drops", string(root[:]), []byte{})); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "objects", "tmp", "object-1"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	reopen(t, c)
	if c.DB.HasObject(root) {
		t.Error("the file is still here")
	}
	sound(t, c)
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x01a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		store.DecodeRecords(b)
		if again, ok := store.CardRoundTrip(b); ok {
			if third, ok := store.CardRoundTrip(again); !ok || !bytes.Equal(again, third) {
				t.Error("a card does not survive a round trip")
			}
		}
	})
}
