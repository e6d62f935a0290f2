package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store/catalog"
)

// monthStatus says how a month stands.
func (e *env) monthStatus(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	asJSON := jsonFlag(fs)
	rest, err := e.parse(fs, args, 1, "dir")
	if err != nil {
		return err
	}
	p, err := royalty.ParsePeriod(rest[0])
	if err != nil {
		return usage("%w", err)
	}
	db, err := openHost(*dir)
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := statusOf(db, *dir, p)
	if err != nil {
		return err
	}
	if *asJSON {
		return e.printJSON(s)
	}
	e.print("%s", s)
	return nil
}

// monthState is what month status tells of a month.
type monthState struct {
	Period      royalty.Period `json:"period"`
	Opened      bool           `json:"opened"`
	Entry       int64          `json:"entry,omitempty"`       // of the opening
	EndedEarly  int64          `json:"ended_early,omitempty"` // entry of the charter that did it
	Fee         royalty.Cents  `json:"fee_cents,omitempty"`
	Keys        string         `json:"keys"` // here, none, others or damaged
	Sold        int            `json:"sold"` // passes, so far
	SalesUntil  string         `json:"sales_until"`
	Corrections string         `json:"corrections_until"`
	StatementBy string         `json:"statement_by"`
}

func statusOf(db hostDB, dir string, p royalty.Period) (monthState, error) {
	s := monthState{Period: p, Corrections: p.End().AddDate(0, 0, 3).Format(time.DateOnly)}
	var err error
	if s.SalesUntil, s.StatementBy, err = catalog.Calendar(p.String()); err != nil {
		return s, err
	}
	o, ok := db.Opening(p.String())
	if ok {
		s.Opened, s.Entry, s.EndedEarly, s.Fee = true, o.Index, o.Ended, royalty.Cents(o.Fee)
	}
	if s.Keys, err = keysOf(&o.Opening, ok, dir, p); err != nil {
		return s, err
	}
	s.Sold, err = soldOf(dir, p)
	return s, errors.Join(db.Err(), err)
}

// keysOf says in one word how a month's keys on the host stand to its opening,
// if it was opened.
func keysOf(o *catalog.Opening, opened bool, dir string, p royalty.Period) (string, error) {
	k, err := till.Load(filepath.Join(dir, monthsDir), p)
	switch {
	case errors.Is(err, till.ErrNone):
		return "none", nil
	case errors.Is(err, till.ErrMalformed):
		return "damaged", nil
	case err != nil:
		return "", err
	}
	if same, err := isOf(o, k); err != nil {
		return "", err
	} else if opened && !same {
		return "others", nil
	}
	return "here", nil
}

// soldOf counts the sales of a month. A host that never served has none.
func soldOf(dir string, p royalty.Period) (int, error) {
	if _, err := os.Stat(filepath.Join(dir, membersFile)); errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	m, err := openMembers(dir)
	if err != nil {
		return 0, err
	}
	n, err := m.Sales(p)
	return n, errors.Join(err, m.Close())
}

// String is the state for a person, one fact a line.
func (s monthState) String() string {
	var b strings.Builder
	line := func(key, format string, args ...any) {
		fmt.Fprintf(&b, "%-18s %s\n", key, fmt.Sprintf(format, args...))
	}
	line("month", "%s", s.Period)
	if s.Opened {
		line("opened", "by entry %d, for %s €", s.Entry, s.Fee)
	} else {
		line("opened", "no")
	}
	if s.EndedEarly > 0 {
		line("ended early", "by the charter at entry %d", s.EndedEarly)
	}
	line("keys", "%s", map[string]string{
		"here": "on this host", "none": "not on this host",
		"damaged": "damaged: restore a backup",
		"others":  "on this host are others than the opening names",
	}[s.Keys])
	line("passes sold", "%d", s.Sold)
	line("sales until", "%s", s.SalesUntil)
	line("corrections until", "%s, 24:00 UTC", s.Corrections)
	line("statement by", "%s", s.StatementBy)
	return strings.TrimSuffix(b.String(), "\n")
}
