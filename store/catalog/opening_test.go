package catalog_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

func TestOpening(t *testing.T) {
	c := founded(t)
	if _, ok := c.state.Opening("2026-12"); ok {
		t.Error("a month is open that nobody opened")
	}
	c.must(c.entry(ledger.KindOpening, c.opening("2026-12"), "treasurer"))
	o, ok := c.state.Opening("2026-12")
	if !ok || o.Index != 3 || o.Opening != c.opening("2026-12") || o.Ended != 0 {
		t.Errorf("the opening reads back as %+v, %t", o, ok)
	}
	for _, key := range o.MonthKeys() {
		if period, ok := c.state.MonthKey(key); !ok || period != "2026-12" {
			t.Errorf("the key %s is of %q, %t", key, period, ok)
		}
	}
	// Months may be opened in any order, each with keys of its own.
	november := c.opening("2026-11")
	november.Closing = "age1pq1" + strings.Repeat("q", 1952) // as long as a hybrid recipient
	c.must(c.entry(ledger.KindOpening, november, "treasurer"))
}

// TestFirstOpeningCounts: nobody, not even the treasurer, gives some members a
// second pass key for the same month.
func TestFirstOpeningCounts(t *testing.T) {
	c := founded(t)
	first := c.opening("2026-12")
	c.must(c.entry(ledger.KindOpening, first, "treasurer"))
	second := first
	second.PassKey.N = modulus("another")
	c.key("till/2026-12")
	second.Till = c.vkeys["till/2026-12"]
	wantVoid(t, c, c.entry(ledger.KindOpening, second, "treasurer"), "2026-12 is already opened by entry 3")
	wantVoid(t, c, c.entry(ledger.KindOpening, first, "treasurer", "editor"), "stands in the log already, at entry 3")
	if o, _ := c.state.Opening("2026-12"); o.Opening != first || o.Index != 3 {
		t.Errorf("the second opening took effect: %+v", o)
	}
}

func TestOpeningSignature(t *testing.T) {
	c := founded(t)
	o := c.opening("2026-12")
	wantVoid(t, c, c.entry(ledger.KindOpening, o, "editor", "root", "brume"), "signature of a treasurer")

	// The treasurer of the charter in force, not of the one before.
	next := *c.charter
	next.Keys.Treasurer = []string{c.vkeys["stranger"]}
	c.must(c.entry(ledger.KindCharter, next, "root"))
	wantVoid(t, c, c.entry(ledger.KindOpening, o, "treasurer"), "signature of a treasurer")
	c.must(c.entry(ledger.KindOpening, o, "stranger"))
}

// TestOpeningRefusals spoils one thing at a time.
func TestOpeningRefusals(t *testing.T) {
	even := []byte(strings.Repeat("\xaa", 256))
	long := make([]byte, 257)
	long[0], long[256] = 0x80, 1
	numbers := base64.RawURLEncoding
	for _, tt := range []struct {
		words string
		spoil func(c *coop, o *catalog.Opening)
	}{
		{"is not a month", func(_ *coop, o *catalog.Opening) { o.Period = "2026-13" }},
		{"is not a month", func(_ *coop, o *catalog.Opening) { o.Period = "26-12" }},
		{"is not a month", func(_ *coop, o *catalog.Opening) { o.Period = "" }},
		{"not base64url", func(_ *coop, o *catalog.Opening) { o.PassKey.N = strings.Repeat("=", 342) }},
		{"not 2,048 bits", func(_ *coop, o *catalog.Opening) { o.PassKey.N = "AQAB" }},
		{"not 2,048 bits", func(_ *coop, o *catalog.Opening) { o.PassKey.N = numbers.EncodeToString(long) }},
		{"not 2,048 bits", func(_ *coop, o *catalog.Opening) {
			o.PassKey.N = numbers.EncodeToString(append([]byte{0x7f}, long[2:]...))
		}},
		{"even modulus", func(_ *coop, o *catalog.Opening) { o.PassKey.N = numbers.EncodeToString(even) }},
		{`the exponent "Aw"`, func(_ *coop, o *catalog.Opening) { o.PassKey.E = "Aw" }},
		{`the exponent ""`, func(_ *coop, o *catalog.Opening) { o.PassKey.E = "" }},
		{"the till key: ", func(_ *coop, o *catalog.Opening) { o.Till = "essai/till/2026-12" }},
		{"the till key: ", func(c *coop, o *catalog.Opening) { o.Till = cosigner(c, o.Till) }},
		{"till key is called", func(c *coop, o *catalog.Opening) { c.key("till/2027-01"); o.Till = c.vkeys["till/2027-01"] }},
		{"till key is called", func(c *coop, o *catalog.Opening) { o.Till = c.vkeys["stranger"] }},
		{"closing recipient", func(_ *coop, o *catalog.Opening) { o.Closing = "" }},
		{"closing recipient", func(_ *coop, o *catalog.Opening) { o.Closing = "age1yubikey1" + o.Closing[12:] }},
		{"closing recipient", func(_ *coop, o *catalog.Opening) { o.Closing += "q" }},
		{"closing recipient", func(_ *coop, o *catalog.Opening) { o.Closing = "age1pq1" + o.Closing[7:] }},
		{"fee is not positive", func(_ *coop, o *catalog.Opening) { o.Fee = 0 }},
		{"its fee is 799 cents, that of the charter in force 800", func(_ *coop, o *catalog.Opening) { o.Fee = 799 }},
		{"end on 2026-12-31", func(_ *coop, o *catalog.Opening) { o.SalesUntil = "2026-12-30" }},
		{"due on 2027-01-08", func(_ *coop, o *catalog.Opening) { o.StatementBy = "2027-01-09" }},
	} {
		c := founded(t)
		o := c.opening("2026-12")
		tt.spoil(c, &o)
		wantVoid(t, c, c.entry(ledger.KindOpening, o, "treasurer"), tt.words)
		// What was void opened nothing, and its keys are not spent.
		c.must(c.entry(ledger.KindOpening, c.opening("2026-12"), "treasurer"))
	}
}

// cosigner is the same key for cosignatures, which cannot sign stubs.
func cosigner(c *coop, vkey string) string {
	c.t.Helper()
	other, err := ledger.CosignatureKey(vkey)
	if err != nil {
		c.t.Fatal(err)
	}
	return other
}

// TestMonthKeysServeOneMonth: a stolen key is worth one month and no more.
func TestMonthKeysServeOneMonth(t *testing.T) {
	c := founded(t)
	november := c.opening("2026-11")
	c.must(c.entry(ledger.KindOpening, november, "treasurer"))
	if period, ok := c.state.MonthKey(modulus("another")); ok {
		t.Errorf("a key that nobody used is of %s", period)
	}

	o := c.opening("2026-12")
	o.PassKey = november.PassKey
	wantVoid(t, c, c.entry(ledger.KindOpening, o, "treasurer"), "is that of 2026-11")

	// The same till key has another name and another id in each month.
	seed := []byte(strings.Repeat("t", 32))
	_, one, err1 := ledger.KeyFromSeed("essai/till/2026-12", seed)
	_, two, err2 := ledger.KeyFromSeed("essai/till/2027-01", seed)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	o = c.opening("2026-12")
	o.Till = one
	c.must(c.entry(ledger.KindOpening, o, "treasurer"))
	o = c.opening("2027-01")
	o.Till = two
	wantVoid(t, c, c.entry(ledger.KindOpening, o, "treasurer"), "is that of 2026-12")
}

// TestTillKeyHasNoOtherRole: it lies on the web host, so it must not be the
// treasurer's under another name.
func TestTillKeyHasNoOtherRole(t *testing.T) {
	seed := []byte(strings.Repeat("t", 32))
	_, treasurer, err1 := ledger.KeyFromSeed("essai/treasurer2", seed)
	_, till, err2 := ledger.KeyFromSeed("essai/till/2026-12", seed)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for role, give := range map[string]func(*catalog.Keys){
		"treasurer": func(k *catalog.Keys) { k.Treasurer = append(k.Treasurer, treasurer) },
		"freshness": func(k *catalog.Keys) { k.Fresh = cosigner(newCoop(t), treasurer) },
	} {
		c := newCoop(t)
		give(&c.charter.Keys)
		c.must(c.entry(ledger.KindCharter, c.charter, "root"))
		o := c.opening("2026-12")
		o.Till = till
		t.Log(role)
		wantVoid(t, c, c.entry(ledger.KindOpening, o, "treasurer"), "has a role already")
	}
}

// TestOpeningHasNoOtherFields: what is not understood is not signed for.
func TestOpeningHasNoOtherFields(t *testing.T) {
	c := founded(t)
	o := c.opening("2026-12")
	wantVoid(t, c, c.entry(ledger.KindOpening, struct {
		catalog.Opening
		Discount int64 `json:"discount"`
	}{o, 100}, "treasurer"), "discount")
	wantVoid(t, c, c.entry(ledger.KindOpening, struct {
		Period string `json:"period"`
	}{"2026-12"}, "treasurer"), "missing")
}

// TestPassKeyEndsEarly: a charter ends the keys of months that a stolen host
// has compromised, once and for good; those opened later are not touched.
func TestPassKeyEndsEarly(t *testing.T) {
	c := founded(t)
	c.must(c.entry(ledger.KindOpening, c.opening("2026-11"), "treasurer"))
	c.must(c.entry(ledger.KindOpening, c.opening("2026-12"), "treasurer"))

	next := *c.charter
	next.Keys.Log = c.vkeys["stranger"]
	next.Succession = &catalog.Succession{OldKey: c.charter.Keys.Log, Size: 5, Root: catalog.Hash{1}, EndsEarly: []string{"2026-12", "2027-01"}}
	c.must(c.entry(ledger.KindCharter, next, "root"))
	later := next
	later.Since = "2026-12-24"
	c.must(c.entry(ledger.KindCharter, later, "root"))
	last := *c.charter
	last.Keys.Log, last.Since = next.Keys.Log, "2026-12-26"
	c.must(c.entry(ledger.KindCharter, last, "root"))
	c.must(c.entry(ledger.KindOpening, c.opening("2027-01"), "treasurer"))

	for period, want := range map[string]int64{"2026-11": 0, "2026-12": 5, "2027-01": 0} {
		if o, ok := c.state.Opening(period); !ok || o.Ended != want {
			t.Errorf("%s: ended by entry %d, want %d", period, o.Ended, want)
		}
	}
	// The month stays opened: it has one pass key or none.
	again := c.opening("2026-12")
	again.PassKey.N = modulus("another")
	wantVoid(t, c, c.entry(ledger.KindOpening, again, "treasurer"), "already opened by entry 4")
}

func TestCalendar(t *testing.T) {
	for period, want := range map[string][2]string{
		"2026-12": {"2026-12-31", "2027-01-08"}, "2028-02": {"2028-02-29", "2028-03-08"}, "2027-02": {"2027-02-28", "2027-03-08"},
	} {
		last, statement, err := catalog.Calendar(period)
		if err != nil || last != want[0] || statement != want[1] {
			t.Errorf("%s: %s and %s, %v", period, last, statement, err)
		}
	}
	for _, bad := range []string{"", "2026", "2026-00", "2026-13", "2026-1", "1999-12", "3000-01", "2026-012", "2026-12-01", "２026-12", "2026-12\n"} {
		if _, _, err := catalog.Calendar(bad); err == nil || catalog.IsPeriod(bad) {
			t.Errorf("%q passes for a month", bad)
		}
	}
}
