package ledger_test

import (
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"p2p.legal/peerfy/store/ledger"
)

// slowRoot is the definition of RFC 6962, section 2.1, word for word: the oracle
// for everything built of stored hashes.
func slowRoot(leaves [][]byte) tlog.Hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	l, r := slowRoot(leaves[:k]), slowRoot(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, l[:]...), r[:]...))
}

func TestRoot(t *testing.T) {
	m := testLog(t, 600)
	for size := range 601 {
		got, err := ledger.Root(int64(size), m)
		if err != nil || got != slowRoot(m.Entries()[:size]) {
			t.Fatalf("size %d: %v, %v", size, got, err)
		}
	}
	for _, size := range []int64{-1, 601, ledger.MaxSize + 1, 1<<63 - 1} {
		if _, err := ledger.Root(size, m); !errors.Is(err, ledger.ErrNotInTree) {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

func TestStoredHashesRefuses(t *testing.T) {
	m := testLog(t, 3)
	for _, index := range []int64{-1, ledger.MaxSize, 1<<63 - 1, 7} {
		if _, err := ledger.StoredHashes(index, nil, m); !errors.Is(err, ledger.ErrNotInTree) {
			t.Errorf("index %d: %v", index, err)
		}
	}
}

func TestConsistency(t *testing.T) {
	m := testLog(t, 600)
	at := func(size int64) ledger.Checkpoint {
		root, err := ledger.Root(size, m)
		if err != nil {
			t.Fatal(err)
		}
		return ledger.Checkpoint{Origin: origin, Size: size, Root: root}
	}
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		to := r.Int64N(600) + 1
		from := r.Int64N(to + 1)
		proof, err := ledger.ProveConsistency(from, to, m)
		if err != nil {
			t.Fatal(err)
		}
		a, b := at(from), at(to)
		if err := ledger.CheckConsistency(proof, a, b); err != nil {
			t.Fatalf("from %d to %d: %v", from, to, err)
		}
		if from > 0 {
			if err := tlog.CheckTree(proof, to, b.Root, from, a.Root); err != nil {
				t.Fatalf("package tlog, from %d to %d: %v", from, to, err)
			}
		}
		spoilConsistency(t, r, proof, a, b)
	}
}

// Nothing is consistent with what is no tree, and every tree is with itself.
func TestConsistencyEdges(t *testing.T) {
	c := head(t, testLog(t, 5))
	if err := ledger.CheckConsistency(nil, c, c); err != nil {
		t.Error(err)
	}
	for _, bad := range []ledger.Checkpoint{
		{}, {Origin: origin}, {Origin: origin, Size: -1}, {Origin: origin, Size: ledger.MaxSize + 1}, {Origin: origin, Size: 1<<63 - 1},
	} {
		if err := ledger.CheckConsistency(nil, bad, c); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("from %+v: %v", bad, err)
		}
		if err := ledger.CheckConsistency(nil, c, bad); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("to %+v: %v", bad, err)
		}
		empty := ledger.Checkpoint{Origin: origin, Root: slowRoot(nil)}
		if err := ledger.CheckConsistency(nil, empty, bad); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("from nothing to %+v: %v", bad, err)
		}
	}
}

// spoilConsistency wants that no altered proof and no altered tree pass.
func spoilConsistency(t *testing.T, r *rand.Rand, proof []tlog.Hash, a, b ledger.Checkpoint) {
	t.Helper()
	refuse := func(why string, proof []tlog.Hash, a, b ledger.Checkpoint) {
		t.Helper()
		if err := ledger.CheckConsistency(proof, a, b); !errors.Is(err, ledger.ErrProof) && !errors.Is(err, ledger.ErrMalformed) {
			t.Fatalf("%s, from %d to %d: %v", why, a.Size, b.Size, err)
		}
	}
	refuse("a hash more", append(proof[:len(proof):len(proof)], tlog.Hash{}), a, b)
	bad := a
	bad.Root[r.IntN(32)] ^= 1
	refuse("another old root", proof, bad, b)
	bad = b
	bad.Root[r.IntN(32)] ^= 1
	if a.Size > 0 {
		refuse("another new root", proof, a, bad)
	}
	bad = b
	bad.Origin = "another"
	refuse("another log", proof, a, bad)
	if a.Size < b.Size {
		refuse("backwards", proof, b, a)
	}
	if len(proof) > 0 {
		refuse("a hash less", proof[1:], a, b)
		i := r.IntN(len(proof))
		proof[i][r.IntN(32)] ^= 1
		refuse("another hash", proof, a, b)
	}
}

func TestProveConsistencyRefuses(t *testing.T) {
	m := testLog(t, 5)
	for _, c := range [][2]int64{{-1, 5}, {3, 2}, {1, 6}, {1, 1 << 62}, {1 << 62, 1 << 62}} {
		if _, err := ledger.ProveConsistency(c[0], c[1], m); !errors.Is(err, ledger.ErrNotInTree) {
			t.Errorf("%v: %v", c, err)
		}
	}
}
