package site_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"p2p.legal/peerfy/site"
)

// TestHeaders sees on every route what is promised of every answer.
func TestHeaders(t *testing.T) {
	s := newShop(t)
	want := map[string]string{
		"Content-Security-Policy":      "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Server":                       "",
		"Date":                         "",
		"Last-Modified":                "",
		"Set-Cookie":                   "",
		"Onion-Location":               "",
	}
	paths := append(s.everyPath(), "/nowhere", "/r/"+s.gone, "/r/"+s.closed+".zip", "/join", "/about/")
	for _, path := range paths {
		for _, prefix := range []string{"", "/fr", "/en"} {
			r := do(s, "GET", prefix+path)
			for name, value := range want {
				if got := r.Header.Get(name); got != value {
					t.Errorf("%s%s: %s is %q, want %q", prefix, path, name, got, value)
				}
			}
			if r.Header.Get("Cache-Control") == "" || r.StatusCode == http.StatusOK && r.Header.Get("Content-Type") == "" {
				t.Errorf("%s%s: no Cache-Control or Content-Type: %v", prefix, path, r.Header)
			}
		}
	}
	for _, path := range s.everyPath() {
		s.wantStatus(t, http.StatusOK, path)
		get, head := do(s, "GET", path), do(s, "HEAD", path)
		if body := bodyOf(t, head); body != "" {
			t.Errorf("HEAD %s: a body of %d bytes", path, len(body))
		}
		length := fmt.Sprint(len(bodyOf(t, get)))
		if head.StatusCode != 200 || head.Header.Get("Content-Length") != length || get.Header.Get("Content-Length") != length {
			t.Errorf("HEAD %s: status %d, length %s; GET announces %s and sends %s", path, head.StatusCode, head.Header.Get("Content-Length"), get.Header.Get("Content-Length"), length)
		}
	}
}

// TestRefusals sends what browsers do not and wants a page that says so, and nothing of the answer.
func TestRefusals(t *testing.T) {
	s := newShop(t)
	long := "/search?q=" + strings.Repeat("a", 3000)
	cases := []struct {
		method, target, host string
		want                 int
	}{
		{"GET", "/", "evil.example", 421}, {"GET", "/", "", 421}, {"GET", "/", "sub." + onion, 421},
		{"GET", "/", onion + ":8080", 421}, {"GET", "/", "127.0.0.1", 421}, {"GET", "/", onion + ".", 421},
		{"GET", "/", onion + ":80", 200}, {"GET", "/", strings.ToUpper(onion), 200}, {"GET", "/", "127.0.0.1:8080", 200},
		{"PUT", "/", onion, 405}, {"DELETE", "/about", onion, 405}, {"PATCH", "/", onion, 405}, {"OPTIONS", "/", onion, 405},
		{"TRACE", "/", onion, 405}, {"CONNECT", "/", onion, 405}, {"BREW", "/", onion, 405}, {"POST", "/", onion, 405},
		{"POST", "/r/" + s.album, onion, 405}, {"POST", "/nowhere", onion, 404},
		{"GET", "http://" + onion + "/about", onion, 400}, {"GET", "http://evil.example/about", onion, 400},
		{"GET", "/../etc/passwd", onion, 400}, {"GET", "/%2e%2e/%2e%2e/etc/passwd", onion, 400}, {"GET", "/a/..%2fx", onion, 400},
		{"GET", "/r/%2e%2e", onion, 400}, {"GET", "/seed/" + s.album + "/x/%2e%2e/%2e%2e/peerfy.db", onion, 400},
		{"GET", "/a/x%00.css", onion, 400}, {"GET", "/a/x%0d%0aSet-Cookie:%20a", onion, 400}, {"GET", "/a%5cb", onion, 400},
		{"GET", "/r/%ff%fe", onion, 400}, {"GET", "//about", onion, 400}, {"GET", "/r//x", onion, 400}, {"GET", "/.", onion, 400},
		{"GET", long, onion, 414}, {"GET", "/browse/all?genre=" + strings.Repeat("a", 300), onion, 400},
		{"GET", "/browse/all?genre=%ff", onion, 400}, {"GET", "/search?q=%zz", onion, 400},
		{"GET", "/browse/cassette", onion, 404}, {"GET", "/browse/all?page=0", onion, 404}, {"GET", "/browse/all?page=99", onion, 404},
		{"GET", "/browse/all?page=1e3", onion, 404}, {"GET", "/browse/all?sort=price", onion, 404}, {"GET", "/browse/all?year=x", onion, 404},
		{"GET", "/r/nothing", onion, 404}, {"GET", "/r/aaaaaaaaaaaaaaaaaaaa", onion, 404}, {"GET", "/r/" + s.album + ".exe", onion, 404},
		{"GET", "/r/" + s.album + "/play?track=9", onion, 404}, {"GET", "/r/" + s.album + "/play?track=01", onion, 404},
		{"GET", "/r/" + s.album + "/play?track=1&at=99999", onion, 404}, {"GET", "/r/" + s.album + "/play?track=1&at=NaN", onion, 404},
		{"GET", "/r/" + s.album + "/play?track=1&q=9000", onion, 404}, {"GET", "/t/" + s.album + "-1.webm", onion, 404},
		{"GET", "/t/" + s.album + "-09.webm", onion, 404}, {"GET", "/o/00", onion, 404}, {"GET", "/artist/nobody", onion, 404},
		{"GET", "/series/none", onion, 404}, {"GET", "/ledger/entry/-1", onion, 404}, {"GET", "/ledger/entry/99999", onion, 404},
		{"GET", "/ledger?before=99999", onion, 404}, {"GET", "/ledger/tile/0/999", onion, 404}, {"GET", "/ledger/tile/x", onion, 404},
		{"GET", "/a/s-.jpg", onion, 404}, {"GET", "/a/s-xxxxxx!!.jpg", onion, 404}, {"GET", "/a/none.css", onion, 404},
		{"GET", "/account/redeem", onion, 405}, {"GET", "/my/nothing", onion, 404}, {"GET", "/accounts/2026-03/coins.bin", onion, 404}, {"GET", "/mirrors", onion, 404},
		{"GET", "/r/" + s.gone, onion, 410}, {"GET", "/r/" + s.gone + ".zip", onion, 410}, {"GET", "/t/" + s.gone + "-01.webm", onion, 410},
		{"GET", "/r/" + s.gone + ".json", onion, 410}, {"GET", "/r/" + s.gone + "/play", onion, 410}, {"GET", "/e/" + s.gone + "-01.webm", onion, 410},
		{"GET", "/r/" + s.closed + ".zip", onion, 403}, {"GET", "/r/" + s.closed + ".torrent", onion, 403}, {"GET", "/r/" + s.closed + ".magnet", onion, 403},
		{"GET", "/t/" + s.closed + "-01.webm", onion, 403}, {"GET", "/r/" + s.closed + "/album.webm", onion, 403},
		{"GET", "/r/" + s.closed + "/files/01%20-%20Aurore.flac", onion, 403}, {"GET", "/r/" + s.closed + "/play?track=all", onion, 403},
	}
	for _, c := range cases {
		r := do(s, c.method, c.target, "Host", c.host)
		if r.StatusCode != c.want {
			t.Errorf("%s %.60s to %q: status %d, want %d", c.method, c.target, c.host, r.StatusCode, c.want)
		}
		if c.want == 405 && r.Header.Get("Allow") == "" {
			t.Errorf("%s %s: Allow is %q", c.method, c.target, r.Header.Get("Allow"))
		}
		if c.want >= 400 && r.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s %.60s: refused with %q instead of a page", c.method, c.target, r.Header.Get("Content-Type"))
		}
		if body := bodyOf(t, r); c.want >= 400 && (strings.Contains(body, "root:") || strings.Contains(body, "media of")) {
			t.Errorf("%s %.60s: the refusal holds content", c.method, c.target)
		}
	}
}

// TestRawRequests speaks to a real server as no library would.
func TestRawRequests(t *testing.T) {
	s := newShop(t)
	address := serve(t, s)
	for request, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: " + onion + "\r\n\r\n":                              "200",
		"GET / HTTP/1.0\r\n\r\n":                                                     "421",
		"OPTIONS * HTTP/1.1\r\nHost: " + onion + "\r\n\r\n":                          "405",
		"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n":        "405",
		"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: " + onion + "\r\n\r\n":      "400",
		"GET http://evil.example/ HTTP/1.1\r\nHost: " + onion + "\r\n\r\n":           "400",
		"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n":                               "400",
		"GET /" + strings.Repeat("x", 40<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n":       "431",
		"GET /a/%00 HTTP/1.1\r\nHost: " + onion + "\r\n\r\n":                         "400",
		"POST /notice HTTP/1.1\r\nHost: " + onion + "\r\nContent-Length: -1\r\n\r\n": "400",
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, request)
		head, err := readHead(conn)
		conn.Close()
		if err != nil || !strings.HasPrefix(head, "HTTP/1.1 "+want) && !strings.HasPrefix(head, "HTTP/1.0 "+want) {
			t.Errorf("%.50q: %.40q (%v), want %s", request, head, err, want)
		}
		if strings.Contains(head, "\nServer:") || strings.Contains(head, "\nDate:") {
			t.Errorf("%.50q: the answer names software or time: %q", request, head)
		}
	}
}

// readHead reads status line and headers.
func readHead(conn net.Conn) (string, error) {
	var b strings.Builder
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		b.WriteString(line)
		if err != nil || line == "\r\n" {
			return b.String(), err
		}
	}
}

// serve runs the site's own server on loopback until the test ends.
func serve(t testing.TB, s *shop) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := site.Server(s, s.logger(), nil)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-done; err != http.ErrServerClosed {
			t.Errorf("the server ended with %v", err)
		}
	})
	return l.Addr().String()
}
