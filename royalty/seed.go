package royalty

import "crypto/sha256"

// Seed is what [Allocate] rounds one pass's coins by: SHA-256 of
// "peerfy/seed/v1", the period, the root hash of the log up to and with the
// period's opening, and the SHA-256 of the member's age recipient. The root was
// public before the recipient was chosen, and the recipient is the member's own
// choice: neither side can aim the rounding.
func Seed(p Period, root, recipientHash [32]byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("peerfy/seed/v1\x00" + p.String() + "\x00"))
	h.Write(root[:])
	h.Write(recipientHash[:])
	return [32]byte(h.Sum(nil))
}
