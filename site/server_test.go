package site_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"p2p.legal/peerfy/site"
)

// TestWire compares what goes over a connection, where the headers of every answer are written below net/http,
// with what the handler answers without one: one after the other on one connection, and all sent at once.
func TestWire(t *testing.T) {
	s := newShop(t)
	etag := do(s, "GET", "/about").Header.Get("Etag")
	requests := [][]string{{"GET", "/no/such/page"}, {"GET", "/about", "If-None-Match", etag}, {"GET", "/about/"}, {"PUT", "/about"},
		{"GET", "/about", "Host", "evil.example"}, {"GET", "/r/" + s.album + ".zip", "Range", "bytes=7-70000"}, {"GET", "/r/" + s.album + ".zip", "Range", "bytes=99999999-"},
		{"GET", "/browse/all", "Accept-Encoding", "gzip"}, {"GET", "/browse/all", "Accept-Language", "fr"}}
	for _, p := range s.everyPath() {
		requests = append(requests, []string{"GET", p}, []string{"HEAD", p})
	}
	c, err := net.Dial("tcp", serve(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for _, r := range requests {
		sendTo(c, r)
		sameAnswer(t, s, in, r)
	}
	go func() { // both sockets may fill
		for _, r := range requests {
			sendTo(c, r)
		}
	}()
	for _, r := range requests {
		sameAnswer(t, s, in, r)
	}
}

// sendTo writes a request: method, target, and pairs of headers.
func sendTo(c net.Conn, r []string) {
	host, more := onion, ""
	for i := 2; i < len(r); i += 2 {
		if r[i] == "Host" {
			host = r[i+1]
			continue
		}
		more += r[i] + ": " + r[i+1] + "\r\n"
	}
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", r[0], r[1], host, more)
}

func sameAnswer(t *testing.T, s *shop, in *bufio.Reader, r []string) {
	t.Helper()
	got, err := http.ReadResponse(in, &http.Request{Method: r[0]})
	if err != nil {
		t.Fatalf("%q: %v", r, err)
	}
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatalf("%q: %v", r, err)
	}
	want := do(s, r[0], r[1], r[2:]...)
	delete(want.Header, "Date") // named, so that net/http leaves it out
	if got.StatusCode != want.StatusCode || !maps.EqualFunc(got.Header, want.Header, slices.Equal) {
		t.Errorf("%q: over the wire %d %v, want %d %v", r, got.StatusCode, got.Header, want.StatusCode, want.Header)
	}
	if r[1] != "/status" && string(body) != bodyOf(t, want) {
		t.Errorf("%q: %d bytes over the wire are not the answer's", r, len(body))
	}
}

// TestContinue: the headers of every answer stand in the answer, not in the leave to send a body; and a client
// of HTTP/1.0 gets them too.
func TestContinue(t *testing.T) {
	s := newShop(t)
	for request, before := range map[string]string{
		"POST /notice HTTP/1.1\r\nHost: " + onion + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\nurl=a": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 422 ",
		"GET /about HTTP/1.0\r\nHost: " + onion + "\r\n\r\n": "HTTP/1.0 200 ",
	} {
		c, err := net.Dial("tcp", serve(t, s))
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, request)
		b, err := io.ReadAll(c)
		if c.Close(); err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(strings.TrimPrefix(string(b), "HTTP/1.1 100 Continue\r\n\r\n"), "\r\n\r\n")
		if !strings.HasPrefix(string(b), before) || strings.Count(string(b), "Content-Security-Policy: ") != 1 || !strings.Contains(head, "\r\nContent-Security-Policy: ") {
			t.Errorf("%q is answered with %.600q", request, b)
		}
	}
}

// pipes is a listener of connections in memory, whose deadlines follow the clock of a test.
type pipes chan net.Conn

func (l pipes) Accept() (net.Conn, error) {
	c, ok := <-l
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (l pipes) Close() error   { close(l); return nil }
func (l pipes) Addr() net.Addr { return &net.UnixAddr{} }

// counted counts the deadlines that are really set.
type counted struct {
	net.Conn
	writes atomic.Int32
}

func (c *counted) SetWriteDeadline(t time.Time) error {
	c.writes.Add(1)
	return c.Conn.SetWriteDeadline(t)
}

// dial serves h on a connection in memory until the bubble ends.
func dial(t *testing.T, h http.HandlerFunc) (client net.Conn, server *counted) {
	client, far := net.Pipe()
	server = &counted{Conn: far}
	l := make(pipes, 1)
	l <- server
	srv := site.Server(h, slog.New(slog.DiscardHandler), nil)
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close(); client.Close() })
	return client, server
}

const shortRequest = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

func short(w http.ResponseWriter, _ *http.Request) {
	time.Sleep(time.Millisecond) // in which net/http begins to wait for the next request
	io.WriteString(w, "ok")
}

// ask sends a request and reads the answer.
func ask(t *testing.T, c net.Conn) {
	t.Helper()
	io.WriteString(c, shortRequest)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, r.Body)
}

// lives is how long the server keeps a connection on which nothing more is sent.
func lives(c net.Conn) time.Duration {
	start := time.Now()
	io.Copy(io.Discard, c)
	return time.Since(start)
}

// TestRequestTimes: a header has ten seconds, an idle connection two minutes.
func TestRequestTimes(t *testing.T) {
	t.Run("header", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := dial(t, short)
			io.WriteString(c, shortRequest[:9])
			if d := lives(c); d != 10*time.Second {
				t.Errorf("a header is waited for %v", d)
			}
		})
	})
	t.Run("second header", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := dial(t, short)
			ask(t, c)
			time.Sleep(time.Minute)
			io.WriteString(c, shortRequest[:9])
			if d := lives(c); d != 10*time.Second {
				t.Errorf("a second header is waited for %v", d)
			}
		})
	})
	t.Run("idle", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := dial(t, short)
			ask(t, c)
			if d := lives(c); d != 2*time.Minute {
				t.Errorf("an idle connection lives %v", d)
			}
		})
	})
}

// TestAnswerTimes: an answer that nobody reads has five minutes, one that is read slowly as long as it takes, and a
// visitor who has gone is noticed.
func TestAnswerTimes(t *testing.T) {
	t.Run("answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ended := make(chan time.Duration, 1)
			c, _ := dial(t, func(w http.ResponseWriter, _ *http.Request) {
				start := time.Now()
				w.Write(make([]byte, 1<<20))
				ended <- time.Since(start)
			})
			io.WriteString(c, shortRequest)
			if d := <-ended; d < 5*time.Minute || d > 6*time.Minute {
				t.Errorf("an answer that nobody reads is given up after %v", d)
			}
		})
	})
	t.Run("gone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ended := make(chan struct{})
			c, _ := dial(t, func(_ http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				close(ended)
			})
			io.WriteString(c, shortRequest)
			synctest.Wait()
			c.Close()
			<-ended
		})
	})
	t.Run("many", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server := dial(t, short)
			for range 100 {
				ask(t, c)
				time.Sleep(time.Second)
			}
			if n := server.writes.Load(); n > 3 {
				t.Errorf("%d write deadlines for 100 answers in 100 seconds", n)
			}
		})
	})
}

// TestOtherTag: a tag that only begins like the page's is not the page's.
func TestOtherTag(t *testing.T) {
	s := newShop(t)
	etag := do(s, "GET", "/about").Header.Get("Etag")
	for _, tag := range []string{etag[:len(etag)-1] + `x"`, etag[:len(etag)-1] + `.zz"`, etag[:len(etag)-1], etag[1:], `""`, `W/`} {
		if r := do(s, "GET", "/about", "If-None-Match", tag); r.StatusCode != http.StatusOK {
			t.Errorf("%s is taken for %s", tag, etag)
		}
	}
}
