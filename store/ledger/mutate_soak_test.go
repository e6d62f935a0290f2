//go:build soak

package ledger_test

import "testing"

// Every byte, to every other value.
func TestEveryMutation(t *testing.T) {
	raw, msg, cosigned := entry(t, 1), signed(t, testLog(t, 5)), cosignedHead(t)
	for flip := 1; flip < 256; flip++ {
		for i := range raw {
			mutateEntry(t, raw, i, byte(flip))
		}
		for i := range msg {
			mutateCheckpoint(t, msg, i, byte(flip))
		}
		for i := range cosigned {
			mutateCosigned(t, cosigned, i, byte(flip))
		}
	}
}
