package site

import (
	"time"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates"
)

const (
	staleAfter = 3 * 24 * time.Hour // without the daily cosignature, then pages say so
	stateAge   = time.Minute        // how long a look at the log's state is believed
)

// state is what every page shows of the log. It is shared and never changed.
type state struct {
	epoch   uint64 // grows when anything below changes: pages of earlier epochs are dropped
	facts   facts
	checked time.Time
	charter *catalog.Charter
}

// facts are compared to see whether finished pages still tell the truth.
type facts struct {
	generation, size int64
	day              string // of the last freshness, YYYY-MM-DD; "" for never
	stale            bool
}

// currentState looks at the log, at most once a minute unless the catalogue has changed.
func (s *Site) currentState() *state {
	now := s.now()
	if st := s.snapshot.Load(); st != nil && s.isCurrent(st, now) {
		return st
	}
	s.refresh.Lock()
	defer s.refresh.Unlock()
	old := s.snapshot.Load()
	if old != nil && s.isCurrent(old, now) {
		return old
	}
	next := &state{epoch: 1, checked: now, charter: s.cfg.DB.Charter(), facts: s.look(now)}
	if old != nil {
		next.epoch = old.epoch
		if next.facts != old.facts {
			next.epoch++
		}
	}
	s.snapshot.Store(next)
	return next
}

func (s *Site) isCurrent(st *state, now time.Time) bool {
	age := now.Sub(st.checked)
	return age >= 0 && age < stateAge && st.facts.generation == s.cfg.DB.Generation() && st.facts.size == s.cfg.DB.Size()
}

func (s *Site) look(now time.Time) facts {
	f := facts{generation: s.cfg.DB.Generation(), size: s.cfg.DB.Size(), stale: true}
	if at, ok := s.cfg.DB.Freshened(); ok {
		f.day = at.UTC().Format(time.DateOnly)
		f.stale = now.Sub(at) > staleAfter
	}
	return f
}

// page is the base of every page.
func (s *Site) page(q *request, title string) templates.Page {
	base, root := q.base()
	l, c := q.lang, q.state.charter
	return templates.Page{
		Lang: l, Title: title, Base: base, Root: root, Path: q.address(),
		Stylesheet: s.cssName, Site: c.Name, Member: q.session != nil,
		Footer: templates.Footer{
			Onion: s.cfg.Onion,
			Size:  count(l, "count.lines", int(q.state.facts.size)),
			Day:   day(l, q.state.facts.day),
			Stale: q.state.facts.stale,
			Fee:   l.Money(c.Fee.Cents),
		},
	}
}
