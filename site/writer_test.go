package site_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"p2p.legal/peerfy/site"
)

// slow is a connection that takes a while for each write and honours its deadline.
type slow struct {
	header   http.Header
	pause    time.Duration
	deadline time.Time
	bytes    int
	files    int // times that the kernel could have copied from a file
}

func (s *slow) Header() http.Header { return s.header }
func (s *slow) WriteHeader(int)     {}

func (s *slow) SetWriteDeadline(t time.Time) error {
	s.deadline = t
	return nil
}

func (s *slow) Write(p []byte) (int, error) {
	time.Sleep(s.pause)
	if time.Now().After(s.deadline) {
		return 0, os.ErrDeadlineExceeded
	}
	s.bytes += len(p)
	return len(p), nil
}

// ReadFrom stands for net.TCPConn's: it is quick for a file under one limited reader.
func (s *slow) ReadFrom(r io.Reader) (int64, error) {
	limited, ok := r.(*io.LimitedReader)
	if !ok {
		return 0, errors.New("not a limited reader")
	}
	if _, ok := limited.R.(*os.File); ok {
		s.files++
	}
	return io.Copy(struct{ io.Writer }{s}, r)
}

// TestStall: a download that creeps along for hours ends whole; one that stands still for five minutes is cut.
func TestStall(t *testing.T) {
	content := strings.Repeat("a", 8<<20)
	for pause, whole := range map[time.Duration]bool{4 * time.Minute: true, 6 * time.Minute: false} {
		synctest.Test(t, func(t *testing.T) {
			c := &slow{header: http.Header{}, pause: pause}
			start := time.Now()
			_, err := io.Copy(site.NewWriter(c), strings.NewReader(content))
			if whole && (err != nil || c.bytes != len(content) || time.Since(start) < time.Hour) {
				t.Errorf("creeping: %v after %d bytes", err, c.bytes)
			}
			if !whole && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("standing still: %v", err)
			}
		})
	}
}

// TestSendfile: a file reaches the connection in a form that the kernel can copy by itself, chunk by chunk.
func TestSendfile(t *testing.T) {
	name := t.TempDir() + "/file"
	if err := os.WriteFile(name, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := &slow{header: http.Header{}}
	n, err := io.CopyN(site.NewWriter(c), f, 2<<20+1)
	if err != nil || n != 2<<20+1 || c.bytes != 2<<20+1 || c.files != 5 {
		t.Errorf("%d bytes (%v), %d chunks from the file", n, err, c.files)
	}
}
