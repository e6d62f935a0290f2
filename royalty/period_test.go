package royalty_test

import (
	"testing"
	"time"

	"p2p.legal/peerfy/royalty"
)

func TestParsePeriod(t *testing.T) {
	for _, s := range []string{"2000-01", "2026-12", "2999-12"} {
		if p, err := royalty.ParsePeriod(s); err != nil || p.String() != s {
			t.Errorf("%q: %q, %v", s, p, err)
		}
	}
	for _, s := range []string{
		"", "2026", "2026-1", "2026-13", "2026-00", "26-12", "2026-12-01", " 2026-12", "2026-12\n", "2026/12", "1999-12", "3000-01", "+026-12", "２０２６-12",
	} {
		if p, err := royalty.ParsePeriod(s); err == nil {
			t.Errorf("%q was read as %q", s, p)
		}
	}
}

// A period is half open, and in UTC wherever the machine stands.
func TestPeriodEdges(t *testing.T) {
	p := royalty.Period("2026-12")
	if got, want := p.Start(), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("starts %v", got)
	}
	if got, want := p.End(), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("ends %v", got)
	}
	east := time.FixedZone("east", 9*3600)
	for at, in := range map[time.Time]bool{
		p.Start():                       true,
		p.Start().Add(-time.Nanosecond): false,
		p.End().Add(-time.Nanosecond):   true,
		p.End():                         false,
		time.Date(2027, 1, 1, 8, 59, 59, 0, east): true,
		time.Date(2026, 12, 1, 8, 0, 0, 0, east):  false,
	} {
		if p.Contains(at) != in {
			t.Errorf("contains %v: %v", at, !in)
		}
	}
	if p.Next() != "2027-01" || p.Prev() != "2026-11" || royalty.Period("2027-01").Prev() != p {
		t.Errorf("neighbours %s and %s", p.Prev(), p.Next())
	}
	if !royalty.Period("nonsense").Start().IsZero() {
		t.Error("nonsense has a start")
	}
}

// A thousand years of months, one after the other.
func TestPeriodWalk(t *testing.T) {
	p := royalty.Period("2000-01")
	for range 999 * 12 {
		n := p.Next()
		if _, err := royalty.ParsePeriod(string(n)); err != nil || n <= p || n.Prev() != p || !p.End().Equal(n.Start()) {
			t.Fatalf("%s is followed by %s (%v)", p, n, err)
		}
		p = n
	}
}

func FuzzParsePeriod(f *testing.F) {
	f.Add("2026-12")
	f.Add("2026-2")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := royalty.ParsePeriod(s)
		if err == nil && (p.String() != s || royalty.PeriodAt(p.Start()) != p) {
			t.Errorf("%q was read as %q", s, p)
		}
	})
}
