package metainfo_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"p2p.legal/peerfy/store/metainfo"
)

// random gives n bytes that are the same at every run.
func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// naiveRoot follows the words of BEP 52: all leaves at once, filled with zeros, halved until one is left.
func naiveRoot(b []byte) (root [32]byte) {
	var layer [][32]byte
	for len(b) > 0 {
		n := min(len(b), 16384)
		layer = append(layer, sha256.Sum256(b[:n]))
		b = b[n:]
	}
	if layer == nil {
		return root
	}
	for len(layer)&(len(layer)-1) != 0 {
		layer = append(layer, [32]byte{})
	}
	for len(layer) > 1 {
		var up [][32]byte
		for i := 0; i < len(layer); i += 2 {
			up = append(up, sha256.Sum256(append(layer[i][:], layer[i+1][:]...)))
		}
		layer = up
	}
	return layer[0]
}

func TestRootIsTheOneOfBEP52(t *testing.T) {
	b := random(40 * metainfo.BlockSize)
	for blocks := range 40 {
		for _, more := range []int{0, 1, metainfo.BlockSize - 1} {
			b := b[:blocks*metainfo.BlockSize+more]
			h, err := metainfo.Hash(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if h.Root != naiveRoot(b) || h.SHA256 != sha256.Sum256(b) || h.Size != int64(len(b)) {
				t.Errorf("%d bytes: %x, %d bytes counted; want root %x", len(b), h.Root, h.Size, naiveRoot(b))
			}
		}
	}
}

func TestRootOfKnownFiles(t *testing.T) {
	for _, c := range []struct{ content, root string }{
		{"", strings.Repeat("00", 32)},
		// One block: its own SHA-256, as `printf hello | sha256sum` says.
		{"hello", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
	} {
		h, err := metainfo.Hash(strings.NewReader(c.content))
		if err != nil || hex.EncodeToString(h.Root[:]) != c.root {
			t.Errorf("%q: %x, %v", c.content, h.Root, err)
		}
	}
}

func TestHashDoesNotDependOnTheChunks(t *testing.T) {
	b := random(7*metainfo.BlockSize + 123)
	want, _ := metainfo.Hash(bytes.NewReader(b))
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		h := metainfo.NewHasher()
		for rest := b; len(rest) > 0; {
			n := min(len(rest), 1+rng.IntN(3*metainfo.BlockSize))
			h.Write(rest[:n])
			h.Sum() // looking must not disturb
			rest = rest[n:]
		}
		if h.Sum() != want {
			t.Fatalf("got %x, want %x", h.Sum(), want)
		}
	}
}

func TestHashReportsWhatReadingReports(t *testing.T) {
	broken := errors.New("disk on fire")
	_, err := metainfo.Hash(io.MultiReader(strings.NewReader("some"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
