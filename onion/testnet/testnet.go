// Package testnet makes a private Tor network on loopback: three directory
// authorities and five relays, from the tor program alone.
//
// It promises a complete network, in which onion services, clients and
// proof-of-work defences behave as on the public one, within about 12 seconds
// when made anew and 2 seconds when a saved folder is resumed. The
// demonstration and all end-to-end tests run on it.
//
// Why nothing can leave the machine: every node listens on 127.0.0.1 alone,
// every node and client is told these three authorities and no others, and
// there is no exit relay, so that tor itself can only build paths inside the
// network. It offers no anonymity at all: one machine holds every key.
//
// Why it starts each time: each of the known reasons for a slow or hanging
// start of so small a network has its cure here, noted where it is applied.
// They are: the GeoIP files (seconds of parsing per node), relays that publish
// before the authorities listen, votes held before all relays are known,
// bandwidth weights drawn by lot, and clients that look for a consensus before
// there is one.
//
// A folder belongs to one Net at a time, also between processes (see
// Config.Dir). No process survives Close, nor the end of this process, however
// it ends.
package testnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"p2p.legal/peerfy/onion/internal/torproc"
)

// The size of the network. Three authorities are the fewest whose measured
// bandwidths count; with five relays, paths of an onion service (guard, two
// layers of vanguards, rendezvous) always find distinct relays.
const (
	authorities = 3
	relays      = 5
)

// attempts is how often a network is made anew before Start gives up: another
// program may take a port between our look and tor's.
const attempts = 3

// Config says where the network lives.
type Config struct {
	// Dir keeps keys, ports and the consensus, so that the next Start resumes
	// in a fraction of the time. It is made if missing, with mode 0700. Start
	// waits, until its context ends, while another Net uses the folder. Only
	// files named by this package are touched.
	Dir string
	// Tor is the path of the tor program; "" looks it up.
	Tor string
	// Log receives the course of the start at debug level; nil discards it.
	Log *slog.Logger
}

// Net is a running network.
type Net struct {
	dir     string
	tor     string
	log     *slog.Logger
	lock    *os.File
	plan    plan
	nodes   []*node
	resumed bool
}

// Start returns a network that clients and onion services can join at once. It
// resumes what lies in c.Dir if its consensus is good for another hour and its
// ports are free; else it makes the network anew. ctx bounds the start only;
// Close ends the network.
func Start(ctx context.Context, c Config) (*Net, error) {
	n, err := prepare(c)
	if err != nil {
		return nil, err
	}
	if n.lock, err = lockDir(ctx, n.dir); err != nil {
		return nil, err
	}
	return n.start(ctx)
}

// prepare checks c and makes the folder.
func prepare(c Config) (*Net, error) {
	tor, err := torproc.Look(c.Tor)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil || c.Dir == "" {
		return nil, fmt.Errorf("test network: no usable folder given: %q", c.Dir)
	}
	if _, err := torproc.Quote(dir); err != nil {
		return nil, fmt.Errorf("test network: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("test network: %w", err)
	}
	log := c.Log
	if log == nil {
		log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return &Net{dir: dir, tor: tor, log: log}, nil
}

// start resumes or makes the network, with the folder locked; on failure
// nothing is left running or locked.
func (n *Net) start(ctx context.Context) (*Net, error) {
	began := time.Now()
	err := n.resume(ctx)
	for try := 0; err != nil && ctx.Err() == nil && try < attempts; try++ {
		if !errors.Is(err, errNothingSaved) {
			n.log.Debug("test network is made anew", "reason", err)
		}
		n.stop()
		err = n.create(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the test network: %w", err), n.Close())
	}
	n.log.Debug("test network is up", "resumed", n.resumed, "seconds", time.Since(began).Seconds())
	return n, nil
}

// Resumed tells whether Start found a saved network that was still good.
func (n *Net) Resumed() bool { return n.resumed }

// Pids are the process ids of the network's nodes.
func (n *Net) Pids() []int {
	var pids []int
	for _, nd := range n.nodes {
		pids = append(pids, nd.proc.Pid())
	}
	return pids
}

// Close ends every process of the network, waits until they are gone, and frees
// the folder for the next Start. Clients and onion services that use the
// network should be closed before.
func (n *Net) Close() error {
	n.stop()
	if n.lock == nil {
		return nil
	}
	err := n.lock.Close()
	n.lock = nil
	return err
}

// stop ends all nodes at the same time.
func (n *Net) stop() {
	gone := make(chan struct{})
	for _, node := range n.nodes {
		go func() {
			node.stop()
			gone <- struct{}{}
		}()
	}
	for range n.nodes {
		<-gone
	}
	n.nodes = nil
}

// Torrc returns the lines that make a tor a client of this network, or a host
// of onion services in it. Its DataDirectory should be given to Seed before its
// first start: without, it finds the network too, after up to 20 seconds.
func (n *Net) Torrc() string {
	return n.plan.common(n.dir) + "PathsNeededToBuildCircuits 0.25\n"
}

// cached are the directory documents of a tor; a client that holds them starts
// at 75 % of its bootstrap, and never asks a relay that has not got them yet
// (an answer that tor punishes with ten seconds of waiting).
var cached = []string{"cached-certs", "cached-microdesc-consensus", "cached-microdescs", "cached-microdescs.new"}

// Seed copies the directory documents of an authority into dataDir, which is
// made with mode 0700 if missing. Call it before tor starts.
func (n *Net) Seed(dataDir string) error {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return fmt.Errorf("seeding a tor: %w", err)
	}
	for _, name := range cached {
		b, err := os.ReadFile(filepath.Join(n.dir, nodeName(0), name))
		if errors.Is(err, os.ErrNotExist) {
			continue // the microdescriptors are in either or both of the two files
		}
		if err != nil {
			return fmt.Errorf("seeding a tor: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dataDir, name), b, 0o600); err != nil {
			return fmt.Errorf("seeding a tor: %w", err)
		}
	}
	return nil
}
