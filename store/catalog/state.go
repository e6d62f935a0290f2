package catalog

import (
	"p2p.legal/peerfy/store/ledger"
)

// State is the catalogue of a replay, held in memory. Its zero value is the
// catalogue of an empty log. It is not safe for use from several goroutines.
type State struct {
	charter  *Charter
	artists  map[string]ArtistRecord
	names    map[string]string
	releases map[string]ReleaseRecord
	down     map[Hash]string
	openings map[string]OpeningRecord
	months   map[string]string // key of a month → period
	stands   map[string]int64
}

// Judge makes State a ledger.Judge: it judges the entry and applies what
// follows from it.
func (s *State) Judge(index int64, e *ledger.Entry) error {
	ch, err := Judge(s, index, e)
	if err != nil {
		return err
	}
	s.Apply(ch)
	return nil
}

// Apply makes a judged change part of the state.
func (s *State) Apply(ch Change) {
	if !ch.Unknown {
		if s.stands == nil {
			s.stands = map[string]int64{}
		}
		s.stands[ch.ID] = ch.Index
	}
	switch {
	case ch.Charter != nil:
		s.applyCharter(ch.Charter, ch.Index)
	case ch.Artist != nil:
		s.applyArtist(*ch.Artist)
	case ch.Release != nil:
		s.applyRelease(*ch.Release)
	case ch.Withdrawal != nil:
		s.applyWithdrawal(*ch.Withdrawal)
	case ch.Opening != nil:
		s.applyOpening(*ch.Opening)
	}
}

func (s *State) applyCharter(c *Charter, index int64) {
	s.charter = c
	for _, period := range c.EndsEarly() {
		if o, ok := s.openings[period]; ok && o.Ended == 0 {
			o.Ended = index
			s.openings[period] = o
		}
	}
}

func (s *State) applyOpening(o OpeningRecord) {
	if s.openings == nil {
		s.openings, s.months = map[string]OpeningRecord{}, map[string]string{}
	}
	s.openings[o.Period] = o
	for _, key := range o.MonthKeys() {
		s.months[key] = o.Period
	}
}

func (s *State) applyArtist(a ArtistRecord) {
	if s.artists == nil {
		s.artists, s.names = map[string]ArtistRecord{}, map[string]string{}
	}
	delete(s.names, FoldName(s.artists[a.Slug].Name))
	s.artists[a.Slug] = a
	s.names[FoldName(a.Name)] = a.Slug
}

func (s *State) applyRelease(r ReleaseRecord) {
	if s.releases == nil {
		s.releases = map[string]ReleaseRecord{}
	}
	s.releases[r.ID] = r
	if old, ok := s.releases[r.Replaces]; ok {
		old.Replaced = r.ID
		s.releases[old.ID] = old
	}
}

func (s *State) applyWithdrawal(w Withdrawal) {
	if s.down == nil {
		s.down = map[Hash]string{}
	}
	r := s.releases[w.Release]
	if !w.Lift {
		r.Withdrawn = w.Reason
		s.releases[r.ID] = r
	}
	for _, root := range r.Roots {
		owner, down := s.down[root]
		switch {
		case w.Lift && owner == r.Artist:
			delete(s.down, root)
		case !w.Lift && !down: // the first who withdrew it keeps it down
			s.down[root] = r.Artist
		}
	}
}

// Charter is the charter in force, nil before the first.
func (s *State) Charter() *Charter { return s.charter }

// Artist is the current record of a slug.
func (s *State) Artist(slug string) (ArtistRecord, bool) { a, ok := s.artists[slug]; return a, ok }

// Named reports which slug has that display name.
func (s *State) Named(name string) (string, bool) {
	slug, ok := s.names[FoldName(name)]
	return slug, ok
}

// Payees is how many artists have a number.
func (s *State) Payees() int { return len(s.artists) }

// Release is the record of a release id.
func (s *State) Release(id string) (ReleaseRecord, bool) { r, ok := s.releases[id]; return r, ok }

// StayDown names the artist whose withdrawn work has this pieces root.
func (s *State) StayDown(root Hash) (string, bool) { a, ok := s.down[root]; return a, ok }

// Opening is the record of a period that was opened.
func (s *State) Opening(period string) (OpeningRecord, bool) {
	o, ok := s.openings[period]
	return o, ok
}

// MonthKey names the period whose opening has this key.
func (s *State) MonthKey(key string) (string, bool) { p, ok := s.months[key]; return p, ok }

// Stands reports where a valid entry with this id stands.
func (s *State) Stands(id string) (int64, bool) { i, ok := s.stands[id]; return i, ok }
