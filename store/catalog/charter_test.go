package catalog_test

import (
	"bytes"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

func TestCharterRefusals(t *testing.T) {
	for words, spoil := range map[string]func(*catalog.Charter){
		"sum to 9999":              func(c *catalog.Charter) { c.Shares.Costs-- },
		"-1 basis points":          func(c *catalog.Charter) { c.Shares.Costs, c.Shares.Artists = -1, 9001 },
		"must be 1 or 5":           func(c *catalog.Charter) { c.Coin = 2 },
		"not one of the charter's": func(c *catalog.Charter) { c.Unplayed = "elsewhere" },
		"fee is not between":       func(c *catalog.Charter) { c.Fee.Cents = 0 },
		"two roles share":          func(c *catalog.Charter) { c.Keys.Treasurer = c.Keys.Editor },
		"threshold of 2":           func(c *catalog.Charter) { c.Keys.Root.Threshold = 2 },
		"threshold of 0":           func(c *catalog.Charter) { c.Keys.Root.Threshold = 0 },
		"threshold of -1":          func(c *catalog.Charter) { c.Keys.Root.Threshold = -1 },
		"freshness key":            func(c *catalog.Charter) { c.Keys.Fresh = c.Keys.Log },
		"a single software":        func(c *catalog.Charter) { c.Keys.Release = c.Keys.Root.Keys[:1] },
		"stands twice": func(c *catalog.Charter) {
			c.Shares.Contributions = append(c.Shares.Contributions, c.Shares.Contributions[0])
		},
		"seconds of a play":     func(c *catalog.Charter) { c.Plays.Seconds = 0 },
		"quorum of 1":           func(c *catalog.Charter) { c.Quorum = 1 },
		"French and an English": func(c *catalog.Charter) { c.Licence.FR = nil },
		"not a month": func(c *catalog.Charter) {
			c.Succession = &catalog.Succession{OldKey: c.Keys.Log, Size: 1, EndsEarly: []string{"2026-13"}}
		},
		"not sorted and distinct": func(c *catalog.Charter) {
			c.Succession = &catalog.Succession{OldKey: c.Keys.Log, Size: 1, EndsEarly: []string{"2026-12", "2026-12"}}
		},
		"recipient of notices": func(c *catalog.Charter) { c.Notices = "editor@example.org" },
		"name is empty":        func(c *catalog.Charter) { c.Name = "" },
	} {
		c := *newCoop(t).charter
		spoil(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("got %v, want a refusal with %q", err, words)
		}
	}
}

func TestNetFee(t *testing.T) {
	for _, c := range []struct{ cents, tax, net int64 }{{800, 0, 800}, {800, 2000, 667}, {800, 550, 758}, {1, 2000, 1}, {100_000, 2000, 83_333}} {
		if got := (catalog.Fee{Cents: c.cents, TaxBP: c.tax}).Net(); got != c.net {
			t.Errorf("%d cents with %d bp of tax: net %d, want %d", c.cents, c.tax, got, c.net)
		}
	}
}

func FuzzParseBodies(f *testing.F) {
	c := newCoop(&testing.T{})
	for _, v := range []any{c.charter, c.artist("brume", "Brume"), release("brume", 1, 2), catalog.Withdrawal{Release: strings.Repeat("a", 20), Reason: "law"}, c.opening("2026-12")} {
		b, err := ledger.MarshalCanonical(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(v any, err error) {
			if err != nil {
				return
			}
			if again, err := ledger.MarshalCanonical(v); err != nil || !bytes.Equal(again, b) {
				t.Errorf("%q comes back as %q, %v", b, again, err)
			}
		}
		ch, err := catalog.ParseCharter(b)
		check(ch, err)
		a, err := catalog.ParseArtist(b)
		check(a, err)
		r, err := catalog.ParseRelease(b)
		check(r, err)
		w, err := catalog.ParseWithdrawal(b)
		check(w, err)
		o, err := catalog.ParseOpening(b)
		check(o, err)
	})
}

// TestOneKeyTwoNames: a single person must not be a quorum of two.
func TestOneKeyTwoNames(t *testing.T) {
	seed := bytes.Repeat([]byte{7}, 32)
	_, one, err1 := ledger.KeyFromSeed("essai/one", seed)
	_, two, err2 := ledger.KeyFromSeed("essai/two", seed)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	c := newCoop(t).charter
	c.Keys.Root = catalog.RootKeys{Threshold: 2, Keys: []string{one, two}}
	if err := c.Check(); err == nil || !strings.Contains(err.Error(), "share a key") {
		t.Errorf("one key under two names makes a quorum of two: %v", err)
	}
}
