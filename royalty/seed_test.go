package royalty_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"p2p.legal/peerfy/royalty"
)

// TestSeed compares with a seed worked out by hand, and shows that each of its
// three parts matters.
func TestSeed(t *testing.T) {
	root, recipient := sha256.Sum256([]byte("root")), sha256.Sum256([]byte("age1example"))
	want := sha256.Sum256(append(append([]byte("peerfy/seed/v1\x002026-12\x00"), root[:]...), recipient[:]...))
	got := royalty.Seed("2026-12", root, recipient)
	if got != want {
		t.Fatalf("the seed is %s, want %s", hex.EncodeToString(got[:]), hex.EncodeToString(want[:]))
	}
	for _, other := range [][32]byte{
		royalty.Seed("2027-01", root, recipient), royalty.Seed("2026-12", recipient, recipient), royalty.Seed("2026-12", root, root),
	} {
		if other == got {
			t.Error("another period, root or recipient gives the same seed")
		}
	}
}
