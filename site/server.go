package site

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// HTTPServer is an http.Server over connections that save what a small answer need not cost: see [Server].
type HTTPServer struct{ *http.Server }

// Server is an HTTP/1.1 server for h with the time limits of a service whose visitors are strangers on slow
// circuits: a header must arrive in 10 s and fit 16 kB, an idle connection is kept for two minutes. There is
// no limit on a whole answer that makes progress, since a film over Tor takes hours: [Site] closes stalled ones itself.
// connContext may be nil; it lets the listener's knowledge of a connection (its circuit) reach the handler.
func Server(h http.Handler, l *slog.Logger, connContext func(context.Context, net.Conn) context.Context) *HTTPServer {
	return &HTTPServer{&http.Server{
		Handler: h,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			ours, ok := c.(*conn)
			if ok {
				c = ours.Conn // the listener knows its own
			}
			if connContext != nil {
				ctx = connContext(ctx, c)
			}
			if ok {
				ctx = context.WithValue(ctx, connKey{}, ours)
			}
			return ctx
		},
		ReadHeaderTimeout:            10 * time.Second,
		WriteTimeout:                 stall, // of the first chunk; Site moves it on as long as there is progress
		IdleTimeout:                  2 * time.Minute,
		MaxHeaderBytes:               16 << 10,
		DisableGeneralOptionsHandler: true, // "OPTIONS *" is refused like every odd method
		ErrorLog:                     log.New(discreet{l}, "", 0),
	}}
}

// Serve is http.Server's, over l.
func (s *HTTPServer) Serve(l net.Listener) error {
	return s.Server.Serve(listener{l, &sync.Pool{New: func() any { return new([]byte) }}})
}

// listener makes conns.
type listener struct {
	net.Listener
	buffers *sync.Pool // of *[]byte
}

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, buffers: l.buffers}, nil
}

type connKey struct{}

// conn is a connection below net/http that does two things more cheaply than it.
//
// It writes headers that are known beforehand itself, in one piece behind the status line: net/http collects
// headers in a map, copies it, sorts it and writes it piece by piece, at a third of a microsecond for each, and
// far more from the ninth on.
//
// It sets a deadline only when a Read or Write is about to need one, and moves a write deadline only when that
// changes it by a minute: net/http sets five for an answer, each a timer of the runtime's, and nearly all of
// them are taken back before anything had to wait.
type conn struct {
	net.Conn
	buffers *sync.Pool

	// Of the goroutine that serves the connection, which alone writes.
	head    []byte // lines that follow the next status line, none when empty
	writeBy time.Time
	writing time.Time // the deadline that is set

	mu      sync.Mutex // guards what follows: a read in the background is called off by its deadline
	inRead  bool
	readBy  time.Time
	reading time.Time
}

// slack is how much later than asked a write may be given up.
const slack = time.Minute

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.writeBy = t
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readBy = t
	if c.inRead {
		return c.setRead()
	}
	return nil
}

// setRead makes the deadline asked for the one that is. c.mu is held.
func (c *conn) setRead() error {
	if c.readBy.Equal(c.reading) {
		return nil
	}
	c.reading = c.readBy
	return c.Conn.SetReadDeadline(c.readBy)
}

func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	err := c.setRead()
	c.inRead = true
	c.mu.Unlock()
	n := 0
	if err == nil {
		n, err = c.Conn.Read(p)
	}
	c.mu.Lock()
	c.inRead = false
	c.mu.Unlock()
	return n, err
}

// setWrite makes the deadline asked for, or one that is a little later, the one that is.
func (c *conn) setWrite() error {
	if late := c.writing.Sub(c.writeBy); late >= 0 && late <= slack {
		return nil
	}
	if c.writing = c.writeBy; !c.writeBy.IsZero() {
		c.writing = c.writeBy.Add(slack)
	}
	return c.Conn.SetWriteDeadline(c.writing)
}

func (c *conn) Write(p []byte) (int, error) {
	if err := c.setWrite(); err != nil {
		return 0, err
	}
	if len(c.head) == 0 || bytes.HasPrefix(p, []byte("HTTP/1.1 1")) { // 100: the answer is still to come
		return c.Conn.Write(p)
	}
	head := c.head
	c.head = nil
	line := bytes.Index(p, []byte("\r\n")) + 2
	if line < 2 || !bytes.HasPrefix(p, []byte("HTTP/1.")) {
		return 0, errors.New("an answer without a status line")
	}
	b := c.buffers.Get().(*[]byte)
	defer c.buffers.Put(b)
	*b = append(append(append((*b)[:0], p[:line]...), head...), p[line:]...)
	n, err := c.Conn.Write(*b)
	return min(max(n-len(head), 0), len(p)), err
}

// ReadFrom keeps the kernel's copying from file to socket where the connection has it.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	to, ok := c.Conn.(io.ReaderFrom)
	if !ok {
		return io.CopyBuffer(onlyWriter{c}, r, make([]byte, 32<<10))
	}
	if err := c.setWrite(); err != nil {
		return 0, err
	}
	return to.ReadFrom(r)
}

// CloseWrite lets net/http end an answer before the request has been read.
func (c *conn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// discreet counts the server's own complaints without repeating them: they quote addresses and requests.
type discreet struct{ log *slog.Logger }

// Write logs that there was something to say.
func (d discreet) Write(p []byte) (int, error) {
	d.log.Debug("a connection ended badly")
	return len(p), nil
}
