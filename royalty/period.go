package royalty

import (
	"fmt"
	"time"
)

// Period is a calendar month in UTC, written "2026-12": what a pass opens and
// what an account is closed for. Periods sort as texts.
type Period string

const periodLayout = "2006-01"

// ParsePeriod reads a period of the years 2000 to 2999, in its one spelling.
func ParsePeriod(s string) (Period, error) {
	t, err := time.Parse(periodLayout, s)
	if err != nil || t.Format(periodLayout) != s || s[0] != '2' {
		return "", fmt.Errorf("%.20q is not a month like 2026-12", s)
	}
	return Period(s), nil
}

// PeriodAt is the period in which the instant lies, whatever its zone.
func PeriodAt(t time.Time) Period { return Period(t.UTC().Format(periodLayout)) }

// Start is the first instant of the period. For a text that [ParsePeriod]
// refuses it is the zero time.
func (p Period) Start() time.Time {
	valid, err := ParsePeriod(string(p))
	if err != nil {
		return time.Time{}
	}
	t, _ := time.Parse(periodLayout, string(valid))
	return t
}

// End is the first instant after the period: the start of the next.
func (p Period) End() time.Time { return p.Start().AddDate(0, 1, 0) }

// Next is the period after p.
func (p Period) Next() Period { return PeriodAt(p.End()) }

// Prev is the period before p.
func (p Period) Prev() Period { return PeriodAt(p.Start().AddDate(0, -1, 0)) }

// Contains reports whether the instant lies in the period.
func (p Period) Contains(t time.Time) bool { return PeriodAt(t) == p }

// String is the period as ParsePeriod reads it.
func (p Period) String() string { return string(p) }
