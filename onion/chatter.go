package onion

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"p2p.legal/peerfy/onion/internal/torproc"
)

// chatter passes on what our tor says. SafeLogging keeps addresses out of it at
// the source.
type chatter struct {
	log     *slog.Logger
	private bool // a test network, of which tor warns without need

	mu   sync.Mutex
	last []string
}

// line takes one line of tor's log: warnings are ours to hear, the rest is
// detail.
func (c *chatter) line(s string) {
	severity, text := torproc.Message(s)
	warning := severity == "warn" || severity == "err"
	level := slog.LevelDebug
	if warning && !c.private {
		level = slog.LevelWarn
	}
	c.log.Log(context.Background(), level, "tor", "says", text)
	if !warning {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last = append(c.last, text); len(c.last) > 3 {
		c.last = c.last[1:]
	}
}

// trouble is what tor warned of last.
func (c *chatter) trouble() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.last, "; ")
}
