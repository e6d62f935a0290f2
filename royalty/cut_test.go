package royalty_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"p2p.legal/peerfy/royalty"
)

func TestCut(t *testing.T) {
	funds := []royalty.Fund{{ID: "reserve", BP: 500}, {ID: "archive", BP: 500}}
	for name, c := range map[string]struct {
		net, coin, artists, each, costs royalty.Cents
	}{
		"8.00":                {800, 1, 560, 40, 160},
		"net of 20 % tax":     {667, 1, 466, 33, 135},
		"a coin of 5 cents":   {667, 5, 465, 33, 136},
		"smaller than a coin": {6, 5, 0, 0, 6},
		"nothing":             {0, 1, 0, 0, 0},
	} {
		p, err := royalty.Cut(c.net, royalty.Shares{Artists: 7000, Funds: funds, Costs: 2000}, c.coin)
		want := []royalty.Part{{ID: "reserve", Amount: c.each}, {ID: "archive", Amount: c.each}}
		if err != nil || p.Artists != c.artists || p.Costs != c.costs || !slices.Equal(p.Funds, want) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestCutRefuses(t *testing.T) {
	fund := func(bp int64) []royalty.Fund { return []royalty.Fund{{ID: "a", BP: bp}} }
	whole := royalty.Shares{Artists: 7000, Funds: fund(1000), Costs: 2000}
	for name, c := range map[string]struct {
		net, coin royalty.Cents
		shares    royalty.Shares
	}{
		"less than nothing": {-1, 1, whole},
		"more than is":      {1 << 62, 1, whole},
		"no coin":           {800, 0, whole},
		"a negative coin":   {800, -5, whole},
		"too little":        {800, 1, royalty.Shares{Artists: 7000, Costs: 2999}},
		"too much":          {800, 1, royalty.Shares{Artists: 7000, Funds: fund(1), Costs: 3000}},
		"a negative share":  {800, 1, royalty.Shares{Artists: 7000, Funds: fund(-1000), Costs: 4000}},
		"around the corner": {800, 1, royalty.Shares{Artists: 1 << 62, Funds: fund(1 << 62), Costs: 1<<63 - 1}},
		"nobody":            {800, 1, royalty.Shares{}},
	} {
		if p, err := royalty.Cut(c.net, c.shares, c.coin); err == nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// Whatever the charter: no cent is made or lost, nobody but the costs gets more
// than the share, and nobody loses a cent of it, the artists less than a coin.
func TestCutKeepsEveryCent(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		left := int64(royalty.Whole)
		take := func() int64 { n := r.Int64N(left + 1); left -= n; return n }
		s := royalty.Shares{Artists: take()}
		for range r.IntN(6) {
			s.Funds = append(s.Funds, royalty.Fund{BP: take()})
		}
		s.Costs = left
		net, coin := royalty.Cents(r.Int64N(100_000)), royalty.Cents(1+r.Int64N(5))
		p, err := royalty.Cut(net, s, coin)
		if err != nil {
			t.Fatal(err)
		}
		// Shortfalls in 1/10,000 cent.
		short := net*royalty.Cents(s.Artists) - p.Artists*royalty.Whole
		if short < 0 || short >= coin*royalty.Whole || p.Artists%coin != 0 {
			t.Fatalf("artists get %s of %s: %+v", p.Artists, net, s)
		}
		sum := p.Artists + p.Costs
		for i, f := range p.Funds {
			sum += f.Amount
			if short := net*royalty.Cents(s.Funds[i].BP) - f.Amount*royalty.Whole; short < 0 || short >= royalty.Whole {
				t.Fatalf("fund %d gets %s of %s: %+v", i, f.Amount, net, s)
			}
		}
		if sum != net || p.Costs*royalty.Whole < net*royalty.Cents(s.Costs) {
			t.Fatalf("%s became %s: %+v", net, sum, p)
		}
	}
}
