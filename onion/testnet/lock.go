package testnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"p2p.legal/peerfy/onion/internal/torproc"
)

// lockDir takes the lock of a folder, or waits for it until ctx ends. The
// kernel frees it when the file is closed or we die.
func lockDir(ctx context.Context, dir string) (*os.File, error) {
	tick := time.NewTicker(100 * time.Millisecond) // the system call that waits cannot be given up
	defer tick.Stop()
	for {
		f, err := torproc.TryLock(dir)
		if !errors.Is(err, torproc.ErrLocked) {
			return f, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the test network in %s, which another process uses: %w", dir, ctx.Err())
		}
	}
}
