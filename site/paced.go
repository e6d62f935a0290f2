package site

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"p2p.legal/peerfy/royalty/listen"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
)

// Members' streams go out at the pace of listening, and what went out is counted: see package listen. Nothing
// of it is cached by the browser, since what is not asked for again cannot be counted again.

// paced is a ResponseWriter whose body goes out at the pace of a pass. Which bytes these are it reads from the
// answer's own header.
type paced struct {
	http.ResponseWriter
	q      *request
	site   *Site
	seat   *seat
	parts  []listen.Part
	stream *listen.Stream // nil before the header, and when nothing is streamed
	err    error
}

// tooManyStreams is told as a page: nothing was sent yet.
func tooManyStreams(most int64) *problem {
	return &problem{status: http.StatusTooManyRequests, words: "streams", args: []any{most}, wait: 20 * time.Second}
}

// WriteHeader begins the stream at the offset that the answer has.
func (p *paced) WriteHeader(status int) {
	if status == http.StatusOK || status == http.StatusPartialContent {
		if p.q.Method == http.MethodGet {
			p.begin()
		}
	}
	if p.err == nil {
		p.ResponseWriter.WriteHeader(status)
	}
}

func (p *paced) begin() {
	stream, err := p.seat.ear.Begin(p.parts, offsetOf(p.Header().Get("Content-Range")))
	switch {
	case errors.Is(err, listen.ErrTooMany):
		p.err = tooManyStreams(p.site.rule().Parallel)
	case err != nil:
		p.err = err
	default:
		p.stream = stream
	}
}

// offsetOf is the first byte of a Content-Range header, 0 without one.
func offsetOf(header string) int64 {
	from, _, _ := strings.Cut(strings.TrimPrefix(header, "bytes "), "-")
	n, _ := strconv.ParseInt(from, 10, 64)
	return n
}

// Write sends b as the pace allows.
func (p *paced) Write(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	if p.stream == nil {
		return p.ResponseWriter.Write(b)
	}
	n, err := p.ReadFrom(bytes.NewReader(b))
	if err == nil && int(n) < len(b) {
		err = io.ErrShortWrite // the parts end before the body
	}
	return int(n), err
}

// ReadFrom sends what r has as the pace allows. It takes a buffer only when there is something to send: of thousands
// of streams nearly all wait, and a buffer for each would cost more memory than all the rest of them.
func (p *paced) ReadFrom(r io.Reader) (n int64, err error) {
	if p.stream == nil {
		return io.Copy(onlyWriter{p}, r)
	}
	limited, ok := r.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: r, N: 1<<63 - 1}
	}
	for limited.N > 0 && err == nil {
		var may int64
		if may, err = p.stream.Wait(p.q.Context(), limited.N); err == nil {
			var m int
			m, err = p.move(limited, may)
			n += int64(m)
			p.sent(m) // which may wait for the disk: the buffer is free again
		}
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// pieces are buffers for what is sent at a time.
var pieces = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// move sends the next bytes of r, at most may. What is left of those stays granted.
func (p *paced) move(r io.Reader, may int64) (int, error) {
	b := pieces.Get().(*[32 << 10]byte)
	defer pieces.Put(b)
	m, err := r.Read(b[:min(may, int64(len(b)))])
	if m > 0 { // an error comes again with the next bytes
		return p.ResponseWriter.Write(b[:m])
	}
	if err != nil && err != io.EOF {
		p.err = err // for end: net/http would forget it, and the answer would look whole
	}
	return 0, err
}

// sent counts what went out.
func (p *paced) sent(n int) {
	p.site.count(p.seat, p.stream.Sent(int64(n)))
	p.q.session.touch(p.site.now())
}

// end settles what the stream leaves. It answers with what kept it from beginning.
func (p *paced) end() error {
	if p.stream != nil {
		p.site.count(p.seat, p.stream.End())
	}
	return p.err
}

// touch is a sign of life: somebody listens.
func (s *session) touch(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = now
}

// streamFile sends an object to a member, at the pace of listening.
func (s *Site) streamFile(w http.ResponseWriter, q *request, st *seat, f catalog.File, parts []listen.Part) error {
	file, size, err := s.cfg.DB.OpenObject(f.Root)
	if errors.Is(err, store.ErrUnknown) {
		return notHeld
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if size != f.Size {
		return fmt.Errorf("object %s has %d bytes instead of %d", f.Root, size, f.Size)
	}
	return s.stream(w, q, st, f.Type, f.SHA256, file, parts)
}

// stream sends a member any content of which each byte belongs to a track. Several ranges in one request are
// answered with the whole, as RFC 9110 allows: no player asks for them.
func (s *Site) stream(w http.ResponseWriter, q *request, st *seat, contentType string, tag catalog.Hash, r io.ReadSeeker, parts []listen.Part) error {
	if strings.Contains(q.Header.Get("Range"), ",") {
		q.Header.Del("Range")
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Etag", `"`+tag.String()+`"`)
	h["Cache-Control"] = noStore
	p := &paced{ResponseWriter: w, q: q, site: s, seat: st, parts: parts}
	http.ServeContent(p, q.Request, "", time.Time{}, r)
	return p.end()
}

// partOf is a track as the only part of a stream.
func partOf(id string, m *catalog.Manifest, i int, size int64) []listen.Part {
	return []listen.Part{{Track: catalog.TrackID(id, i), Bytes: size, Duration: milliseconds(m.Tracks[i].Duration)}}
}

// partsOf are the tracks of a release in one file of it.
func partsOf(id string, m *catalog.Manifest, size int64) []listen.Part {
	parts := make([]listen.Part, len(m.Tracks))
	for i := range m.Tracks {
		parts[i] = listen.Part{Track: catalog.TrackID(id, i), Duration: milliseconds(m.Tracks[i].Duration)}
	}
	return listen.Spread(size, parts)
}
