package onion

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	// headerLimit is how long a connection may take to say which circuit it
	// belongs to. Tor says so in its first packet.
	headerLimit = 5 * time.Second
	// maxPending is how many connections may be at that point at the same time;
	// more wait in the kernel.
	maxPending = 64
	// shortage is the pause when the process has no file descriptor left.
	shortage = 50 * time.Millisecond
)

// Listen opens the unix socket that a service forwards to (Config.Target): mode
// 0600, in a folder that is made with mode 0700, or refused if others can enter
// it. A socket that a dead process left behind is replaced; one in use is an
// error.
//
// Accept returns connections that said which circuit they belong to, in the
// PROXY line that tor puts before each stream; that line is taken off. All
// others are closed. Pass ConnContext to the http.Server, and CircuitID finds
// the number.
func Listen(path string) (net.Listener, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("site socket: %w", err)
	}
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("site socket: %q is too long a path for a unix socket", path)
	}
	if err := privateDir(filepath.Dir(path), false); err != nil {
		return nil, fmt.Errorf("site socket: %w", err)
	}
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("site socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("site socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("site socket: %w", err), l.Close())
	}
	return newListener(l), nil
}

// removeStale removes a socket that nobody listens on. Anything else at that
// path is left alone.
func removeStale(path string) error {
	st, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if st.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("%s exists and is not a socket", path)
	}
	c, err := net.DialTimeout("unix", path, headerLimit)
	if err == nil {
		return errors.Join(fmt.Errorf("%s is in use by another process", path), c.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// listener reads the header of each connection beside Accept, so that a slow
// one holds up no other.
type listener struct {
	net.Listener
	ready   chan *conn
	failed  chan error
	pending chan struct{} // one token for each header being read
	quit    chan struct{} // closed by Close
	once    sync.Once
	readers sync.WaitGroup
}

func newListener(l net.Listener) *listener {
	nl := &listener{Listener: l, ready: make(chan *conn), failed: make(chan error, 1),
		pending: make(chan struct{}, maxPending), quit: make(chan struct{})}
	nl.readers.Add(1)
	go nl.accept()
	return nl
}

func (l *listener) accept() {
	defer l.readers.Done()
	for {
		select {
		case l.pending <- struct{}{}:
		case <-l.quit:
			return
		}
		c, err := l.acceptOne()
		if err != nil {
			l.failed <- err
			return
		}
		l.readers.Add(1)
		go l.introduce(c)
	}
}

// acceptOne waits out a shortage of file descriptors, and visitors that left
// while they waited.
func (l *listener) acceptOne() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		passing := errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED)
		if !passing {
			return c, err
		}
		select {
		case <-time.After(shortage):
		case <-l.quit:
			return nil, net.ErrClosed
		}
	}
}

// introduce reads a connection's header and hands it to Accept, or closes it.
func (l *listener) introduce(c net.Conn) {
	defer l.readers.Done()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-l.quit:
			_ = c.SetReadDeadline(time.Unix(1, 0))
		case <-stop:
		}
	}()
	nc, err := readHeader(c)
	<-l.pending
	if err == nil {
		select {
		case l.ready <- nc:
			return
		case <-l.quit:
		}
	}
	c.Close()
}

// readHeader takes the PROXY line off a connection. What came with it is kept
// for the first reads.
func readHeader(c net.Conn) (*conn, error) {
	if err := c.SetReadDeadline(time.Now().Add(headerLimit)); err != nil {
		return nil, err
	}
	var buf [maxProxyLine]byte
	n := 0
	for n < len(buf) {
		m, err := c.Read(buf[n:])
		n += m
		if end := lineEnd(buf[:n]); end > 0 {
			h, err := ParseProxyHeader(buf[:end])
			if err != nil {
				return nil, err
			}
			return &conn{Conn: c, circuit: h.Circuit, rest: append([]byte(nil), buf[end:n]...)}, c.SetReadDeadline(time.Time{})
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, errProxyHeader
}

// Accept returns the next connection that introduced itself.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.ready:
		return c, nil
	case err := <-l.failed:
		l.failed <- err
		return nil, err
	case <-l.quit:
		return nil, net.ErrClosed
	}
}

// Close removes the socket and returns when no connection is left on its way to
// Accept.
func (l *listener) Close() error {
	err := net.ErrClosed
	l.once.Do(func() {
		close(l.quit)
		err = l.Listener.Close()
		l.readers.Wait()
	})
	return err
}

// conn is a connection of a known circuit.
type conn struct {
	net.Conn
	circuit uint32
	rest    []byte
}

func (c *conn) Read(b []byte) (int, error) {
	if len(c.rest) > 0 {
		n := copy(b, c.rest)
		c.rest = c.rest[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// circuitKey is the key of a circuit's number in a context.
type circuitKey struct{}

// ConnContext is made for http.Server.ConnContext: requests on connections of a
// Listen listener get their circuit's number. Other connections are left as
// they are.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if c, ok := c.(*conn); ok {
		return context.WithValue(ctx, circuitKey{}, c.circuit)
	}
	return ctx
}

// CircuitID returns the number of the circuit that a request came on, which is
// also its name for CloseCircuit. Requests of one visitor to one site share a
// circuit for some minutes; different visitors never do. It must not be logged
// or stored.
func CircuitID(ctx context.Context) (id uint32, ok bool) {
	id, ok = ctx.Value(circuitKey{}).(uint32)
	return id, ok
}
