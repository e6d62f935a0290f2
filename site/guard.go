package site

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// manners sets what every answer carries, errors too. There is no Date, Server or Last-Modified: a clock's
// drift and a file's time tell machines apart.
func manners(w *writer) {
	h := w.Header()
	h["Date"] = nil
	h["X-Content-Type-Options"] = nosniff // net/http would set it a second time, with errors of its own
	if w.conn != nil {
		w.conn.head = mannerLines
		return
	}
	for _, m := range mannerList {
		h[m.name] = m.values
	}
}

// header is one of an answer.
type header struct {
	name   string
	values []string
}

var mannerList = []header{
	{"Content-Security-Policy", []string{"default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}},
	{"Cross-Origin-Opener-Policy", sameOrigin},
	{"Cross-Origin-Resource-Policy", sameOrigin},
	{"Referrer-Policy", sameOrigin}, // no-referrer would make plain Firefox send forms with Origin: null
}

var mannerLines = lines(mannerList)

// lines are headers as they stand in an answer.
func lines(list []header) (b []byte) {
	for _, m := range list {
		for _, v := range m.values {
			b = append(b, m.name+": "+v+"\r\n"...)
		}
	}
	return b
}

// Values of headers are shared slices, only ever read: a header that never changes costs no allocation.
var (
	nosniff    = []string{"nosniff"}
	sameOrigin = []string{"same-origin"}
	noStore    = []string{"no-store"}
	noCache    = []string{"no-cache"} // kept, but asked about each time; the ETag answers
	immutable  = []string{"public, max-age=31536000, immutable"}
	gzipped    = []string{"gzip"}
	varyAll    = []string{"Accept-Language, Accept-Encoding"}
	varyGzip   = []string{"Accept-Encoding"}
)

// guard refuses what no visitor of ours sends. It looks at the request alone.
func (s *Site) guard(r *http.Request) error {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
		return methodNotAllowed
	case len(r.RequestURI) > maxURL:
		return uriTooLong
	case r.URL.Host != "" || r.URL.Scheme != "" || r.URL.Opaque != "" || !strings.HasPrefix(r.URL.Path, "/"):
		return badRequest
	case !s.hosts[r.Host] && !s.hosts[strings.ToLower(r.Host)]:
		return misdirected
	case !cleanPath(r.URL):
		return badRequest
	}
	return nil
}

// cleanPath reports whether a path says plainly where it leads: no step out, no empty or hidden part, no
// encoded separator, nothing that is not text.
func cleanPath(u *url.URL) bool {
	if u.RawPath != "" {
		raw := strings.ToLower(u.RawPath)
		if strings.Contains(raw, "%2f") || strings.Contains(raw, "%5c") {
			return false
		}
	}
	if !utf8.ValidString(u.Path) || strings.ContainsFunc(u.Path, isForbidden) {
		return false
	}
	path := strings.TrimSuffix(u.Path[1:], "/")
	if path == "" {
		return u.Path == "/"
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}

func isForbidden(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }

// allows reports whether the route answers this method.
func (r *route) allows(method string) bool {
	for m := range strings.SplitSeq(r.methods[0], ", ") {
		if m == method {
			return true
		}
	}
	return false
}
