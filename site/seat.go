package site

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

	holders int // sessions and requests; guarded by seats.mu

	mu    sync.Mutex // guards what follows, and the order of writes
	tally *tally.Open
	dirty bool // counted but not stored: the disk refused, and is asked again
}

// seats are the passes in use, by their id.
type seats struct {
	mu   sync.Mutex
	open map[[32]byte]*seat
	site *Site

	month atomic.Pointer[month] // the latest asked for
}

// month is what passes of a period are checked with.
type month struct {
	period  royalty.Period
	size    int64 // of the log from which it was read
	key     *rsa.PublicKey
	closing string
	ended   bool // by a charter, after the key was stolen
}

// of reads the opening of a period, once for each state of the log: to read it costs three times what it costs to
// check a pass. The error wraps store.ErrUnknown when the period was not opened.
func (ss *seats) of(p royalty.Period) (*month, error) {
	db := ss.site.cfg.DB
	size := db.Size() // before the reading: what is appended meanwhile makes it stale
	if m := ss.month.Load(); m != nil && m.period == p && m.size == size {
		return m, nil
	}
	o, err := db.Opening(p.String())
	if err != nil {
		return nil, err
	}
	key, err := pass.ParseKey(o.PassKey.N, o.PassKey.E)
	if err != nil {
		return nil, fmt.Errorf("reading the pass key of %s: %w", p, err)
	}
	m := &month{period: p, size: size, key: key, closing: o.Closing, ended: o.Ended != 0}
	ss.month.Store(m)
	return m, nil
}

// sit checks a pass and takes its seat. A pass that opens nothing here and now is refused with the same words
// as an unknown account.
func (s *Site) sit(p *pass.Pass) (*seat, error) {
	period := s.period()
	if p.Period != period && p.Period == period.Prev() {
		period = period.Prev() // it opens nothing, but what it played can still be corrected
	}
	if p.Period != period || !s.correctable(period) {
		return nil, refuse("login")
	}
	p.Period = period // that of p is a piece of the form or file, which would stay in memory with it
	m, err := s.seats.of(period)
	if errors.Is(err, store.ErrUnknown) {
		return nil, refuse("login")
	}
	if err != nil {
		return nil, err
	}
	origin := s.cfg.DB.Charter().Origin
	if m.ended || pass.Verify(m.key, origin, *p) != nil {
		return nil, refuse("login")
	}
	return s.seats.take(*p, p.ID(origin), m.closing)
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

// hold keeps a seat for a request, which may go on when its session ends: two seats of one pass would write over
// each other's counts. It answers nil when the last who sat is just gone.
func (ss *seats) hold(st *seat) *seat {
	if st == nil {
		return nil
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.open[st.id] != st {
		return nil
	}
	st.holders++
	return st
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
// somebody sits: it is tried again with the next play, and every minute.
func (s *Site) count(st *seat, tracks []string) {
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

// knowRecipient gives a tally the recipient that stands in the pass file, if it has none: of a month that was bought
// ahead it could not be given before.
func (s *Site) knowRecipient(st *seat, file string) {
	st.mu.Lock()
	known := st.tally.Recipient() != ""
	st.mu.Unlock()
	recipient, err := pass.FileRecipient(file)
	if known || err != nil || recipient == "" {
		return
	}
	if err := s.giveRecipient(st, recipient); err != nil {
		s.log.Error("a recipient could not be stored yet", "error", err)
	}
}

// correctionDays are those of the next month in which a month can still be corrected (UTC).
const correctionDays = 4

// correctable reports whether a month's counts can be shown and corrected: until the end of the fourth day after it.
func (s *Site) correctable(p royalty.Period) bool {
	return p <= s.period() && s.now().Before(p.End().AddDate(0, 0, correctionDays))
}

// canonicalRecipient is an age recipient in its one spelling, tried once.
func canonicalRecipient(typed string) (string, error) {
	r := strings.ToLower(strings.TrimSpace(typed))
	if err := seal.CheckRecipient(r); err != nil {
		return "", errors.Join(refuse(whyNot(r)), err)
	}
	return r, nil
}

// whyNot names the reason for which a recipient is refused, as its beginning tells it.
func whyNot(recipient string) string {
	switch {
	case strings.HasPrefix(recipient, "ssh-"):
		return "recipient.ssh"
	case strings.HasPrefix(recipient, "age-secret-key-"):
		return "recipient.secret"
	case strings.HasPrefix(recipient, "age1pq1"), strings.HasPrefix(recipient, "age1") && len(recipient) == 62:
		return "recipient.broken"
	case strings.HasPrefix(recipient, "age1"):
		return "recipient.kind"
	}
	return "recipient"
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
	now := s.now()
	return ok && (now.Before(at.Add(-24*time.Hour)) || royalty.PeriodAt(now) < royalty.PeriodAt(at))
}
