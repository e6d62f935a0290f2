package ledger

import (
	"bytes"
	"fmt"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Memory is a whole log held in memory: the reference that a stored log is
// compared with, and the log of tests. It is a tlog.HashReader and a
// [TileReader], and may be used from several goroutines.
type Memory struct {
	origin string
	judge  Judge

	mu      sync.Mutex // guards what follows
	entries [][]byte
	hashes  hashList
}

// NewMemory returns an empty log. With a nil judge every entry that parses is
// taken.
func NewMemory(origin string, j Judge) *Memory {
	return &Memory{origin: origin, judge: j}
}

// Append adds an entry that the judge finds in force and returns its index. What
// is void is refused with a [*VoidError] and changes nothing.
func (m *Memory) Append(raw []byte) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	index := int64(len(m.entries))
	// All that can fail comes before the judge, who remembers.
	hashes, err := StoredHashes(index, raw, m.hashes)
	if err != nil {
		return 0, err
	}
	j := m.judge
	if j == nil {
		j = anything{}
	}
	if _, err := Decide(index, raw, j); err != nil {
		return 0, err
	}
	m.push(raw, hashes)
	return index, nil
}

// Force adds any bytes without asking the judge: what a host does that cheats.
func (m *Memory) Force(raw []byte) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(raw) > MaxEntry {
		return 0, fmt.Errorf("entry of %d bytes: %w", len(raw), ErrTooLarge)
	}
	index := int64(len(m.entries))
	hashes, err := StoredHashes(index, raw, m.hashes)
	if err != nil {
		return 0, err
	}
	m.push(raw, hashes)
	return index, nil
}

func (m *Memory) push(raw []byte, hashes []tlog.Hash) {
	m.entries = append(m.entries, bytes.Clone(raw))
	m.hashes = append(m.hashes, hashes...)
}

// anything is the judge who finds every entry in force.
type anything struct{}

func (anything) Judge(int64, *Entry) error { return nil }

// Size returns how many entries there are.
func (m *Memory) Size() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.entries))
}

// Entry returns the bytes at index.
func (m *Memory) Entry(index int64) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if index < 0 || index >= int64(len(m.entries)) {
		return nil, fmt.Errorf("entry %d: %w", index, ErrNotInTree)
	}
	return bytes.Clone(m.entries[index]), nil
}

// Entries returns the bytes of all entries, in order.
func (m *Memory) Entries() [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([][]byte(nil), m.entries...)
}

// Checkpoint returns the head of the tree.
func (m *Memory) Checkpoint() (Checkpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	size := int64(len(m.entries))
	root, err := Root(size, m.hashes)
	return Checkpoint{Origin: m.origin, Size: size, Root: root}, err
}

// SignedCheckpoint returns the head of the tree, signed.
func (m *Memory) SignedCheckpoint(signers ...note.Signer) ([]byte, error) {
	c, err := m.Checkpoint()
	if err != nil {
		return nil, err
	}
	return SignCheckpoint(c, signers...)
}

// ReadHashes implements tlog.HashReader.
func (m *Memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hashes.ReadHashes(indexes)
}

// ReadTile returns the content of the tile or entry bundle at a path, in any
// width that the tree has or had.
func (m *Memory) ReadTile(path string) ([]byte, error) {
	t, err := ParseTilePath(path)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !InTree(t, int64(len(m.entries))) {
		return nil, fmt.Errorf("%s: %w", path, ErrNotInTree)
	}
	if t.L != entriesLevel {
		return HashTile(t, m.hashes)
	}
	first := t.N * TileWidth
	return EntryBundle(m.entries[first : first+int64(t.W)])
}

// hashList holds stored hashes in their order.
type hashList []tlog.Hash

func (l hashList) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(l)) {
			return nil, fmt.Errorf("stored hash %d: %w", x, ErrNotInTree)
		}
		hashes[i] = l[x]
	}
	return hashes, nil
}
