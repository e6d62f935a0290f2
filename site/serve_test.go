package site_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"p2p.legal/peerfy/site"
	"p2p.legal/peerfy/store/storetest"
)

func copyAll(w io.Writer, r io.Reader) (int64, error) { return io.Copy(w, r) }

// TestLog asks for everything with marked paths, queries and headers: a line for each request, and none of
// the marks in it.
func TestLog(t *testing.T) {
	s := newShop(t)
	requests := 0
	for _, p := range append(s.everyPath(), "/marked-path", "/search?q=marked-query", "/browse/all?genre=marked-genre", "/r/"+s.gone, "/a/%00marked") {
		do(s, "GET", p, "User-Agent", "marked-agent", "Referer", "http://"+onion+"/marked-referer", "Cookie", "a=marked-cookie", "X-Forwarded-For", "198.51.100.7")
		requests++
	}
	do(s, "GET", "/", "Host", "marked.example")
	do(s, "MARKED", "/")
	log := s.log.String()
	for _, mark := range []string{"marked", "MARKED", "198.51.100.7", "192.0.2.1", s.album, s.closed, s.gone, "veilleurs", "Premières", onion, "storetest"} {
		if strings.Contains(log, mark) {
			t.Errorf("the log holds %q", mark)
		}
	}
	if n := strings.Count(log, "msg=request "); n != requests+2 {
		t.Errorf("%d lines for %d requests", n, requests+2)
	}
	if !strings.Contains(log, "method=GET route=release status=200 bytes=") || !strings.Contains(log, "method=other route=none status=405") {
		t.Errorf("the log's lines look like %.300s", log)
	}
}

// TestPanic: a mistake of ours becomes a page, or, when the answer has begun, a cut that nobody takes for its
// end; the log tells where, and nothing of the request.
func TestPanic(t *testing.T) {
	s := newShop(t, func(c *site.Config) {
		c.Status = func() site.StatusInfo { panic("marked value") }
	})
	s.wantStatus(t, http.StatusInternalServerError, "/status")
	s.get(t, "/about")
	if log := s.log.String(); strings.Contains(log, "marked") || !strings.Contains(log, "route=status") || !strings.Contains(log, "serve_test.go") {
		t.Errorf("the log says %.500s", log)
	}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("a broken answer ends with %v", p)
		}
	}()
	r := httptest.NewRequest("GET", "/about", nil)
	r.Host = onion
	s.ServeHTTP(broken{httptest.NewRecorder()}, r)
}

// broken is a connection that fails in a way that nobody foresaw.
type broken struct{ *httptest.ResponseRecorder }

func (broken) Write([]byte) (int, error) { panic("broken") }

// TestLimit: a circuit that asks too much is told how long to wait.
func TestLimit(t *testing.T) {
	refuse := false
	s := newShop(t, func(c *site.Config) {
		c.Limit = func(context.Context) (func(), time.Duration, bool) {
			if refuse {
				return nil, 1500 * time.Millisecond, false
			}
			return func() {}, 0, true
		}
	})
	s.get(t, "/")
	refuse = true
	r := s.wantStatus(t, http.StatusTooManyRequests, "/")
	if r.Header.Get("Retry-After") != "2" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("Retry-After %q, Cache-Control %q", r.Header.Get("Retry-After"), r.Header.Get("Cache-Control"))
	}
}

// TestCacheBound asks for more pages than fit: memory stays below the limit, and every page stays right.
func TestCacheBound(t *testing.T) {
	s := newShop(t)
	const limit = 300_000
	s.CacheLimit(limit)
	for i := range 300 {
		s.get(t, fmt.Sprintf("/browse/all?genre=g%d", i))
		if size, _ := s.Held(); size > limit {
			t.Fatalf("%d bytes are kept, more than %d", size, limit)
		}
	}
	if _, n := s.Held(); n < 5 || n > 200 {
		t.Errorf("%d answers are kept", n)
	}
	_, before := s.Held()
	for range 20 {
		s.get(t, "/search?q=something+private")
		do(s, "GET", "/nowhere")
		s.get(t, "/browse/all?genre=g299&unknown="+fmt.Sprint(rand.Int()))
	}
	if _, after := s.Held(); after != before {
		t.Errorf("searches, errors or unknown keys were kept: %d answers, then %d", before, after)
	}
}

// TestParallel asks from many goroutines while the catalogue changes.
func TestParallel(t *testing.T) {
	s := newShop(t)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 1))
			paths := s.everyPath()
			for range 40 {
				p := paths[random.IntN(len(paths))]
				if r := do(s, "GET", p, "Accept-Encoding", "gzip"); r.StatusCode != 200 {
					t.Errorf("%s: status %d", p, r.StatusCode)
				}
			}
		})
	}
	for i := range 5 {
		s.coop.Add(t, storetest.Work{Title: fmt.Sprintf("Pendant %d", i)})
	}
	group.Wait()
}

// TestUnixSocket serves over a unix socket, as behind tor, and stops gracefully: a download under way ends
// whole, and nothing is left running.
func TestUnixSocket(t *testing.T) {
	s := newShop(t)
	path := "/r/" + s.album + ".zip"
	content := s.get(t, path)
	l, err := net.Listen("unix", t.TempDir()+"/s")
	if err != nil {
		t.Fatal(err)
	}
	srv := site.Server(s, s.logger(), nil)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(tight{l}) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", l.Addr().String())
	}}
	r, err := (&http.Client{Transport: transport}).Get("http://" + onion + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if len(r.TransferEncoding) > 0 || r.ContentLength != int64(len(content)) || r.Header["Date"] != nil || r.Header["Server"] != nil {
		t.Errorf("length %d, encoding %v, headers %v", r.ContentLength, r.TransferEncoding, r.Header)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- srv.Shutdown(context.Background()) }()
	if err := <-served; err != http.ErrServerClosed {
		t.Fatal(err)
	}
	select {
	case <-stopped:
		t.Error("the server stopped while a download was under way")
	default:
	}
	got, err := io.ReadAll(r.Body)
	if err != nil || string(got) != content {
		t.Errorf("%d of %d bytes: %v", len(got), len(content), err)
	}
	transport.CloseIdleConnections()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	s.Close()
}

// tight makes connections that buffer little, so that a small download is under way until it is read.
type tight struct{ net.Listener }

func (l tight) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		err = c.(*net.UnixConn).SetWriteBuffer(1)
	}
	return c, err
}

// TestSettings: New refuses what cannot work.
func TestSettings(t *testing.T) {
	coop, members := storetest.New(t), newMembers(t)
	log := slog.New(slog.DiscardHandler)
	for name, c := range map[string]site.Config{
		"no store": {Members: members, Log: log, Onion: onion}, "no log": {DB: coop.DB, Members: members, Onion: onion},
		"no members": {DB: coop.DB, Log: log, Onion: onion},
		"no host":    {DB: coop.DB, Members: members, Log: log}, "no onion": {DB: coop.DB, Members: members, Log: log, Onion: "example.org"},
	} {
		if _, err := site.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := site.New(site.Config{DB: coop.DB, Members: members, Log: log, Hosts: []string{"127.0.0.1:1"}}); err != nil {
		t.Error(err)
	}
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"gzip": true, "gzip, deflate": true, "deflate,gzip": true, "gzip;q=0.001": true, "gzip; q=1": true, "gzip;q=1.000": true,
		"": false, "br": false, "gzip;q=0": false, "gzip; q=0.000": false, "xgzip": false, "identity": false,
	} {
		if got := site.AcceptsGzip(header); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

// FuzzSheet: no file name of a sprite does more than name a few entries.
func FuzzSheet(f *testing.F) {
	f.Add("s-123456kAAABBB.jpg")
	f.Add("s-.jpg")
	f.Add("s-123456" + strings.Repeat("A", 300) + ".jpg")
	f.Fuzz(func(t *testing.T, name string) {
		indexes, err := site.ParseSheet(name)
		if err == nil && (len(indexes) == 0 || len(indexes) > 24) {
			t.Errorf("%q names %d entries", name, len(indexes))
		}
		for _, i := range indexes {
			if i < 0 {
				t.Errorf("%q names entry %d", name, i)
			}
		}
	})
}

// FuzzAttachment: whatever a work is called, the header has one value and the name is a plain file name.
func FuzzAttachment(f *testing.F) {
	for _, s := range hostileStrings(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		v := site.Attachment(name)
		for i := range len(v) {
			if v[i] < ' ' || v[i] > '~' {
				t.Fatalf("%q holds a byte %#x", v, v[i])
			}
		}
		checkAttachment(t, name, v)
	})
}

// FuzzRequest sends any target: an answer below 500, one of ours, and nothing of the host's files.
func FuzzRequest(f *testing.F) {
	s := newShop(f)
	for _, p := range s.everyPath() {
		f.Add(p, "fr")
	}
	f.Add("/%2e%2e/etc/passwd", "*;q=0")
	f.Fuzz(func(t *testing.T, target, accept string) {
		if !strings.HasPrefix(target, "/") || strings.ContainsAny(target, " \r\n") {
			return
		}
		if _, err := http.NewRequest("GET", target, nil); err != nil {
			return
		}
		r := do(s, "GET", target, "Accept-Language", accept)
		if r.StatusCode >= 500 || r.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%q: status %d", target, r.StatusCode)
		}
	})
}
