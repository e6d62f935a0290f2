package site

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
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
	maxStays      = 20             // of them, of one account or pass: the one unseen for longest gives way
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
	id    [32]byte  // SHA-256 of its cookie
	owner [32]byte  // the account or pass, so that one member cannot take the room of all
	born  time.Time // for the absolute limit

	mu      sync.Mutex // guards what follows
	seen    time.Time
	ended   bool
	period  royalty.Period    // of its last request
	account *account          // when an account code was given
	seat    *seat             // the pass of the running month, when one was given or the account has one
	shelf   *shelf            // when a library code was given
	queue   []string          // "my queue": track ids
	flash   templates.Outcome // what the next page tells, once
	asked   [32]byte          // the blind request that was signed last
}

// sessions are the open ones, by the SHA-256 of their cookie.
type sessions struct {
	now   func() time.Time
	leave func(*seat) // told of every seat that a session gives up

	mu    sync.Mutex
	open  map[[32]byte]*session
	stays map[[32]byte][]*session // of each owner
}

func newSessions(now func() time.Time, leave func(*seat)) *sessions {
	return &sessions{now: now, leave: leave, open: map[[32]byte]*session{}, stays: map[[32]byte][]*session{}}
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
		ss.end(s)
		return nil
	}
	return s
}

// alive reports whether the session is within its limits. The caller holds s.mu.
func (s *session) alive(now time.Time) bool {
	return !s.ended && now.Sub(s.seen) < idleLimit && now.Sub(s.born) < absoluteLimit
}

// start opens a session and hands it over.
func (ss *sessions) start(w http.ResponseWriter, old *http.Request, owner [32]byte) (*session, error) {
	s, token, err := ss.begin(owner)
	if err == nil {
		ss.hand(w, old, token)
	}
	return s, err
}

// begin opens a session that nobody has the cookie of yet.
func (ss *sessions) begin(owner [32]byte) (s *session, token string, err error) {
	var raw [32]byte
	rand.Read(raw[:])
	token = base64.RawURLEncoding.EncodeToString(raw[:])
	now := ss.now()
	s = &session{id: sha256.Sum256([]byte(token)), owner: owner, born: now, seen: now, period: royalty.PeriodAt(now)}
	ss.mu.Lock()
	out := ss.givesWay(owner)
	full := out == nil && len(ss.open) >= maxSessions
	if !full {
		ss.open[s.id] = s
		ss.stays[owner] = append(ss.stays[owner], s)
	}
	ss.mu.Unlock()
	if full {
		return nil, "", crowded
	}
	if out != nil {
		ss.end(out)
	}
	return s, token, nil
}

// givesWay is the session that ends for a new one of that owner: the owner's own when they have many, and when the
// house is full one that has nothing to lose; nil for none. The caller holds ss.mu.
func (ss *sessions) givesWay(owner [32]byte) (out *session) {
	if mine := ss.stays[owner]; len(mine) >= maxStays {
		return slices.MinFunc(mine, func(a, b *session) int { return a.lastSeen().Compare(b.lastSeen()) })
	}
	if len(ss.open) < maxSessions {
		return nil
	}
	for _, s := range ss.open {
		if s.isIdle() && (out == nil || s.lastSeen().Before(out.lastSeen())) {
			out = s
		}
	}
	return out
}

func (s *session) lastSeen() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// isIdle reports whether nothing is lost when the session ends: nobody listens in it, and no code that is worth
// money waits to be kept.
func (s *session) isIdle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account != nil && s.seat == nil && (!s.account.paid.Load() || s.account.newCode.Load() == nil)
}

// owns gives a session what was proven, unless it has ended already: then the seat is the caller's to give up.
func (s *session) owns(a *account, st *seat) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.account, s.seat = a, st
	return true
}

// tell is what the next page says, once.
func (s *session) tell(o templates.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flash = o
}

// hand sends the cookie of a session that has begun. A session that the browser had before is ended: nobody can
// plant one beforehand and find it logged in.
func (ss *sessions) hand(w http.ResponseWriter, old *http.Request, token string) {
	ss.drop(old)
	setCookies(w, token, 0)
}

// crowded refuses a log-in when memory's bound is reached. It is 429, not 503: a crowd is not a fault of ours, and each
// of those is written to the log.
var crowded = &problem{status: http.StatusTooManyRequests, words: "crowded", wait: 5 * time.Minute}

// stop ends the sessions of a request and takes its cookies back.
func (ss *sessions) stop(w http.ResponseWriter, r *http.Request) {
	if ss.drop(r) {
		setCookies(w, "", -1)
	}
}

// drop ends the sessions of a request, and reports whether it has a cookie of ours.
func (ss *sessions) drop(r *http.Request) (found bool) {
	for _, name := range []string{secureCookie, plainCookie} {
		c, err := r.Cookie(name)
		if err != nil {
			continue
		}
		found = true
		ss.mu.Lock()
		s := ss.open[sha256.Sum256([]byte(c.Value))]
		ss.mu.Unlock()
		if s != nil {
			ss.end(s)
		}
	}
	return found
}

// end forgets a session and all that it held.
func (ss *sessions) end(s *session) {
	ss.mu.Lock()
	delete(ss.open, s.id)
	left := slices.DeleteFunc(ss.stays[s.owner], func(other *session) bool { return other == s })
	if ss.stays[s.owner] = left; len(left) == 0 {
		delete(ss.stays, s.owner)
	}
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

// endAll ends every session of an account or a pass.
func (ss *sessions) endAll(owner [32]byte) {
	ss.mu.Lock()
	all := slices.Clone(ss.stays[owner])
	ss.mu.Unlock()
	for _, s := range all {
		ss.end(s)
	}
}

// sweep ends what is past its limits.
func (ss *sessions) sweep() {
	now := ss.now()
	ss.mu.Lock()
	var dead []*session
	for _, s := range ss.open {
		s.mu.Lock()
		if !s.alive(now) {
			dead = append(dead, s)
		}
		s.mu.Unlock()
	}
	ss.mu.Unlock()
	for _, s := range dead {
		ss.end(s)
	}
}

// close ends every session.
func (ss *sessions) close() {
	ss.mu.Lock()
	all := slices.Collect(maps.Values(ss.open))
	ss.mu.Unlock()
	for _, s := range all {
		ss.end(s)
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
