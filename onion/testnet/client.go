package testnet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"p2p.legal/peerfy/onion/internal/torproc"
)

// Client is a plain tor that visits onion services of the network, for browsers
// and tests.
type Client struct {
	proc *torproc.Process
	addr chan string   // one address
	up   chan struct{} // closed at 100 %
	once sync.Once

	socks string
}

// Client starts a client whose data lie in dir, which is made with mode 0700 if
// missing, and returns when it is ready to visit onion services. It refuses
// every other name at once. ctx bounds the start only.
func (n *Net) Client(ctx context.Context, dir string) (*Client, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("tor client: %w", err)
	}
	quoted, err := torproc.Quote(dir)
	if err != nil {
		return nil, fmt.Errorf("tor client: %w", err)
	}
	if err := n.Seed(dir); err != nil {
		return nil, err
	}
	torrc := n.Torrc() + fmt.Sprintf("DataDirectory %s\nSocksPort auto OnionTrafficOnly\nClientOnly 1\nAvoidDiskWrites 1\n"+
		"Log notice stdout\n__OwningControllerProcess %d\n", quoted, os.Getpid())
	path := filepath.Join(dir, "torrc")
	if err := os.WriteFile(path, []byte(torrc), 0o600); err != nil {
		return nil, fmt.Errorf("tor client: %w", err)
	}
	c := &Client{addr: make(chan string, 1), up: make(chan struct{})}
	if c.proc, err = torproc.Start(torproc.Config{Tor: n.tor, Torrc: path, Line: c.line}); err != nil {
		return nil, err
	}
	return c, c.wait(ctx)
}

// line waits for the two things that a client needs to say.
func (c *Client) line(s string) {
	_, text := torproc.Message(s)
	if after, ok := strings.CutPrefix(text, "Opened Socks listener connection (ready) on "); ok {
		select {
		case c.addr <- after:
		default:
		}
	}
	if strings.HasPrefix(text, "Bootstrapped 100%") {
		c.once.Do(func() { close(c.up) })
	}
}

// wait returns when the client is ready; if it cannot be, nothing is left
// running.
func (c *Client) wait(ctx context.Context) error {
	select {
	case <-c.up:
		c.socks = <-c.addr
		return nil
	case <-c.proc.Done():
		return fmt.Errorf("tor client ended at its start: %w", c.proc.Err())
	case <-ctx.Done():
		c.proc.Kill()
		return fmt.Errorf("tor client did not find the network: %w", ctx.Err())
	}
}

// Addr is the client's SOCKS5 port, as "127.0.0.1:PORT". Streams with different
// SOCKS user names use different circuits.
func (c *Client) Addr() string { return c.socks }

// Pid is the process id of the client's tor.
func (c *Client) Pid() int { return c.proc.Pid() }

// Close ends the client and waits until it is gone.
func (c *Client) Close() error {
	c.proc.Stop(grace)
	return nil
}
