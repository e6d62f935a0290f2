package site

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/listen"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/royalty/tally"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
)

// seat is a pass in use on this site: one for each pass, however many browsers show it. What it counts is
// written, sealed, with each play; here it stands open only while somebody sits.
type seat struct {
	id     [32]byte // of the pass
	pass   pass.Pass
	period royalty.Period
	name   [32]byte // of its tally in the database
	ear    *listen.Ear

	holders int // sessions; guarded by seats.mu

	mu    sync.Mutex // guards what follows, and the order of writes
	tally *tally.Open
	dirty bool // counted but not stored: the disk refused, and is asked again
}

// seats are the passes in use, by their id.
type seats struct {
	mu   sync.Mutex
	open map[[32]byte]*seat
	site *Site
}

// sit checks a pass and takes its seat. A pass that opens nothing here and now is refused with the same words
// as an unknown account.
func (s *Site) sit(p *pass.Pass) (*seat, error) {
	period := s.period()
	if p.Period != period {
		return nil, refuse("login")
	}
	opening, err := s.cfg.DB.Opening(period.String())
	if errors.Is(err, store.ErrUnknown) {
		return nil, refuse("login")
	}
	if err != nil {
		return nil, err
	}
	if opening.Ended != 0 { // by a charter, after the key was stolen
		return nil, refuse("login")
	}
	key, err := pass.ParseKey(opening.PassKey.N, opening.PassKey.E)
	if err != nil {
		return nil, fmt.Errorf("reading the pass key of %s: %w", period, err)
	}
	origin := s.cfg.DB.Charter().Origin
	if pass.Verify(key, origin, *p) != nil {
		return nil, refuse("login")
	}
	return s.seats.take(*p, p.ID(origin), opening.Closing)
}

// take is the seat of a verified pass.
func (ss *seats) take(p pass.Pass, id [32]byte, closing string) (*seat, error) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if st := ss.open[id]; st != nil {
		st.holders++
		return st, nil
	}
	keys, err := ss.site.keys(p.Period)
	if err != nil {
		return nil, err
	}
	st := &seat{id: id, pass: p, period: p.Period, name: tally.Name(keys.Tally, id), holders: 1, ear: listen.New(ss.site.rule())}
	if err := st.load(ss.site, keys, closing); err != nil {
		return nil, err
	}
	ss.open[id] = st
	return st, nil
}

// load opens the pass's tally, or begins one. Nothing is stored before something is counted.
func (st *seat) load(s *Site, keys *till.Keys, closing string) error {
	record, err := s.cfg.Members.Tally(st.period, st.name)
	if errors.Is(err, store.ErrUnknown) {
		st.tally, _, err = tally.Create(keys.Tally, st.period, st.id, st.pass.Signature[:], closing)
		return err
	}
	if err != nil {
		return err
	}
	st.tally, err = tally.Unseal(keys.Tally, st.period, st.id, st.pass.Signature[:], record)
	if errors.Is(err, tally.ErrSealed) { // a second signature over the same pass: only the first one opens
		return refuse("login")
	}
	return err
}

// leave gives a seat up. The last to leave counts what was still waiting for its clock.
func (ss *seats) leave(st *seat) {
	if st == nil {
		return
	}
	ss.site.count(st, st.ear.Settle())
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if st.holders--; st.holders == 0 && ss.open[st.id] == st {
		delete(ss.open, st.id)
	}
}

// settle counts, for every pass in use, the plays that only waited for the clock.
func (ss *seats) settle() {
	ss.mu.Lock()
	open := slices.Collect(maps.Values(ss.open))
	ss.mu.Unlock()
	for _, st := range open {
		ss.site.count(st, st.ear.Settle())
	}
}

// count enters plays into the tally of a pass and stores it. A disk that refuses loses nothing as long as
// somebody sits: the next play brings this one with it.
func (s *Site) count(st *seat, tracks []string) {
	if len(tracks) == 0 {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, t := range tracks {
		if err := st.tally.RecordPlay(tally.Work(t), 1); err != nil {
			s.log.Error("a play was not counted", "error", err)
			continue
		}
		st.dirty = true
	}
	if err := s.keep(st); err != nil {
		s.log.Error("plays could not be stored yet", "error", err)
	}
}

// countDownload enters the download of a release, once a month.
func (s *Site) countDownload(st *seat, release string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	first, err := st.tally.RecordDownload(tally.Work(release))
	if err != nil {
		s.log.Error("a download was not counted", "error", err)
		return
	}
	if !first {
		return
	}
	st.dirty = true
	if err := s.keep(st); err != nil {
		s.log.Error("downloads could not be stored yet", "error", err)
	}
}

// keep stores the tally of a pass when it has changed. The caller holds st.mu.
func (s *Site) keep(st *seat) error {
	if !st.dirty {
		return nil
	}
	if err := s.cfg.Members.PutTally(st.period, st.name, st.tally.Seal()); err != nil {
		return err
	}
	st.dirty = false
	return nil
}

// giveRecipient remembers where the receipt of a pass goes: it must be the recipient the pass was made for.
func (s *Site) giveRecipient(st *seat, recipient string) error {
	recipient, err := canonicalRecipient(recipient)
	if err != nil {
		return err
	}
	if pass.RecipientHash(recipient) != st.pass.RecipientHash {
		return refuse("recipient.other")
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := st.tally.SetRecipient(recipient, st.pass.OwnerHash); err != nil {
		return err
	}
	st.dirty = true
	return s.keep(st)
}

// canonicalRecipient is an age recipient in its one spelling, tried once.
func canonicalRecipient(typed string) (string, error) {
	r := strings.ToLower(strings.TrimSpace(typed))
	if err := seal.CheckRecipient(r); err != nil {
		return "", errors.Join(refuse("recipient"), err)
	}
	return r, nil
}

// rule is the charter's rule of what counts.
func (s *Site) rule() listen.Rule {
	r := s.cfg.DB.Charter().Plays
	return listen.Rule{Seconds: r.Seconds, Clock: r.Clock, Fast: r.Fast, PacePct: r.PacePct, Parallel: r.Parallel}
}

// keys are the month's, which the host holds from its opening to its publishing.
func (s *Site) keys(p royalty.Period) (*till.Keys, error) {
	if s.cfg.Month == nil {
		return nil, till.ErrNone
	}
	return s.cfg.Month(p)
}

// clockIsBack reports whether the clock shows a time before what the log has seen already. Then nothing is
// sold: the month might be the wrong one.
func (s *Site) clockIsBack() bool {
	at, ok := s.cfg.DB.Freshened()
	return ok && s.now().Before(at.Add(-24*time.Hour))
}
