package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/storetest"
)

// TestOpenings reads back what was opened, the latest month first, and keeps in
// mind which charter ended a month's pass key.
func TestOpenings(t *testing.T) {
	c := storetest.New(t)
	for _, period := range []string{"2026-12", "2026-11", "2027-01"} {
		if _, err := c.Open(period); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Open("2026-12"); !errors.Is(err, store.ErrRefused) {
		t.Errorf("a month is opened twice: %v", err)
	}
	for _, since := range []string{"2026-12-24", "2026-12-25"} { // the first of two ends the key
		next := c.NewCharter()
		next.Since = since
		next.Succession = &catalog.Succession{OldKey: next.Keys.Log, Size: 1, EndsEarly: []string{"2026-12", "2027-02"}}
		if _, err := c.Append(ledger.KindCharter, next, c.Keys.Root); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		all, err := c.DB.Openings()
		var got []string
		for _, o := range all {
			got = append(got, fmt.Sprint(o.Period, " ", o.Index, " ", o.Ended))
		}
		if want := []string{"2027-01 3 0", "2026-12 1 4", "2026-11 2 0"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("opened: %q, %v, want %q", got, err, want)
		}
		for _, key := range all[1].MonthKeys() {
			if period, ok, err := c.DB.MonthKey(key); !ok || period != "2026-12" || err != nil {
				t.Errorf("the key is of %q, %t, %v", period, ok, err)
			}
		}
		if _, err := c.DB.Opening("2027-02"); !errors.Is(err, store.ErrUnknown) {
			t.Errorf("a month that nobody opened: %v", err)
		}
		sound(t, c)
		if err := store.Rebuild(c.Dir); err != nil {
			t.Fatal(err)
		}
		c.DB = open(t, c.Dir)
	}
}
