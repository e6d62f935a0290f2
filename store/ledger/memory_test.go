package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"p2p.legal/peerfy/store/ledger"
)

// counter is a judge with a memory: entries signed by the editor, their numbers
// ascending.
type counter struct {
	t       testing.TB
	last    int
	indexes []int64
	failure error
}

func (c *counter) Judge(index int64, e *ledger.Entry) error {
	if c.failure != nil {
		return c.failure
	}
	if !e.SignedBy(editorKey(c.t).verifier) {
		return &ledger.VoidError{Reason: "not signed by the editor"}
	}
	var l line
	if err := ledger.UnmarshalCanonical(e.Body, &l); err != nil {
		return &ledger.VoidError{Reason: err.Error()}
	}
	if l.Number <= c.last {
		return &ledger.VoidError{Reason: fmt.Sprintf("%d after %d", l.Number, c.last)}
	}
	c.last = l.Number
	c.indexes = append(c.indexes, index)
	return nil
}

func TestMemoryAppend(t *testing.T) {
	j := &counter{t: t}
	m := ledger.NewMemory(origin, j)
	for i := range 5 {
		index, err := m.Append(entry(t, i+1))
		if err != nil || index != int64(i) {
			t.Fatalf("%d, %v", index, err)
		}
	}
	before := head(t, m)
	unsigned, err := ledger.SignText("peerfy/release/v1\n{\"number\":9}\n", artistKey(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{
		"old number":    entry(t, 3),
		"no editor":     unsigned,
		"no entry":      []byte("x"),
		"nothing":       nil,
		"too long":      make([]byte, ledger.MaxEntry+1),
		"unknown field": bytes.Replace(entry(t, 9), []byte("number"), []byte("nombre"), 1),
	} {
		_, err := m.Append(raw)
		if _, ok := errors.AsType[*ledger.VoidError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	j.failure = errors.New("disk on fire")
	if _, err := m.Append(entry(t, 10)); !errors.Is(err, j.failure) {
		t.Errorf("a judge who cannot decide: %v", err)
	}
	if head(t, m) != before || m.Size() != 5 {
		t.Error("a refused entry has changed the log")
	}
	if _, err := m.Force(make([]byte, ledger.MaxEntry)); err != nil {
		t.Errorf("forcing the longest entry: %v", err)
	}
	if _, err := m.Force(make([]byte, ledger.MaxEntry+1)); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("forcing a long entry: %v", err)
	}
}

// Whoever replays a log, with its void entries, comes to the same state as who
// appended it, and knows which entries are void.
func TestReplay(t *testing.T) {
	j := &counter{t: t}
	m := ledger.NewMemory(origin, j)
	var want []int64
	for i := range 20 {
		if _, err := m.Append(entry(t, i+1)); err != nil {
			t.Fatal(err)
		}
		if i%5 == 0 {
			index, err := m.Force([][]byte{[]byte("x"), {}, entry(t, 1), []byte("\xff\n\n")}[i/5])
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, index)
		}
	}
	again := &counter{t: t}
	all := m.Entries()
	voids, err := ledger.Replay(0, all[:7], again)
	if err != nil {
		t.Fatal(err)
	}
	more, err := ledger.Replay(7, all[7:], again)
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for _, v := range append(voids, more...) {
		if got = append(got, v.Index); v.Reason == "" {
			t.Errorf("entry %d is void for no reason", v.Index)
		}
	}
	if !slices.Equal(got, want) || !slices.Equal(again.indexes, j.indexes) || again.last != j.last {
		t.Errorf("void %v, want %v; in force %v, want %v", got, want, again.indexes, j.indexes)
	}
	again.failure = errors.New("disk on fire")
	if _, err := ledger.Replay(0, all, again); !errors.Is(err, again.failure) {
		t.Errorf("a judge who cannot decide: %v", err)
	}
}

func TestMemoryReads(t *testing.T) {
	m := testLog(t, 300)
	for _, index := range []int64{-1, 300} {
		if _, err := m.Entry(index); !errors.Is(err, ledger.ErrNotInTree) {
			t.Errorf("entry %d: %v", index, err)
		}
	}
	if _, err := m.ReadHashes([]int64{-1}); !errors.Is(err, ledger.ErrNotInTree) {
		t.Errorf("hash -1: %v", err)
	}
	for path, size := range map[string]int{
		"tile/0/000": 8192, "tile/0/000.p/255": 255 * 32, "tile/0/001.p/44": 44 * 32, "tile/0/001.p/45": -1,
		"tile/1/000.p/1": 32, "tile/1/000": -1, "tile/entries/001.p/45": -1, "tile/entries/002.p/1": -1, "checkpoint": -1,
	} {
		b, err := m.ReadTile(path)
		if size < 0 && !errors.Is(err, ledger.ErrNotInTree) && !errors.Is(err, ledger.ErrMalformed) || size >= 0 && (err != nil || len(b) != size) {
			t.Errorf("%s: %d bytes, %v", path, len(b), err)
		}
	}
	b, err := m.ReadTile("tile/entries/001.p/44")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := ledger.ParseEntryBundle(b)
	if err != nil || len(entries) != 44 || string(entries[43]) != "leaf 299" {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	if root := slowRoot(m.Entries()); head(t, m).Root != root {
		t.Error("another root")
	}
	if h, err := m.ReadHashes([]int64{0}); err != nil || h[0] != tlog.RecordHash([]byte("leaf 0")) {
		t.Errorf("%v, %v", h, err)
	}
}

// A new log is the empty tree, which can be signed too.
func TestMemoryEmpty(t *testing.T) {
	m := ledger.NewMemory(origin, nil)
	if c, _, err := ledger.OpenCheckpoint(signed(t, m), origin, logKey(t).verifier); err != nil || c.Size != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := m.Append(entry(t, 1)); err != nil {
		t.Error(err)
	}
	if _, err := ledger.NewMemory("a\nb", nil).SignedCheckpoint(logKey(t)); err == nil {
		t.Error("signed for a bad origin")
	}
}
