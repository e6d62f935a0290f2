package site

import (
	"io"
	"net/http"
	"os"
	"time"
)

const (
	stall = 5 * time.Minute // without progress, then a connection is closed
	chunk = 512 << 10       // bytes between two looks at the clock: 1.7 kB/s is still progress
)

// writer counts what is sent and closes a stalled connection: every chunk has a deadline of its own, so a
// slow download may take days and a dead one five minutes. The first chunk of an answer begun at the time set has
// the server's own deadline (see Server): a page costs no second one.
type writer struct {
	http.ResponseWriter
	conn   *conn     // nil when the server is not ours (in tests)
	set    time.Time // when the deadline was last moved
	status int
	bytes  int64
	mute   bool // the body is dropped: the server's own words for an unusable range
	cut    bool // the connection must not be reused: the body is shorter than announced
}

// extend gives the next chunk its time. Writers without deadlines (in tests) have none to move.
func (w *writer) extend() {
	now := time.Now()
	if now.Sub(w.set) < time.Second {
		return
	}
	w.set = now
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(now.Add(stall))
}

// WriteHeader notes the status. Of 416 it drops the text: net/http's words would name the software.
func (w *writer) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	if status == http.StatusRequestedRangeNotSatisfiable {
		w.mute = true
		w.Header().Del("Content-Type")
		w.Header().Set("Content-Length", "0")
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends p in chunks, each with its own deadline.
func (w *writer) Write(p []byte) (n int, err error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.mute {
		return len(p), nil
	}
	for n < len(p) && err == nil {
		w.extend()
		var m int
		m, err = w.ResponseWriter.Write(p[n:min(n+chunk, len(p))])
		n += m
		w.bytes += int64(m)
	}
	return n, err
}

// ReadFrom keeps the kernel's copying from file to socket where the connection has it: the chunks are
// limited readers directly over the file.
func (w *writer) ReadFrom(r io.Reader) (n int64, err error) {
	limited, ok := r.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: r, N: 1<<63 - 1}
	}
	to, fast := w.ResponseWriter.(io.ReaderFrom)
	if _, isFile := limited.R.(*os.File); !fast || !isFile || w.mute {
		return io.CopyBuffer(onlyWriter{w}, r, make([]byte, 32<<10))
	}
	for limited.N > 0 {
		w.extend()
		part := &io.LimitedReader{R: limited.R, N: min(limited.N, chunk)}
		m, err := to.ReadFrom(part)
		n += m
		w.bytes += m
		limited.N -= m
		if err != nil || m == 0 {
			return n, err
		}
	}
	return n, nil
}

// onlyWriter hides ReadFrom from io.Copy.
type onlyWriter struct{ io.Writer }

// Unwrap lets http.ResponseController reach the connection.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
