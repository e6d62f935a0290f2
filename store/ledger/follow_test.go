package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"p2p.legal/peerfy/store/ledger"
)

// tiles serves a log, and lets a test stand between.
type tiles struct {
	from   ledger.TileReader
	read   map[string]int
	change func(path string, b []byte, err error) ([]byte, error)
}

func (s *tiles) ReadTile(path string) ([]byte, error) {
	if s.read == nil {
		s.read = make(map[string]int)
	}
	s.read[path]++
	b, err := s.from.ReadTile(path)
	if s.change != nil {
		return s.change(path, b, err)
	}
	return b, err
}

func follower(t testing.TB, s ledger.TileReader) ledger.Follower {
	return ledger.Follower{Source: "source.example", Origin: origin, Verifier: logKey(t).verifier, Tiles: s}
}

// collect follows and returns what came, checking the indexes.
func collect(f ledger.Follower, held, next []byte, first int64) (entries [][]byte, c ledger.Checkpoint, err error) {
	c, err = f.Follow(held, next, func(index int64, raw []byte) error {
		if want := first + int64(len(entries)); index != want {
			return fmt.Errorf("index %d, want %d", index, want)
		}
		entries = append(entries, bytes.Clone(raw))
		return nil
	})
	return entries, c, err
}

// A mirror that follows from any size to any other holds the same log.
func TestFollow(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	sizes := []int{0, 1, 255, 256, 257, 511, 512, 513, 700}
	for range 6 {
		sizes = append(sizes, r.IntN(700))
	}
	slices.Sort(sizes)
	m := ledger.NewMemory(origin, nil)
	var held []byte
	var have [][]byte
	for _, size := range sizes {
		grow(t, m, size, "leaf")
		next := signed(t, m)
		got, c, err := collect(follower(t, m), held, next, int64(len(have)))
		if err != nil {
			t.Fatalf("to size %d: %v", size, err)
		}
		have = append(have, got...)
		if c != head(t, m) || len(have) != size || slowRoot(have) != c.Root {
			t.Fatalf("at size %d: %+v, %d entries", size, c, len(have))
		}
		held = next
	}
}

// What has been pulled before is not pulled again, but for the bundle at the edge.
func TestFollowReadsLittle(t *testing.T) {
	m := testLog(t, 10*256+3)
	held := signed(t, m)
	grow(t, m, 10*256+5, "leaf")
	s := &tiles{from: m}
	if _, _, err := collect(follower(t, s), held, signed(t, m), 10*256+3); err != nil {
		t.Fatal(err)
	}
	want := []string{"tile/0/010.p/5", "tile/1/000.p/10", "tile/entries/010.p/5"}
	if got := slices.Sorted(maps.Keys(s.read)); !slices.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	for path, n := range s.read {
		if n != 1 {
			t.Errorf("%s was read %d times", path, n)
		}
	}
}

// A partial tile that is gone is replaced by the full one.
func TestFollowFullTiles(t *testing.T) {
	m := testLog(t, 300)
	next := signed(t, m)
	grow(t, m, 70000, "leaf")
	s := &tiles{from: m, change: func(path string, b []byte, err error) ([]byte, error) {
		if strings.Contains(path, ".p/") {
			return nil, errors.New("gone")
		}
		return b, err
	}}
	got, c, err := collect(follower(t, s), nil, next, 0)
	if err != nil || len(got) != 300 || slowRoot(got) != c.Root {
		t.Errorf("%d entries, %v", len(got), err)
	}
}

// The log goes on under another key of the same name, as a charter's succession
// says: what is held was signed by the old one.
func TestFollowSuccession(t *testing.T) {
	m := testLog(t, 300)
	held := signed(t, m)
	grow(t, m, 310, "leaf")
	heir := testKey(t, origin, 55)
	next := mustSign(t, head(t, m), heir)
	f := follower(t, m)
	if _, _, err := collect(f, held, next, 300); err == nil {
		t.Error("the new key was followed before it was in force")
	}
	f.Verifier = heir.verifier
	if got, _, err := collect(f, held, next, 300); err != nil || len(got) != 10 {
		t.Errorf("%d entries, %v", len(got), err)
	}
	_, _, err := collect(f, held, signed(t, m), 300)
	wantAlarm(t, err, "not signed", signed(t, m))
}

// wantAlarm wants a SecurityError that names the source and holds the evidence.
func wantAlarm(t *testing.T, err error, reason string, evidence ...[]byte) {
	t.Helper()
	alarm, ok := errors.AsType[*ledger.SecurityError](err)
	if !ok || alarm.Source != "source.example" || !strings.Contains(alarm.Reason, reason) {
		t.Fatalf("%v, want a security error with %q", err, reason)
	}
	if text := err.Error(); !strings.Contains(text, "SECURITY: source.example: ") {
		t.Errorf("%q does not say so aloud", text)
	}
	if len(alarm.Evidence) < len(evidence) {
		t.Fatalf("%d pieces of evidence", len(alarm.Evidence))
	}
	for i, e := range evidence {
		if !bytes.Equal(alarm.Evidence[i], e) {
			t.Errorf("evidence %d is %q, want %q", i, alarm.Evidence[i], e)
		}
	}
}

func TestFollowFork(t *testing.T) {
	for _, size := range []int{1, 5, 256, 300} {
		honest, cheat := testLog(t, size), ledger.NewMemory(origin, nil)
		held := signed(t, honest)
		grow(t, cheat, size, "another")
		next := signed(t, cheat)
		_, _, err := collect(follower(t, cheat), held, next, int64(size))
		wantAlarm(t, err, "second history", held, next)

		grow(t, cheat, size+300, "leaf")
		next = signed(t, cheat)
		got, _, err := collect(follower(t, cheat), held, next, int64(size))
		wantAlarm(t, err, "second history", held, next)
		if len(got) != 0 {
			t.Errorf("%d entries of a fork were handed over", len(got))
		}
	}
}

func TestFollowRollback(t *testing.T) {
	m := testLog(t, 5)
	old := signed(t, m)
	grow(t, m, 7, "leaf")
	held := signed(t, m)
	_, _, err := collect(follower(t, m), held, old, 7)
	wantAlarm(t, err, "rollback from size 7 to 5", held, old)
}

func TestFollowUnsigned(t *testing.T) {
	m := testLog(t, 5)
	for name, msg := range map[string][]byte{
		"another key":    mustSign(t, head(t, m), testKey(t, origin, 77)),
		"another origin": mustSign(t, ledger.Checkpoint{Origin: "x", Size: 1}, logKey(t)),
		"altered":        bytes.Replace(signed(t, m), []byte("\n5\n"), []byte("\n4\n"), 1),
	} {
		_, _, err := collect(follower(t, m), nil, msg, 0)
		if _, ok := errors.AsType[*ledger.SecurityError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A page of some gateway is no evidence of anything.
	_, _, err := collect(follower(t, m), nil, []byte("<html>502</html>"), 0)
	if !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("no checkpoint: %v", err)
	}
	if _, ok := errors.AsType[*ledger.SecurityError](err); ok {
		t.Errorf("no checkpoint: %v", err)
	}
	if _, _, err := collect(follower(t, m), []byte("x"), signed(t, m), 0); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("held is no checkpoint: %v", err)
	}
	other := mustSign(t, ledger.Checkpoint{Origin: "x", Size: 1}, logKey(t))
	if _, _, err := collect(follower(t, m), other, signed(t, m), 0); err == nil {
		t.Error("held is of another log")
	}
}

func mustSign(t *testing.T, c ledger.Checkpoint, k key) []byte {
	t.Helper()
	msg, err := ledger.SignCheckpoint(c, k)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// Whatever byte of whatever tile is altered, cut off or added, nothing false is
// handed over and the alarm is raised.
func TestFollowAlteredTiles(t *testing.T) {
	m := testLog(t, 600)
	root := head(t, m).Root
	held := signed(t, testLog(t, 300))
	next := signed(t, m)
	r := rand.New(rand.NewPCG(13, 14))
	for _, path := range []string{"tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88"} {
		for name, alter := range map[string]func(b []byte) []byte{
			"one bit":   func(b []byte) []byte { b[r.IntN(len(b))] ^= 1 << r.IntN(8); return b },
			"cut off":   func(b []byte) []byte { return b[:r.IntN(len(b))] },
			"nothing":   func([]byte) []byte { return nil },
			"all zeros": func(b []byte) []byte { return make([]byte, len(b)) },
		} {
			s := &tiles{from: m, change: func(p string, b []byte, err error) ([]byte, error) {
				if p == path {
					b = alter(b)
				}
				return b, err
			}}
			got, _, err := collect(follower(t, s), held, next, 300)
			if _, ok := errors.AsType[*ledger.SecurityError](err); !ok {
				t.Errorf("%s of %s: %v", name, path, err)
			}
			for i, raw := range got {
				if string(raw) != fmt.Sprintf("leaf %d", 300+i) {
					t.Errorf("%s of %s: handed over %q", name, path, raw)
				}
			}
		}
	}
	if head(t, m).Root != root {
		t.Fatal("the test has changed the log itself")
	}
}

// A bundle that is well-formed but holds too few entries, or others.
func TestFollowOtherBundles(t *testing.T) {
	m := testLog(t, 300)
	other := ledger.NewMemory(origin, nil)
	grow(t, other, 300, "another")
	for _, path := range []string{"tile/entries/000.p/1", "tile/entries/000.p/255"} {
		s := &tiles{from: m, change: func(p string, b []byte, err error) ([]byte, error) {
			if p == "tile/entries/000" {
				return m.ReadTile(path)
			}
			return b, err
		}}
		_, _, err := collect(follower(t, s), nil, signed(t, m), 0)
		wantAlarm(t, err, "is no bundle of 256 entries")
	}
	s := &tiles{from: m, change: func(p string, b []byte, err error) ([]byte, error) {
		if strings.HasPrefix(p, "tile/entries/") {
			return other.ReadTile(p)
		}
		return b, err
	}}
	got, _, err := collect(follower(t, s), nil, signed(t, m), 0)
	wantAlarm(t, err, "entry 0 is not the one in the tree", signed(t, m), []byte("another 0"))
	if len(got) != 0 {
		t.Errorf("%d entries were handed over", len(got))
	}
}

// A tile that cannot be had is no crime, and the next try goes on from held.
func TestFollowTilesMissing(t *testing.T) {
	m := testLog(t, 600)
	gone := errors.New("circuit closed")
	for _, path := range []string{"tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88"} {
		s := &tiles{from: m, change: func(p string, b []byte, err error) ([]byte, error) {
			if p == path {
				return nil, gone
			}
			return b, err
		}}
		_, _, err := collect(follower(t, s), nil, signed(t, m), 0)
		if _, ok := errors.AsType[*ledger.SecurityError](err); ok || !errors.Is(err, gone) || s.read[path] != 1 {
			t.Errorf("%s, asked for %d times: %v", path, s.read[path], err)
		}
	}
	full := errors.New("disk full")
	_, err := follower(t, m).Follow(nil, signed(t, m), func(int64, []byte) error { return full })
	if _, ok := errors.AsType[*ledger.SecurityError](err); ok || !errors.Is(err, full) {
		t.Errorf("an error of the caller: %v", err)
	}
}

// A source that lies about a tree it has not got cannot make us work for ever.
func TestFollowHugeTree(t *testing.T) {
	msg := mustSign(t, ledger.Checkpoint{Origin: origin, Size: ledger.MaxSize, Root: tlog.Hash{1}}, logKey(t))
	s := &tiles{from: testLog(t, 300)}
	if _, _, err := collect(follower(t, s), nil, msg, 0); err == nil {
		t.Error("followed")
	}
	if len(s.read) > 10 {
		t.Errorf("%d tiles were asked for", len(s.read))
	}
}
