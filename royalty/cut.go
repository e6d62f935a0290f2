package royalty

import "fmt"

// Whole is a whole in basis points.
const Whole = 10_000

// maxNet bounds a net amount so that it times Whole fits an int64.
const maxNet Cents = 1_000_000_000_000

// Shares are a charter's three families, in basis points that sum to [Whole].
type Shares struct {
	Artists int64
	Funds   []Fund // the other responsible contributions
	Costs   int64
}

// Fund is one contribution's share.
type Fund struct {
	ID string
	BP int64
}

// Parts are what each family gets of one net amount: to the cent, they sum to
// it.
type Parts struct {
	Artists Cents // a multiple of the coin
	Funds   []Part
	Costs   Cents
}

// Part is what one contribution gets.
type Part struct {
	ID     string
	Amount Cents
}

// Cut cuts a net amount, 0 or more, by the shares. Every share is rounded down
// to the cent, that of the artists down to a multiple of coin, and what is left
// over goes to the costs: a rule that a member can redo with a pencil, and that
// depends on nothing but the three numbers. Funds keep their order.
//
// It refuses shares that are negative or do not sum to 10,000.
func Cut(net Cents, shares Shares, coin Cents) (Parts, error) {
	switch {
	case net < 0 || net > maxNet:
		return Parts{}, fmt.Errorf("cutting %s: not between 0 and %s", net, maxNet)
	case coin < 1:
		return Parts{}, fmt.Errorf("cutting: a coin of %d cents", coin)
	}
	if err := shares.check(); err != nil {
		return Parts{}, fmt.Errorf("cutting: %w", err)
	}
	artists := net * Cents(shares.Artists) / Whole
	p := Parts{Artists: artists - artists%coin}
	p.Costs = net - p.Artists
	for _, f := range shares.Funds {
		amount := net * Cents(f.BP) / Whole
		p.Funds = append(p.Funds, Part{f.ID, amount})
		p.Costs -= amount
	}
	return p, nil
}

func (s Shares) check() error {
	sum, all := int64(0), []int64{s.Artists, s.Costs}
	for _, f := range s.Funds {
		all = append(all, f.BP)
	}
	for _, bp := range all {
		if bp < 0 || bp > Whole {
			return fmt.Errorf("a share of %d basis points", bp)
		}
		sum += bp
	}
	if sum != Whole {
		return fmt.Errorf("the shares sum to %d basis points, not %d", sum, Whole)
	}
	return nil
}
