// Package site is the HTTP surface of a co-operative or of a mirror: pages, feeds, downloads and the log,
// for browsers that run no script and reach it through Tor.
//
// To visitors it promises that every page works without scripts or a second host, and without a cookie but while
// a member is logged in; that a download has an exact length, can be resumed from any byte and carries the hash of
// what it holds; that a work which is not marked open is sent in full to members only, and a withdrawn one never
// at all; and that every dead end is a page with a way on, in their language. To members it promises that a voucher
// and a month are taken once, that what they hear is counted by the charter's rule and kept sealed, and that their
// pages stand in no cache. A running site's memory holds its open sessions: codes' keys, passes and open tallies. To the operator it promises bounded memory and a log without
// anything of the visitor: a line names a method, a route, a status and sizes, never an address, a path, a
// query or a browser.
//
// It is safe to stand before strangers. One table (table.go) lists every address that answers; what is
// not in it is refused before a handler runs, and so are a foreign Host, an odd method, a path that steps
// out, hides or is too long, and a circuit that asks too much. No handler opens a file by a name from the
// network: files are objects, found by hashes that a signed manifest names. Every answer has the same strict
// headers. Pages are rendered whole before their first byte, so an error is an error page; they are kept in
// a bounded cache and dropped when the catalogue changes. Searches are neither cached nor written down.
//
// Files, torrents and web seeds: the id of an open work is itself the token of /seed/TOKEN/NAME/PATH; a member is
// handed one that opens a release until the end of the month and names no pass.
package site

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/search"
	"p2p.legal/peerfy/templates"
)

// CacheSize is the most bytes of finished pages, feeds and sprites that are kept.
const CacheSize = 32 << 20

// Config is what a Site is made from. DB, Members, Log and one of Onion and Hosts are needed.
type Config struct {
	DB     *store.DB
	Search *search.Index // nil: the search page says that it is not available
	Onion  string        // the address with ".onion": the Host accepted, and what absolute links name
	Hosts  []string      // further Hosts accepted, with their port: a preview on loopback
	Log    *slog.Logger

	// Limit decides whether a request may pass; when not, how long to wait. It is told with leave when the
	// answer has ended. Nil lets everything pass.
	Limit func(context.Context) (leave func(), wait time.Duration, ok bool)
	// SealNotice encrypts a notice to the editor. Nil: notices are refused, and the form says so.
	SealNotice func([]byte) ([]byte, error)
	// Status tells what only the program around the site knows. Nil leaves those rows out.
	Status func() StatusInfo
	// Members is where accounts, vouchers and sealed tallies are kept.
	Members *store.Members
	// HostKey names accounts in that database: without it the database cannot be searched for a code.
	HostKey [32]byte
	// Month reads what this host holds for an opened month, or answers till.ErrNone.
	Month func(royalty.Period) (*till.Keys, error)
	// Sold says where vouchers are sold, in the co-operative's own words: one line each.
	// Nil: nothing is said.
	Sold func() []string
	// Now is the clock. Nil is time.Now.
	Now func() time.Time
}

// StatusInfo is the state of the onion service, for /status.
type StatusInfo struct {
	Published  bool // the service's descriptor has been uploaded
	PerCircuit bool // requests are limited per circuit
	Restarts   int  // of tor, since the program started
}

// Site serves HTTP. Make one with New.
type Site struct {
	cfg    Config
	origin string          // "http://ADDRESS", for what must be absolute
	hosts  map[string]bool // Host headers accepted
	routes routes
	cross  *http.CrossOriginProtection

	cache    *cache
	sheets   chan struct{} // held while a sprite is drawn: each takes tens of milliseconds
	summing  chan struct{} // held while a zip is summed up: each reads a whole release
	crcs     crcs
	now      func() time.Time
	log      *slog.Logger
	css      *answer // the stylesheet and its name
	cssName  string
	snapshot atomic.Pointer[state]
	refresh  sync.Mutex // one goroutine at a time looks at the log's state
	inFlight sync.WaitGroup

	sessions  *sessions
	seats     *seats
	newcomers bucket // accounts made without a voucher
	tokens    buckets
	shelving  sync.Mutex // one change of a library at a time
	closing   sync.Once
	stop      chan struct{} // closed by Close
	swept     chan struct{} // closed when sweep has returned
	memberCSS string        // name of the stylesheet of members' pages
	ownCSS    *answer
}

// New checks c and makes the site. The store must hold a charter.
func New(c Config) (*Site, error) {
	if c.DB == nil || c.Members == nil || c.Log == nil {
		return nil, errors.New("a site needs a store, its members' database and a log")
	}
	if c.DB.Charter() == nil {
		return nil, errors.New("the store holds no charter")
	}
	hosts, origin, err := acceptedHosts(c.Onion, c.Hosts)
	if err != nil {
		return nil, err
	}
	s := &Site{
		cfg: c, origin: origin, hosts: hosts, now: c.Now, log: c.Log,
		cross:   http.NewCrossOriginProtection(),
		cache:   newCache(CacheSize),
		sheets:  make(chan struct{}, 1),
		summing: make(chan struct{}, 1),
	}
	if s.now == nil {
		s.now = time.Now
	}
	name, css := templates.Stylesheet()
	s.cssName = "a/" + name
	s.css = newAnswer(http.StatusOK, "text/css; charset=utf-8", css)
	s.css.cacheControl = immutable
	s.openDoors()
	s.routes, err = compile(s.table())
	return s, err
}

// acceptedHosts are the Host headers that are answered, and the base of absolute links.
func acceptedHosts(onion string, more []string) (map[string]bool, string, error) {
	hosts := map[string]bool{}
	if onion != "" {
		if !strings.HasSuffix(onion, ".onion") || strings.ToLower(onion) != onion {
			return nil, "", fmt.Errorf("%q is not an onion address in lower case", onion)
		}
		hosts[onion], hosts[onion+":80"] = true, true
		more = append([]string{onion}, more...)
	}
	for _, h := range more {
		hosts[strings.ToLower(h)] = true
	}
	if len(more) == 0 {
		return nil, "", errors.New("a site needs its onion address or another host")
	}
	return hosts, "http://" + more[0], nil
}

// Close waits until the requests under way are answered, and ends all sessions. Stop the server first.
func (s *Site) Close() {
	s.inFlight.Wait()
	s.closing.Do(func() { close(s.stop) })
	<-s.swept
	s.sessions.close()
}
