package testnet

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"p2p.legal/peerfy/onion/internal/torproc"
)

// grace is how long a node may take to end when asked; it needs some hundredths
// of a second.
const grace = 5 * time.Second

// node is one running tor of the network.
type node struct {
	member
	proc  *torproc.Process
	ready chan struct{} // closed when all listeners are open

	mu      sync.Mutex
	waiting int      // listeners still to open
	trouble []string // what tor warned of last; it warns of much that is as it should be here
}

// startNode starts tor with the torrc that lies in the node's folder.
func startNode(n *Net, m member) (*node, error) {
	nd := &node{member: m, ready: make(chan struct{}), waiting: 1}
	if m.authority() {
		nd.waiting = 2
	}
	proc, err := torproc.Start(torproc.Config{Tor: n.tor, Torrc: filepath.Join(n.dir, m.Name, "torrc"), Line: nd.line})
	if err != nil {
		return nil, err
	}
	nd.proc = proc
	return nd, nil
}

// line follows what tor says: its listeners are open when it says so, which is
// sooner known than by trying.
func (nd *node) line(s string) {
	severity, text := torproc.Message(s)
	nd.mu.Lock()
	defer nd.mu.Unlock()
	if severity == "warn" || severity == "err" {
		if nd.trouble = append(nd.trouble, text); len(nd.trouble) > 3 {
			nd.trouble = nd.trouble[1:]
		}
	}
	if strings.HasPrefix(text, "Opened OR listener") || strings.HasPrefix(text, "Opened Directory listener") {
		if nd.waiting--; nd.waiting == 0 {
			close(nd.ready)
		}
	}
}

// failed tells why the node ended.
func (nd *node) failed() error {
	nd.mu.Lock()
	defer nd.mu.Unlock()
	return fmt.Errorf("%s ended at its start: %s", nd.Name, strings.Join(nd.trouble, "; "))
}

// reload makes tor read its torrc again.
func (nd *node) reload() error { return nd.proc.Signal(syscall.SIGHUP) }

func (nd *node) stop() { nd.proc.Stop(grace) }

func writeTorrc(dir string, p plan, m member, offset int) error {
	return os.WriteFile(filepath.Join(dir, m.Name, "torrc"), []byte(p.torrc(dir, m, offset)), 0o600)
}
