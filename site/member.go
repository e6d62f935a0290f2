package site

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/templates"
)

// account is what an account code opens, held while its session lasts: never the code itself.
type account struct {
	id     [32]byte // its name in the members' database
	seal   [32]byte // opens what the account bought
	credit [32]byte // names its events in the book, so that the same form twice is one event

	newCode atomic.Pointer[royalty.Code] // until its owner says that it is kept
	paid    atomic.Bool                  // a voucher is in it
}

// accountOf derives an account from its code. The database alone cannot: the name is made under the host's key.
func (s *Site) accountOf(code royalty.Code) *account {
	name := code.Key("account")
	mac := hmac.New(sha256.New, s.cfg.HostKey[:])
	mac.Write(name[:])
	return &account{id: [32]byte(mac.Sum(nil)), seal: code.Key("account-seal"), credit: code.Key("account-credit")}
}

// event names an event of the account's book after what caused it.
func (a *account) event(kind string, cause []byte) [32]byte {
	mac := hmac.New(sha256.New, a.credit[:])
	mac.Write([]byte(kind + "\x00"))
	mac.Write(cause)
	return [32]byte(mac.Sum(nil))
}

// openDoors makes what members' pages need.
func (s *Site) openDoors() {
	s.seats = &seats{open: map[[32]byte]*seat{}, site: s}
	s.sessions = newSessions(s.now, s.seats.leave)
	s.newcomers = bucket{every: time.Second, burst: 100}
	s.tokens = buckets{every: 100 * time.Millisecond, burst: 200}
	name, css := templates.MemberStylesheet()
	s.memberCSS = "a/" + name
	s.ownCSS = newAnswer(http.StatusOK, "text/css; charset=utf-8", css)
	s.ownCSS.cacheControl = immutable
	s.stop, s.swept = make(chan struct{}), make(chan struct{})
	go s.sweep()
}

// sweep ends, once a minute until Close, the sessions that are past their limits, and counts the plays that
// only waited for the clock.
func (s *Site) sweep() {
	defer close(s.swept)
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.sessions.sweep()
			s.seats.settle()
		case <-s.stop:
			return
		}
	}
}

// need is what a page for members asks of who opens it.
type need int

const (
	needSession need = iota // any log-in
	needAccount             // with an account code
	needPass                // with the pass of the running month
	needCounts              // with a pass whose month can still be corrected
)

// met reports whether the session of q has what is needed.
func (s *Site) met(q *request, n need) bool {
	if q.session == nil {
		return false
	}
	switch n {
	case needAccount:
		return q.account != nil
	case needPass:
		return q.seat() != nil
	case needCounts:
		return s.counted(q) != nil
	}
	return true
}

// bind makes the request part of a session, or of none.
func (q *request) bind(stay *session) {
	q.session, q.account, q.sits = stay, nil, nil
	if stay != nil {
		stay.mu.Lock()
		q.account, q.sits = stay.account, stay.seat
		stay.mu.Unlock()
	}
}

// enter finds the session of a request. An account whose month has turned gets the seat of the new one, if it
// took that beforehand.
func (s *Site) enter(q *request) error {
	q.period = s.period()
	q.bind(s.sessions.find(q.Request))
	if q.account == nil || !q.session.turned(q.period) {
		return nil
	}
	st, err := s.ownSeat(q.account)
	if err != nil {
		return err
	}
	if st != nil { // else the seat of the month before stays, to be corrected
		s.reseat(q.session, st)
	}
	q.session.mu.Lock()
	q.session.period = q.period
	q.session.mu.Unlock()
	q.bind(q.session)
	return nil
}

// turned reports that the session is in another month than before.
func (s *session) turned(p royalty.Period) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.period != p
}

// Personal pages stand in nobody's cache: they are made for one session and sent with no-store.

// personal is a route of a page for members: GET shows it, and whoever is not logged in is sent to do so.
func (s *Site) personal(name, pattern string, n need, view func(*request) (any, error), query ...string) route {
	serve := func(w http.ResponseWriter, q *request) error {
		if !s.met(q, n) {
			return s.askLogin(w, q, n)
		}
		v, err := view(q)
		if err != nil {
			return err
		}
		return s.show(w, q, http.StatusOK, v)
	}
	return route{name: name, pattern: pattern, serve: serve, query: query}
}

// askLogin sends a visitor to the log-in page, and from there back here.
func (s *Site) askLogin(w http.ResponseWriter, q *request, n need) error {
	to := "login"
	if q.session != nil && (n == needPass || n == needCounts) {
		to = "account" // logged in, but without a pass for this month: that is where one is had
		if q.account != nil {
			return s.said(w, q, to, templates.Outcome{Done: q.lang.T("refused.nopass")})
		}
		to = "login"
	}
	if here := q.address(); here != "" && len(here) < maxValue {
		to += "?next=" + url.QueryEscape(here)
	}
	return s.seeOther(w, q, to)
}

// post is a route that changes something: POST alone, from this site's own forms, with each field at most
// once. When the session has ended meanwhile, the form comes back to be sent again.
func (s *Site) post(name, pattern string, n need, fields []string, do func(http.ResponseWriter, *request) error) route {
	serve := func(w http.ResponseWriter, q *request) error {
		if err := s.readForm(w, q, maxForm, append(fields, "account", "pass")); err != nil {
			return err
		}
		if !s.met(q, n) {
			if ok, err := s.logInAgain(w, q, n, fields); !ok {
				return err
			}
		}
		return do(w, q)
	}
	return route{name: name, pattern: pattern, methods: []string{"POST"}, serve: serve}
}

// both is one address with a page and its form.
func both(page, form route) route {
	serve := func(w http.ResponseWriter, q *request) error {
		if q.Method == http.MethodPost {
			return form.serve(w, q)
		}
		return page.serve(w, q)
	}
	return route{name: page.name, pattern: page.pattern, query: page.query, methods: []string{"GET, HEAD, POST"}, serve: serve}
}

// Limits of a posted form. A pass file with a post-quantum recipient is 3 kB long.
const (
	maxForm  = 64 << 10
	maxField = 16 << 10
)

// readForm reads a posted form into q.post: the fields that are known, each at most once.
func (s *Site) readForm(w http.ResponseWriter, q *request, limit int64, fields []string) error {
	if err := s.cross.Check(q.Request); err != nil {
		return foreignForm
	}
	q.Body = http.MaxBytesReader(w, q.Body, limit)
	var large *http.MaxBytesError
	if err := q.ParseForm(); errors.As(err, &large) {
		return tooLarge
	} else if err != nil {
		return badRequest
	}
	q.post = url.Values{}
	for _, f := range fields {
		values := q.PostForm[f]
		if len(values) > 1 {
			return badRequest // which of them was meant?
		}
		if len(values) == 1 {
			if len(values[0]) > maxField || !utf8.ValidString(values[0]) {
				return badRequest
			}
			q.post.Set(f, values[0])
		}
	}
	return nil
}

// field is one field of the form, without what a text has no use for.
func (q *request) field(name string) string { return clean(q.post, name) }

// show sends a page made for this request alone.
func (s *Site) show(w http.ResponseWriter, q *request, status int, view any) error {
	var buf bytes.Buffer
	if err := s.render(&buf, q, view); err != nil {
		return err
	}
	a := newAnswer(status, htmlType, buf.Bytes())
	a.cacheControl = noStore
	a.send(w, q.Request)
	return nil
}

// seeOther leads on after a form: an address below the language's root.
func (s *Site) seeOther(w http.ResponseWriter, q *request, to string) error {
	base, _ := q.base()
	h := w.Header()
	h.Set("Location", base+to)
	h["Cache-Control"] = noStore
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// said leads on to a page that tells what was done.
func (s *Site) said(w http.ResponseWriter, q *request, to string, o templates.Outcome) error {
	q.session.mu.Lock()
	q.session.flash = o
	q.session.mu.Unlock()
	return s.seeOther(w, q, to)
}

// outcome is what the page before has to tell, once.
func (q *request) outcome() templates.Outcome {
	if q.session == nil {
		return templates.Outcome{}
	}
	q.session.mu.Lock()
	defer q.session.mu.Unlock()
	o := q.session.flash
	q.session.flash = templates.Outcome{}
	return o
}

// memberPage is the base of a page for members.
func (s *Site) memberPage(q *request, title string) templates.Page {
	p := s.page(q, title)
	p.NoIndex = true
	p.Stylesheet = s.memberCSS
	if slices.Equal(q.route.methods, []string{http.MethodPost}) {
		p.Path = formPage(q.path)
	}
	return p
}

// formPage is the page that the address of a form belongs to: the other language's link leads there, since the form's
// own address answers nobody who comes by a link.
func formPage(path string) string {
	page := path[:max(strings.LastIndexByte(path, '/'), 0)]
	switch page {
	case "", "account", "pass", "my/queue", "my/library":
		return page
	}
	return "my/library"
}

// back is where a form that stands on several pages leads on to: an address of this site, or the fallback.
func (q *request) back(fallback string) string {
	to := q.field("back")
	u, err := url.Parse(to)
	if err != nil || to == "" || len(to) > maxValue || u.IsAbs() || u.Host != "" || strings.HasPrefix(to, "/") || strings.Contains(to, "//") || strings.Contains(to, "..") || strings.Contains(to, "\\") {
		return fallback
	}
	return to
}

// period is the month that is running.
func (s *Site) period() royalty.Period { return royalty.PeriodAt(s.now()) }

func hexOf(b [32]byte) string { return hex.EncodeToString(b[:]) }
