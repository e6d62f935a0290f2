package site

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/templates"
)

// Limits of a stay. They are told on the page about what is kept.
const (
	idleLimit     = 2 * time.Hour  // without a request
	absoluteLimit = 12 * time.Hour // whatever happens
	maxSessions   = 20_000         // open at once; more are refused for a while
	sweepEvery    = time.Minute
)

// The session's cookie has two names. Tor Browser takes an onion for a secure context and keeps the first,
// which no other host and no script can set; plain browsers drop Secure over http and keep the second. Both
// are read, the first wins.
const (
	secureCookie = "__Host-s"
	plainCookie  = "s"
)

// session is one browser's stay, from logging in to logging out. It lives in memory alone: what it holds
// opens sealed records, and goes with it. A running host's memory is what a thief of a running host gets.
type session struct {
	born time.Time // for the absolute limit

	mu      sync.Mutex // guards what follows
	seen    time.Time
	ended   bool
	period  royalty.Period    // of its last request
	account *account          // when an account code was given
	seat    *seat             // the pass of the running month, when one was given or the account has one
	shelf   *shelf            // when a library code was given
	queue   []string          // "my queue": track ids
	flash   templates.Outcome // what the next page tells, once
}

// sessions are the open ones, by the SHA-256 of their cookie.
type sessions struct {
	now   func() time.Time
	leave func(*seat) // told of every seat that a session gives up

	mu   sync.Mutex
	open map[[32]byte]*session
}

func newSessions(now func() time.Time, leave func(*seat)) *sessions {
	return &sessions{now: now, leave: leave, open: map[[32]byte]*session{}}
}

// find is the session of a request, nil without one. It counts as a sign of life.
func (ss *sessions) find(r *http.Request) *session {
	for _, name := range []string{secureCookie, plainCookie} {
		c, err := r.Cookie(name)
		if err != nil {
			continue
		}
		if s := ss.byToken(c.Value); s != nil {
			return s
		}
	}
	return nil
}

func (ss *sessions) byToken(token string) *session {
	id := sha256.Sum256([]byte(token))
	ss.mu.Lock()
	s := ss.open[id]
	ss.mu.Unlock()
	if s == nil {
		return nil
	}
	now := ss.now()
	s.mu.Lock()
	alive := s.alive(now)
	if alive {
		s.seen = now
	}
	s.mu.Unlock()
	if !alive {
		ss.end(id, s)
		return nil
	}
	return s
}

// alive reports whether the session is within its limits. The caller holds s.mu.
func (s *session) alive(now time.Time) bool {
	return !s.ended && now.Sub(s.seen) < idleLimit && now.Sub(s.born) < absoluteLimit
}

// start opens a session and sends its cookie. A session that the browser had before is ended: nobody can plant
// one beforehand and find it logged in.
func (ss *sessions) start(w http.ResponseWriter, old *http.Request) (*session, error) {
	ss.stop(w, old)
	var raw [32]byte
	rand.Read(raw[:])
	token := base64.RawURLEncoding.EncodeToString(raw[:])
	now := ss.now()
	s := &session{born: now, seen: now}
	ss.mu.Lock()
	full := len(ss.open) >= maxSessions
	if !full {
		ss.open[sha256.Sum256([]byte(token))] = s
	}
	ss.mu.Unlock()
	if full {
		return nil, crowded
	}
	setCookies(w, token, 0)
	return s, nil
}

// crowded refuses a log-in when memory's bound is reached.
var crowded = &problem{status: http.StatusServiceUnavailable, words: "crowded"}

// stop ends the sessions of a request and takes its cookies back.
func (ss *sessions) stop(w http.ResponseWriter, r *http.Request) {
	found := false
	for _, name := range []string{secureCookie, plainCookie} {
		c, err := r.Cookie(name)
		if err != nil {
			continue
		}
		found = true
		id := sha256.Sum256([]byte(c.Value))
		ss.mu.Lock()
		s := ss.open[id]
		ss.mu.Unlock()
		if s != nil {
			ss.end(id, s)
		}
	}
	if found {
		setCookies(w, "", -1)
	}
}

// end forgets a session and all that it held.
func (ss *sessions) end(id [32]byte, s *session) {
	ss.mu.Lock()
	delete(ss.open, id)
	ss.mu.Unlock()
	s.mu.Lock()
	seat := s.seat
	s.ended = true
	s.account, s.seat, s.shelf, s.queue = nil, nil, nil, nil
	s.mu.Unlock()
	if seat != nil {
		ss.leave(seat)
	}
}

// sweep ends what is past its limits.
func (ss *sessions) sweep() {
	now := ss.now()
	ss.mu.Lock()
	dead := map[[32]byte]*session{}
	for id, s := range ss.open {
		s.mu.Lock()
		if !s.alive(now) {
			dead[id] = s
		}
		s.mu.Unlock()
	}
	ss.mu.Unlock()
	for id, s := range dead {
		ss.end(id, s)
	}
}

// close ends every session.
func (ss *sessions) close() {
	ss.mu.Lock()
	all := ss.open
	ss.open = map[[32]byte]*session{}
	ss.mu.Unlock()
	for id, s := range all {
		ss.end(id, s)
	}
}

// setCookies sends both cookies, or takes them back when age is negative. Lax, not Strict: a member who comes
// by a link from a mirror is still logged in.
func setCookies(w http.ResponseWriter, value string, age int) {
	for _, c := range []http.Cookie{{Name: secureCookie, Secure: true}, {Name: plainCookie}} {
		c.Value, c.Path, c.MaxAge, c.HttpOnly, c.SameSite = value, "/", age, true, http.SameSiteLaxMode
		http.SetCookie(w, &c)
	}
}
