package site

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/templates"
)

// problem is an error that has a page of its own.
type problem struct {
	status int
	words  string // key of the heading and message: "problem.WORDS.heading", "problem.WORDS.message"
	args   []any  // of the message
	wait   time.Duration
	links  func(*request) []templates.Link // the way on; nil is home and search
}

// Error names the page, for the log.
func (p *problem) Error() string { return fmt.Sprintf("%d %s", p.status, p.words) }

// The problems that need nothing more to be said. They are never changed.
var (
	badRequest       = &problem{status: http.StatusBadRequest, words: "400"}
	foreignForm      = &problem{status: http.StatusForbidden, words: "403"}
	notFound         = &problem{status: http.StatusNotFound, words: "404"}
	methodNotAllowed = &problem{status: http.StatusMethodNotAllowed, words: "405"}
	tooLarge         = &problem{status: http.StatusRequestEntityTooLarge, words: "413"}
	uriTooLong       = &problem{status: http.StatusRequestURITooLong, words: "414"}
	misdirected      = &problem{status: http.StatusMisdirectedRequest, words: "421"}
	internal         = &problem{status: http.StatusInternalServerError, words: "500"}
	unavailable      = &problem{status: http.StatusServiceUnavailable, words: "503"}
	gone             = &problem{status: http.StatusGone, words: "410"}
)

func tooMany(wait time.Duration) *problem {
	return &problem{status: http.StatusTooManyRequests, words: "429", args: []any{wholeSeconds(wait)}, wait: wait}
}

func wholeSeconds(d time.Duration) int { return int(math.Ceil(max(d, time.Second).Seconds())) }

// problemOf maps every error to its page: the one place where that is decided.
func problemOf(err error) *problem {
	var p *problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, store.ErrWithdrawn):
		return gone
	case errors.Is(err, store.ErrUnknown):
		return notFound
	case errors.Is(err, store.ErrUnsure):
		return unavailable
	}
	return internal
}

// fail answers with the error's page. When the answer has begun already, all that is left is to cut it short,
// so that nobody takes a part for the whole.
func (s *Site) fail(w *writer, q *request, err error) {
	if q.Context().Err() != nil { // nobody is there to answer, and nothing to remember
		w.cut = true
		return
	}
	p := problemOf(err)
	if p.status >= 500 {
		s.log.Error("request failed", "route", q.routeName(), "status", p.status, "error", err)
	}
	if w.status != 0 {
		w.cut = true
		return
	}
	h := w.Header()
	for _, key := range []string{"Content-Disposition", "Accept-Ranges", "Etag", "Content-Encoding", "Content-Range"} {
		delete(h, key)
	}
	switch p.status {
	case http.StatusMethodNotAllowed:
		h.Set("Allow", "GET, HEAD")
		if q.route != nil {
			h["Allow"] = q.route.methods
		}
	case http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.Itoa(wholeSeconds(p.wait)))
	}
	var buf bytes.Buffer
	view := problemView(s.page(q, ""), q, p)
	if p == gone {
		s.explain(q, &view)
	}
	if err := s.render(&buf, q, view); err != nil {
		s.log.Error("no error page", "error", err)
		buf.Reset()
		fmt.Fprintf(&buf, "%d\n", p.status)
	}
	a := newAnswer(p.status, htmlType, buf.Bytes())
	a.cacheControl = noStore
	a.send(w, q.Request)
}

// explain adds to the page of a withdrawn work the reason that the log gives, where it stands, and the words
// on the board, if there are any.
func (s *Site) explain(q *request, v *templates.Problem) {
	for _, name := range []string{"id", "track", "token"} {
		id, _, _ := strings.Cut(q.param(name), "-")
		r, ok, err := s.cfg.DB.Release(id)
		if id == "" || err != nil || !ok || r.Withdrawn == "" {
			continue
		}
		v.Message += " " + q.lang.T("entry.withdrawal", q.lang.T("reason."+r.Withdrawn)) + "."
		v.Links = append(v.Links, templates.Link{Href: "ledger/entry/" + strconv.FormatInt(r.Index, 10), Text: q.lang.T("ledger.entry", r.Index)})
		if words, ok, err := s.cfg.DB.Statement(id); err == nil && ok {
			v.Quote = words.Text
		}
	}
}

func problemView(page templates.Page, q *request, p *problem) templates.Problem {
	v := templates.Problem{Page: page, Code: p.status}
	v.Heading = q.lang.T("problem." + p.words + ".heading")
	v.Message = q.lang.T("problem."+p.words+".message", p.args...)
	v.Title, v.NoIndex = v.Heading, true
	v.Links = []templates.Link{{Href: "", Text: q.lang.T("problem.home")}, {Href: "browse/all", Text: q.lang.T("problem.browse")}}
	if p.links != nil {
		v.Links = append(p.links(q), v.Links...)
	}
	return v
}
