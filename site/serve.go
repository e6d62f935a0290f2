package site

import (
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// bodyTime is how long the body of a request may take: forms are small.
const bodyTime = 30 * time.Second

// ServeHTTP answers one request: limit, guard, route, handler, in this order. Whatever goes wrong becomes a
// page; whatever happens becomes one line in the log.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.inFlight.Add(1)
	defer s.inFlight.Done()
	start := time.Now()
	out, q := &writer{ResponseWriter: w, set: start}, &request{Request: r}
	out.conn, _ = r.Context().Value(connKey{}).(*conn)
	if r.ContentLength != 0 { // else a body that never ends would hold the connection
		_ = http.NewResponseController(w).SetReadDeadline(start.Add(bodyTime))
	}
	defer func() {
		s.record(out, q, start)
		if out.cut {
			panic(http.ErrAbortHandler) // after the line is logged; the server closes the connection
		}
	}()
	manners(out)
	if err := s.safely(out, q); err != nil {
		s.fail(out, q, err)
	}
}

// safely runs the handler and turns a panic into an error: one bad page must not stop the others.
func (s *Site) safely(w *writer, q *request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic in a handler", "route", q.routeName(), "at", callers())
			err = errors.New("the handler stopped")
		}
	}()
	return s.answer(w, q)
}

// callers are the functions of a panic with their lines. The value may quote the request, and a full stack prints
// arguments: neither is written down.
func callers() []string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	var at []string
	for {
		f, more := frames.Next()
		at = append(at, f.Function+" "+filepath.Base(f.File)+":"+strconv.Itoa(f.Line))
		if !more {
			return at
		}
	}
}

func (s *Site) answer(w *writer, q *request) error {
	// The language is needed even to refuse.
	q.lang, q.prefix, q.path = splitLanguage(strings.TrimPrefix(q.URL.Path, "/"), q.Header.Get("Accept-Language"))
	q.state = s.currentState()
	if s.cfg.Limit != nil {
		leave, wait, ok := s.cfg.Limit(q.Context())
		if !ok {
			return tooMany(wait)
		}
		defer leave()
	}
	if err := s.guard(q.Request); err != nil {
		return err
	}
	if s.redirected(w, q) {
		return nil
	}
	q.route, q.params = s.routes.find(q.path)
	if q.route == nil {
		return notFound
	}
	if !q.route.allows(q.Method) {
		return methodNotAllowed
	}
	form, err := q.route.parseQuery(q.URL.RawQuery)
	if err != nil {
		return err
	}
	q.form = form
	if len(q.Header["Cookie"]) > 0 {
		if err := s.enter(q); err != nil {
			return err
		}
		if q.sits != nil {
			held := s.seats.hold(q.sits)
			if held == nil { // the session has ended since
				q.bind(nil)
			}
			defer s.seats.leave(held)
		}
	}
	if q.route.serve != nil {
		return q.route.serve(w, q)
	}
	return s.servePage(w, q)
}

// redirected sends the two spellings of an address that people type ("/fr", "/about/") to the one that is.
func (s *Site) redirected(w http.ResponseWriter, q *request) bool {
	path, query := q.URL.EscapedPath(), ""
	switch {
	case q.prefix != "" && path == "/"+strings.TrimSuffix(q.prefix, "/"):
		path += "/"
	case q.path != "" && strings.HasSuffix(path, "/"):
		path = strings.TrimSuffix(path, "/")
	default:
		return false
	}
	if q.URL.RawQuery != "" {
		query = "?" + q.URL.RawQuery
	}
	h := w.Header()
	h.Set("Location", path+query)
	h["Cache-Control"] = noCache
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusPermanentRedirect)
	return true
}

// record writes the request's line: nothing in it comes from the visitor. It is at debug level, because even
// the times of requests say something, and an operator keeps no more than what is needed.
func (s *Site) record(w *writer, q *request, start time.Time) {
	level := slog.LevelDebug
	if w.status >= 500 {
		level = slog.LevelWarn
	}
	ctx := q.Context()
	if !s.log.Enabled(ctx, level) {
		return
	}
	s.log.LogAttrs(ctx, level, "request",
		slog.String("method", methodName(q.Method)), slog.String("route", q.routeName()),
		slog.Int("status", w.status), slog.Int64("bytes", w.bytes), slog.String("took", durationClass(time.Since(start))))
}

func (q *request) routeName() string {
	if q.route == nil {
		return "none"
	}
	return q.route.name
}

func methodName(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return m
	}
	return "other"
}

// durationClass is coarse on purpose: an exact time could be matched with what somebody saw of a circuit.
func durationClass(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return "<10ms"
	case d < 100*time.Millisecond:
		return "<100ms"
	case d < time.Second:
		return "<1s"
	case d < time.Minute:
		return "<1min"
	}
	return "longer"
}
