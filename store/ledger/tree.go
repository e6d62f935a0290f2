package ledger

import (
	"crypto/sha256"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// The tree is that of RFC 6962, section 2.1, its hashes stored in the order of
// tlog.StoredHashIndex. The functions below are those of package tlog behind
// checks on the numbers, which may come from a stranger.

// StoredHashes returns the hashes to store for the entry at index, beginning at
// tlog.StoredHashIndex(0, index). It reads earlier ones from r.
func StoredHashes(index int64, raw []byte, r tlog.HashReader) ([]tlog.Hash, error) {
	if index < 0 || index >= MaxSize {
		return nil, fmt.Errorf("entry %d: %w", index, ErrNotInTree)
	}
	hashes, err := tlog.StoredHashes(index, raw, r)
	if err != nil {
		return nil, fmt.Errorf("hashing entry %d: %w", index, err)
	}
	return hashes, nil
}

// Root returns the root hash of the tree with the first size entries.
func Root(size int64, r tlog.HashReader) (tlog.Hash, error) {
	if size < 0 || size > MaxSize {
		return tlog.Hash{}, fmt.Errorf("tree of size %d: %w", size, ErrNotInTree)
	}
	root, err := tlog.TreeHash(size, r)
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("hashing the tree of size %d: %w", size, err)
	}
	return root, nil
}

// emptyRoot is the root of the tree without entries.
func emptyRoot() tlog.Hash { return sha256.Sum256(nil) }

// ProveConsistency returns the proof that the tree of size to begins with the
// tree of size from. The proof from the empty tree is empty.
func ProveConsistency(from, to int64, r tlog.HashReader) ([]tlog.Hash, error) {
	if from < 0 || from > to || to > MaxSize {
		return nil, fmt.Errorf("from size %d to %d: %w", from, to, ErrNotInTree)
	}
	if from == 0 {
		return nil, nil
	}
	p, err := tlog.ProveTree(to, from, r)
	if err != nil {
		return nil, fmt.Errorf("proving size %d from %d: %w", to, from, err)
	}
	return p, nil
}

// CheckConsistency reports, wrapping [ErrProof], when proof does not show that
// the tree of checkpoint to begins with that of checkpoint from.
func CheckConsistency(proof []tlog.Hash, from, to Checkpoint) error {
	if err := from.check(); err != nil {
		return err
	}
	if err := to.check(); err != nil {
		return err
	}
	if from.Origin != to.Origin || from.Size > to.Size {
		return fmt.Errorf("from size %d of %q to %d of %q: %w", from.Size, from.Origin, to.Size, to.Origin, ErrProof)
	}
	if from.Size == 0 {
		if len(proof) != 0 {
			return fmt.Errorf("from the empty tree: %w", ErrProof)
		}
		return nil
	}
	if err := tlog.CheckTree(proof, to.Size, to.Root, from.Size, from.Root); err != nil {
		return fmt.Errorf("from size %d to %d: %w", from.Size, to.Size, ErrProof)
	}
	return nil
}
