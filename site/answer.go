package site

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// answer is a finished response: bytes that any number of requests may share, with the headers that depend
// on them made ready.
type answer struct {
	status       int
	contentType  []string
	cacheControl []string
	vary         []string
	plain        body
	gzip         body // no bytes when compressing does not help
}

type body struct {
	bytes  []byte
	length []string
	etag   []string
}

// newAnswer takes ownership of b. Text is compressed now, once.
func newAnswer(status int, contentType string, b []byte) *answer {
	sum := sha256.Sum256(b)
	tag := base64.RawURLEncoding.EncodeToString(sum[:15])
	a := &answer{status: status, contentType: []string{contentType}, cacheControl: noCache, vary: varyGzip}
	a.plain = newBody(b, tag)
	if z := compress(b); len(z) < len(b)*9/10 {
		a.gzip = newBody(z, tag+".z")
	}
	return a
}

func newBody(b []byte, tag string) body {
	return body{b, []string{strconv.Itoa(len(b))}, []string{`"` + tag + `"`}}
}

// compress is gzip: the only encoding that Tor Browser asks an http onion for.
func compress(b []byte) []byte {
	var buf bytes.Buffer
	buf.Grow(len(b) / 2)
	w := gzip.NewWriter(&buf)
	w.Write(b) // a bytes.Buffer takes everything
	w.Close()
	return bytes.Clone(buf.Bytes())
}

// size is what the answer costs the cache.
func (a *answer) size() int64 {
	const overhead = 1 << 10 // headers, list and map
	return int64(len(a.plain.bytes)+len(a.gzip.bytes)) + overhead
}

// send answers r with a: 304 when the visitor has it already.
func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	b := &a.plain
	if len(a.gzip.bytes) > 0 && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		b = &a.gzip
		h["Content-Encoding"] = gzipped
	}
	h["Cache-Control"] = a.cacheControl
	h["Vary"] = a.vary
	if a.status == http.StatusOK {
		h["Etag"] = b.etag
		if a.known(r.Header.Get("If-None-Match")) {
			delete(h, "Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h["Content-Type"] = a.contentType
	h["Content-Length"] = b.length
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		w.Write(b.bytes) // a visitor who has gone is not an error
	}
}

// known reports whether an If-None-Match names these bytes, compressed or not.
func (a *answer) known(header string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag != "" && (tag == "*" || tag == a.plain.etag[0] || a.gzip.etag != nil && tag == a.gzip.etag[0]) {
			return true
		}
	}
	return false
}

// acceptsGzip reads an Accept-Encoding header: gzip is named and not given the quality zero.
func acceptsGzip(header string) bool {
	for item := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(item, ";")
		if strings.TrimSpace(name) != "gzip" {
			continue
		}
		q = strings.ReplaceAll(q, " ", "")
		return !strings.HasPrefix(q, "q=0") || strings.Trim(q[3:], ".0") != ""
	}
	return false
}
