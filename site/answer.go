package site

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// answer is a finished response: bytes that any number of requests may share, with the headers that depend
// on them made ready.
type answer struct {
	status       int
	contentType  []string
	cacheControl []string
	vary         []string
	plain        body
	gzip         body // made by compressed; no bytes when compressing does not help
	tag          string
	zip          sync.Once
}

type body struct {
	bytes  []byte
	length []string
	etag   []string
	lines  []byte // all headers but the length, as they stand in an answer; none before pack
	later  bool   // to be made for the first who asks
}

// newAnswer takes ownership of b. Unless it is a picture it will be compressed, once, for whoever takes that.
func newAnswer(status int, contentType string, b []byte) *answer {
	sum := sha256.Sum256(b)
	tag := base64.RawURLEncoding.EncodeToString(sum[:15])
	a := &answer{status: status, contentType: []string{contentType}, cacheControl: noCache, vary: varyGzip, tag: tag}
	a.plain = newBody(b, tag)
	a.gzip.later = !strings.HasPrefix(contentType, "image/")
	return a
}

func newBody(b []byte, tag string) body {
	return body{bytes: b, length: []string{strconv.Itoa(len(b))}, etag: []string{`"` + tag + `"`}}
}

// compressed is the gzip body.
func (a *answer) compressed() *body {
	a.zip.Do(func() {
		if !a.gzip.later {
			return
		}
		a.gzip = body{}
		if z := compress(a.plain.bytes); len(z) < a.mostZipped() {
			a.gzip = newBody(z, a.tag+zippedTag)
			if a.plain.lines != nil {
				a.gzip.lines = a.linesOf(&a.gzip)
			}
		}
	})
	return &a.gzip
}

// pack makes the headers ready, too. Nothing of the answer may change afterwards.
func (a *answer) pack() { a.plain.lines = a.linesOf(&a.plain) }

func (a *answer) linesOf(b *body) []byte {
	return append(bytes.Clone(mannerLines), lines(a.headers(b))...)
}

// headers are those of an answer with b, but for its length.
func (a *answer) headers(b *body) []header {
	list := []header{{"Cache-Control", a.cacheControl}, {"Content-Type", a.contentType}, {"Vary", a.vary}}
	if a.status == http.StatusOK {
		list = append(list, header{"Etag", b.etag})
	}
	if b == &a.gzip {
		list = append(list, header{"Content-Encoding", gzipped})
	}
	return list
}

// zippedTag ends the tag of a compressed body.
const zippedTag = ".z"

// mostZipped is the length from which on compressing does not help.
func (a *answer) mostZipped() int { return len(a.plain.bytes) * 9 / 10 }

// gzips are compressors for reuse: a new one costs as much as compressing a page.
var gzips = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// compress is gzip: the only encoding that Tor Browser asks an http onion for.
func compress(b []byte) []byte {
	var buf bytes.Buffer
	buf.Grow(len(b) / 2)
	w := gzips.Get().(*gzip.Writer)
	defer gzips.Put(w)
	w.Reset(&buf)
	w.Write(b) // a bytes.Buffer takes everything
	w.Close()
	return bytes.Clone(buf.Bytes())
}

// size is what the answer costs the cache, or may come to cost. It must not be called once others have the answer.
func (a *answer) size() int64 {
	const overhead = 2 << 10 // headers, list and map
	zipped := len(a.gzip.bytes)
	if a.gzip.later {
		zipped = a.mostZipped()
	}
	return int64(len(a.plain.bytes)+zipped) + overhead
}

// send answers r with a: 304 when the visitor has it already.
func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	b := &a.plain
	if acceptsGzip(r.Header.Get("Accept-Encoding")) && len(a.compressed().bytes) > 0 {
		b = &a.gzip
	}
	if a.status == http.StatusOK && a.known(r.Header.Get("If-None-Match")) {
		h["Cache-Control"], h["Etag"], h["Vary"] = a.cacheControl, b.etag, a.vary
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Length"] = b.length
	if out, ok := w.(*writer); ok && out.conn != nil && b.lines != nil {
		out.conn.head = b.lines
		h["Content-Type"] = nil // it stands there
	} else {
		for _, m := range a.headers(b) {
			h[m.name] = m.values
		}
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		w.Write(b.bytes) // a visitor who has gone is not an error
	}
}

// known reports whether an If-None-Match names these bytes, compressed or not.
func (a *answer) known(header string) bool {
	if header == "" {
		return false
	}
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == "*" {
			return true
		}
		if tag, ok := strings.CutPrefix(tag, `"`+a.tag); ok && (tag == `"` || tag == zippedTag+`"`) {
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
