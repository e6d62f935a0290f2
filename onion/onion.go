// Package onion publishes an onion service through a tor of our own, and dials
// onion services through it.
//
// It promises the operator that the service is there as long as the program
// runs: a tor that is killed is started again within a second, one that no
// longer answers is killed and replaced, always with the same address, which
// follows from Config.Key. It promises the visitors that nothing about them is
// kept: tor tells us no address, only the number of a circuit, which lives in
// memory alone (CircuitID, Limiter) and is never logged.
//
// Why it is safe to use:
//   - The site is reached over a unix socket in a folder that only its owner
//     can enter (Listen); it needs no port on the machine.
//   - Our tor has its own folder, configuration and cookie, listens on unix
//     sockets there, executes nothing, keeps no visitor's address in its log,
//     and defends its introduction points (proof of work, rate limits, streams
//     per circuit).
//   - It dies with us: by the connection that owns it, by the kernel, and by
//     its own look at our process id.
//   - Dialer refuses, before any packet, each host that is not a well-formed
//     onion address, and tor refuses it again.
//
// The control protocol is spoken through bine's control package, requests only.
// Its event waiting can block for ever, so a second connection is read by a
// pump of our own; and each request has a time limit, which is how a frozen tor
// is noticed.
//
// A control port that exists already (Config.Tor = "control:…") can be used
// instead of our own tor. Then the service has no circuit numbers, hence no
// limits per circuit, and needs a TCP port on loopback.
package onion

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// Sentinels. A missing tor program is ErrNoTor.
var (
	// ErrClosed is returned by what needs the service after Close.
	ErrClosed = errors.New("onion service is closed")
	// ErrDown means that tor is not there at this moment; it is being started
	// again.
	ErrDown = errors.New("tor is not running at this moment")
	// ErrNotOnion is returned by a Dialer for a host that is not an onion
	// address, version 3.
	ErrNotOnion = errors.New("not an onion address")
)

// Config says what to publish and through which tor.
type Config struct {
	// Dir holds the configuration, data and sockets of our tor. It is made if
	// missing and set to mode 0700; two services cannot use it at the same
	// time. Its path must be short enough for unix sockets (about 90 bytes).
	// Not used with an existing control port.
	Dir string
	// Key is the service's identity; see NewKey. Required.
	Key ed25519.PrivateKey
	// Tor is the path of the tor program, "" to look it up, or "control:ADDR"
	// for the control port of a tor that runs already: a path of a unix socket,
	// or HOST:PORT on loopback. That tor must let us in by cookie or without a
	// word.
	Tor string
	// Target is where the service forwards its port 80 to: the absolute path of
	// a unix socket made by Listen, or HOST:PORT on loopback. An existing
	// control port needs the latter, and circuits are known with the former
	// only.
	Target string
	// Torrc is added to the configuration of our tor, as lines; "" for the
	// public network. See testnet.Net.Torrc. With it, tor's warnings are logged
	// at debug level only: it warns a lot of test networks.
	Torrc string
	// Seed, if set, is called with tor's DataDirectory before the first start.
	// See testnet.Net.Seed.
	Seed func(dataDir string) error
	// SocksTCP opens the SOCKS port on 127.0.0.1, at a port chosen by tor
	// (another one after each start), instead of a unix socket.
	SocksTCP bool
	// MaxStreams is how many connections a visitor may hold at a time on one
	// circuit; a circuit that asks for more is closed. 0: 32.
	MaxStreams int
	// Heartbeat is how often tor is asked for a sign of life, and Patience how
	// long it may take to answer. 0: 2 s and 6 s.
	Heartbeat, Patience time.Duration
	// Log receives starts and ends of tor and its warnings; nil discards them.
	Log *slog.Logger
}

// State is what is known about the service at a moment.
type State struct {
	// Published: at least one directory took the service's descriptor since
	// tor's start, so that visitors can find it.
	Published bool
	// Bootstrap is how far tor has got into the network, in percent.
	Bootstrap int
	// PerCircuit: connections carry circuit numbers, so that limits per visitor
	// are possible.
	PerCircuit bool
	// PoW: visitors can be asked for a proof of work when the service is
	// flooded.
	PoW bool
	// Restarts counts how often tor came back after it was killed, froze or
	// failed.
	Restarts int
	// Version is tor's, such as "0.4.9.11".
	Version string
	// Pid is the process id of our tor, 0 if it is not running or not ours.
	Pid int
}

// Service is a published onion service, with the tor behind it.
type Service struct {
	config  Config
	address string
	log     *slog.Logger
	launch  func(context.Context) (*session, error)
	lock    *os.File // the lock of Config.Dir; nil with an existing control port

	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex // guards what follows
	state   State
	socks   string        // network address of the SOCKS port, "" while there is none
	current *session      // nil while there is none
	changed chan struct{} // closed, and replaced, whenever the state changes
}

// Start starts tor, or connects to it, and returns as soon as it obeys: the
// service is then on its way, see Ready. A tor that cannot be started now is an
// error that says why; once Start has returned, tor is kept alive until Close.
// ctx bounds the start only.
func Start(ctx context.Context, c Config) (*Service, error) {
	s, err := newService(ctx, c)
	if err != nil {
		return nil, err
	}
	first, err := s.open(ctx)
	if err != nil {
		s.release()
		return nil, fmt.Errorf("starting the onion service: %w", err)
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.supervise(life, first)
	return s, nil
}

// newService checks and completes c.
func newService(ctx context.Context, c Config) (*Service, error) {
	if len(c.Key) != ed25519.PrivateKeySize {
		return nil, errors.New("onion service: no key given")
	}
	if c.MaxStreams <= 0 {
		c.MaxStreams = 32
	}
	if c.Heartbeat <= 0 {
		c.Heartbeat = 2 * time.Second
	}
	if c.Patience <= 0 {
		c.Patience = 6 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	s := &Service{config: c, log: c.Log, done: make(chan struct{}), changed: make(chan struct{})}
	s.address = Address(c.Key.Public().(ed25519.PublicKey))
	var err error
	if addr, ok := strings.CutPrefix(c.Tor, "control:"); ok {
		err = s.prepareForeign(addr)
	} else {
		err = s.prepareChild(ctx)
	}
	if err != nil {
		s.release()
		return nil, fmt.Errorf("onion service: %w", err)
	}
	return s, nil
}

// release frees Config.Dir for another service.
func (s *Service) release() {
	if s.lock != nil {
		s.lock.Close()
	}
}

// Address is the service's name: 56 characters and ".onion".
func (s *Service) Address() string { return s.address }

// State returns what is known now.
func (s *Service) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Await returns when the state satisfies ok, or with an error when ctx ends or
// the service is closed.
func (s *Service) Await(ctx context.Context, ok func(State) bool) error {
	for {
		s.mu.Lock()
		state, changed := s.state, s.changed
		s.mu.Unlock()
		if ok(state) {
			return nil
		}
		select {
		case <-changed:
		case <-s.done:
			return ErrClosed
		case <-ctx.Done():
			return fmt.Errorf("tor is at %d %%, published: %t: %w", state.Bootstrap, state.Published, ctx.Err())
		}
	}
}

// Ready returns when the service is published, so that visitors can find it:
// within about 2 seconds on a test network, and typically half a minute on the
// public one.
func (s *Service) Ready(ctx context.Context) error {
	return s.Await(ctx, func(st State) bool { return st.Published })
}

// SocksAddr is the address of tor's SOCKS5 port: "unix:" and a path, or
// "127.0.0.1:PORT"; "" while tor is down. Our tor serves onion addresses there
// and nothing else. Programs of ours use Dialer instead.
func (s *Service) SocksAddr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.socks
}

// CloseCircuit cuts off the visitor behind a circuit: all of its connections
// end at once. A circuit that is gone is no error.
func (s *Service) CloseCircuit(id uint32) error {
	s.mu.Lock()
	current := s.current
	s.mu.Unlock()
	if current == nil {
		return ErrDown
	}
	return current.ctl.closeCircuit(id, s.config.Patience)
}

// Wait returns when the service has ended by Close, and nothing of it is
// running any more.
func (s *Service) Wait() { <-s.done }

// Close ends the service and our tor, and returns when they are gone. It may be
// called more than once.
func (s *Service) Close() error {
	s.stop()
	<-s.done
	return nil
}

// update changes the state and wakes all who wait for that.
func (s *Service) update(change func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.state
	change(&s.state)
	if s.state != before {
		close(s.changed)
		s.changed = make(chan struct{})
	}
}
