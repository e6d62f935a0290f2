//go:build soak

package testnet_test

import (
	"testing"
	"time"

	"p2p.legal/peerfy/onion/testnet"
)

// Ten of ten, each within the time that is promised.
func TestBootTenTimes(t *testing.T) {
	dir := t.TempDir()
	for i := range 10 {
		began := time.Now()
		start(t, t.TempDir()).Close()
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("fresh start %d took %v", i, took)
		}
	}
	start(t, dir).Close()
	for i := range 10 {
		began := time.Now()
		n := start(t, dir)
		if took := time.Since(began); took > 6*time.Second || !n.Resumed() {
			t.Errorf("start %d of a saved network took %v, resumed: %v", i, took, n.Resumed())
		}
		n.Close()
	}
}

// Several processes share a folder, and none waits for another.
func TestSharedApart(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		var nets []*testnet.Net
		for range 2 {
			n, err := testnet.Shared(t.Context(), testnet.Config{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			nets = append(nets, n)
		}
		if nets[0].Torrc() == nets[1].Torrc() {
			t.Error("two users have one network")
		}
		for _, n := range nets {
			n.Close()
		}
	}
}
