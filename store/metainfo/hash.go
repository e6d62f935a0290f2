package metainfo

import (
	"crypto/sha256"
	"hash"
	"io"
	"math/bits"
)

// BlockSize is the length, in bytes, of the blocks that a pieces root is computed over (BEP 52).
const BlockSize = 16 << 10

// Hashes name one file's content, whatever it is called and whichever torrent it is in.
type Hashes struct {
	Root   [32]byte // BEP 52 pieces root; zero for an empty file, which BEP 52 gives none
	SHA256 [32]byte // plain SHA-256, for people with sha256sum
	Size   int64    // bytes
}

// Hash reads r to its end, once.
func Hash(r io.Reader) (Hashes, error) {
	h := NewHasher()
	if _, err := io.Copy(h, r); err != nil {
		return Hashes{}, err
	}
	return h.Sum(), nil
}

// A Hasher computes Hashes of what is written to it. It holds one hash per level of the tree, about 1 kB
// however long the file is. Use [NewHasher].
type Hasher struct {
	whole  hash.Hash
	block  hash.Hash
	filled int          // bytes in the current block
	leaves uint64       // finished blocks
	nodes  [48][32]byte // nodes[k] is the last complete subtree of 2^k blocks wherever bit k of leaves is set
	size   int64
}

// NewHasher returns a Hasher that has seen nothing.
func NewHasher() *Hasher { return &Hasher{whole: sha256.New(), block: sha256.New()} }

// Write adds p. It never fails.
func (h *Hasher) Write(p []byte) (int, error) {
	h.whole.Write(p)
	h.size += int64(len(p))
	for rest := p; len(rest) > 0; {
		n := min(len(rest), BlockSize-h.filled)
		h.block.Write(rest[:n])
		h.filled += n
		rest = rest[n:]
		if h.filled == BlockSize {
			h.push([32]byte(h.block.Sum(nil)))
			h.block.Reset()
			h.filled = 0
		}
	}
	return len(p), nil
}

// push adds a leaf as one adds 1 to a binary counter: a carry joins two subtrees of equal height.
func (h *Hasher) push(node [32]byte) {
	k := 0
	for ; h.leaves>>k&1 == 1; k++ {
		node = join(h.nodes[k], node)
	}
	h.nodes[k] = node
	h.leaves++
}

// Sum returns the hashes of everything written so far; more may be written after it.
func (h *Hasher) Sum() Hashes {
	sums := Hashes{Size: h.size, SHA256: [32]byte(h.whole.Sum(nil))}
	end := *h
	if h.filled > 0 {
		end.push([32]byte(h.block.Sum(nil)))
	}
	sums.Root = end.root()
	return sums
}

// root closes the tree: BEP 52 fills the leaves up to a power of two with zero hashes.
func (h *Hasher) root() [32]byte {
	if h.leaves == 0 {
		return [32]byte{}
	}
	var right, zero [32]byte
	open := false // right holds the padded right edge of the tree, at height k
	height := bits.Len64(h.leaves - 1)
	for k := range height {
		switch complete := h.leaves>>k&1 == 1; {
		case complete && open:
			right = join(h.nodes[k], right)
		case complete:
			right, open = join(h.nodes[k], zero), true
		case open:
			right = join(right, zero)
		}
		zero = join(zero, zero)
	}
	if !open {
		return h.nodes[height]
	}
	return right
}

func join(left, right [32]byte) [32]byte {
	var pair [64]byte
	copy(pair[:32], left[:])
	copy(pair[32:], right[:])
	return sha256.Sum256(pair[:])
}

// pieces collects the SHA-1 of each piece of one long stream (BEP 3).
type pieces struct {
	length int64
	hash   hash.Hash
	filled int64
	sums   []byte
}

func (p *pieces) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := min(int64(len(rest)), p.length-p.filled)
		p.hash.Write(rest[:n])
		p.filled += n
		rest = rest[n:]
		if p.filled == p.length {
			p.next()
		}
	}
	return len(b), nil
}

func (p *pieces) next() {
	p.sums = p.hash.Sum(p.sums)
	p.hash.Reset()
	p.filled = 0
}

func (p *pieces) finish() []byte {
	if p.filled > 0 {
		p.next()
	}
	return p.sums
}
