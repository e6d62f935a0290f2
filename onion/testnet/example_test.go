package testnet_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"p2p.legal/peerfy/onion/testnet"
)

// How the tests of a package get a network, quickly: it is made by the first
// test run on a machine, and resumed by all that follow.
func ExampleShared() {
	visit := func(ctx context.Context) error {
		dir := os.Getenv("PEERFY_TESTNET")
		if dir == "" {
			cache, err := os.UserCacheDir()
			if err != nil {
				return err
			}
			dir = filepath.Join(cache, "peerfy", "testnet")
		}
		n, err := testnet.Shared(ctx, testnet.Config{Dir: dir})
		if err != nil {
			return err
		}
		defer n.Close()
		c, err := n.Client(ctx, filepath.Join(os.TempDir(), "client"))
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Println("a browser's SOCKS port:", c.Addr())
		return nil
	}
	_ = visit
}
