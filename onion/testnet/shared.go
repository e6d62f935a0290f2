package testnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"p2p.legal/peerfy/onion/internal/torproc"
)

// slots is how many networks a shared folder holds at most; more processes than
// that wait for each other.
const slots = 4

// Shared returns a network of a folder that several processes use, such as the
// tests of several packages. c.Dir holds up to four saved networks, "0" to "3";
// the first that nobody uses is resumed (or made), so that tests in parallel
// never wait for each other, and only the first run on a machine pays for a
// fresh start. Each caller has its network alone, and closes it.
//
// By custom, tests pass the folder named by the environment variable
// PEERFY_TESTNET, or peerfy/testnet in the user's cache folder.
func Shared(ctx context.Context, c Config) (*Net, error) {
	if c.Dir == "" {
		return nil, errors.New("test network: no folder given")
	}
	top := c.Dir
	for i := range slots {
		c.Dir = filepath.Join(top, fmt.Sprint(i))
		n, err := prepare(c)
		if err != nil {
			return nil, err
		}
		if n.lock, err = torproc.TryLock(n.dir); err == nil {
			return n.start(ctx)
		}
		if !errors.Is(err, torproc.ErrLocked) {
			return nil, err
		}
	}
	c.Dir = filepath.Join(top, fmt.Sprint(os.Getpid()%slots))
	return Start(ctx, c)
}
