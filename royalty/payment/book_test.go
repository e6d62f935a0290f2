package payment_test

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/payment"
)

const price = 43_657_238_941 // piconero for 8.00

var (
	noon   = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	quoted = payment.Rate{Cents: 800, Units: price}
	spot   = payment.Rate{Cents: 100_00, Units: 1_000_000_000_000} // 100 € for one XMR
	quotes = map[uint64]payment.Quote{
		1: {Slot: 1, Rate: quoted, Asset: "XMR", Until: noon.Add(24 * time.Hour)},
		2: {Slot: 2, Rate: quoted, Asset: "XMR", Until: noon.Add(24 * time.Hour)},
	}
)

// money is a sight of a payment to slot 1 with ten confirmations, and what
// bends it.
func money(name byte, units uint64, bend ...func(*payment.Seen)) payment.Seen {
	s := payment.Seen{Payment: [32]byte{name}, Slot: 1, Units: units, Confirmations: 10, At: noon}
	for _, f := range bend {
		f(&s)
	}
	return s
}

func confirmed(n uint64) func(*payment.Seen) { return func(s *payment.Seen) { s.Confirmations = n } }
func at(t time.Time) func(*payment.Seen)     { return func(s *payment.Seen) { s.At = t } }
func slot(n uint64) func(*payment.Seen)      { return func(s *payment.Seen) { s.Slot = n } }
func locked(s *payment.Seen)                 { s.Locked = true }
func doubleSpent(s *payment.Seen)            { s.DoubleSpent = true }
func poll(seen ...payment.Seen) payment.Poll {
	return payment.Poll{Seen: seen, Spot: spot, Synced: true}
}
func asleep(seen ...payment.Seen) payment.Poll { return payment.Poll{Seen: seen, Spot: spot} }

// balances are what the events credit to each slot.
func balances(events []payment.Event) map[uint64]royalty.Cents {
	m := map[uint64]royalty.Cents{}
	for _, e := range events {
		m[e.Slot] += e.Amount
	}
	return m
}

// run applies the polls one after the other, and checks on the way that each is
// idempotent, that the book does not change, and that replay gives the same.
func run(t *testing.T, polls ...payment.Poll) []payment.Event {
	t.Helper()
	b := payment.NewBook(10)
	var all []payment.Event
	for _, p := range polls {
		events, next, err := b.Apply(p, quotes)
		if err != nil {
			t.Fatal(err)
		}
		if twice, _, err := b.Apply(p, quotes); err != nil || !slices.Equal(twice, events) {
			t.Fatalf("the book changed: %v, then %v (%v)", events, twice, err)
		}
		if again, _, err := next.Apply(p, quotes); err != nil || len(again) != 0 {
			t.Fatalf("the same poll again gives %v, %v", again, err)
		}
		all = append(all, events...)
		replayed, err := payment.Replay(10, all)
		if err != nil || !reflect.DeepEqual(replayed, next) {
			t.Fatalf("replayed %+v (%v), not %+v", replayed, err, next)
		}
		b = next
	}
	keys := map[[32]byte]bool{}
	for _, e := range all {
		if keys[e.Key] {
			t.Fatalf("two events have the key %x", e.Key[:4])
		}
		keys[e.Key] = true
	}
	return all
}

func TestBook(t *testing.T) {
	later := noon.Add(48 * time.Hour)
	type polls = []payment.Poll
	for name, c := range map[string]struct {
		polls polls
		want  royalty.Cents
	}{
		"exact":              {polls{poll(money('a', price))}, 800},
		"in two parts":       {polls{poll(money('a', price/2)), poll(money('a', price/2), money('b', price-price/2))}, 800},
		"too little":         {polls{poll(money('a', price-1))}, 799},
		"too much":           {polls{poll(money('a', 3*price))}, 2400},
		"late":               {polls{poll(money('a', 80_000_000_000, at(later)))}, 800},
		"at the last moment": {polls{poll(money('a', price, at(noon.Add(24*time.Hour))))}, 800},
		"seen in time":       {polls{poll(money('a', price, confirmed(0))), poll(money('a', price, at(later)))}, 800},
		"unconfirmed":        {polls{poll(money('a', price, confirmed(9)))}, 0},
		"locked":             {polls{poll(money('a', price, confirmed(50), locked))}, 0},
		"spent twice":        {polls{poll(money('a', price, confirmed(50), doubleSpent))}, 0},
		"repeated":           {polls{poll(money('a', price)), poll(money('a', price, confirmed(11))), poll(money('a', price, confirmed(12)))}, 800},
		"undone":             {polls{poll(money('a', price)), poll()}, 0},
		"undone, then back":  {polls{poll(money('a', price)), poll(), poll(money('a', price, at(later)))}, 800},
		"twice undone":       {polls{poll(money('a', price)), poll(), poll(money('a', price)), poll(money('a', price, confirmed(0)))}, 0},
		"one of two undone":  {polls{poll(money('a', price/2), money('b', price-price/2)), poll(money('b', price-price/2))}, 400},
		"falling back":       {polls{poll(money('a', price)), poll(money('a', price, confirmed(1)))}, 800},
		"in and pool":        {polls{poll(money('a', price, confirmed(0)), money('a', price, confirmed(12)))}, 0},
		"pool and in":        {polls{poll(money('a', price, confirmed(12)), money('a', price, confirmed(0)))}, 0},
		"credited, in both":  {polls{poll(money('a', price)), poll(money('a', price, confirmed(12)), money('a', price, confirmed(0)))}, 0},
		"spent in one list":  {polls{poll(money('a', price, doubleSpent), money('a', price))}, 0},
		"locked in one list": {polls{poll(money('a', price, locked), money('a', price))}, 0},
		"early in one list":  {polls{poll(money('a', price), money('a', price, at(later)))}, 800},
		"out of sync":        {polls{poll(money('a', price)), asleep(), asleep(money('a', price, doubleSpent))}, 800},
		"in sync again":      {polls{poll(money('a', price)), asleep(), poll()}, 0},
		"credited asleep":    {polls{asleep(money('a', price))}, 800},
		"nobody's slot":      {polls{poll(money('a', price, slot(9)))}, 0},
		"another slot":       {polls{poll(money('a', price, slot(2)))}, 0},
		"nothing":            {polls{poll(), asleep()}, 0},
		"without a rate":     {polls{{Seen: []payment.Seen{money('a', price, at(later))}, Synced: true}}, 0},
		"rate comes later":   {polls{{Seen: []payment.Seen{money('a', 80_000_000_000, at(later))}, Synced: true}, poll(money('a', 80_000_000_000, at(later)))}, 800},
	} {
		t.Run(name, func(t *testing.T) {
			if got := balances(run(t, c.polls...))[1]; got != c.want {
				t.Errorf("slot 1 stands at %s, want %s", got, c.want)
			}
		})
	}
}

// A bank's line is final as it is read: a book may want no confirmations.
func TestBookWithoutConfirmations(t *testing.T) {
	b := payment.NewBook(0)
	seen := poll(money('a', price, confirmed(0)))
	events, b, err := b.Apply(seen, quotes)
	if err != nil || balances(events)[1] != 800 {
		t.Fatalf("%v, %v", events, err)
	}
	if again, _, err := b.Apply(seen, quotes); err != nil || len(again) != 0 {
		t.Errorf("the same poll again gives %v, %v", again, err)
	}
	if gone, _, err := b.Apply(poll(), quotes); err != nil || balances(gone)[1] != -800 {
		t.Errorf("what is gone gives %v, %v", gone, err)
	}
}

// Whatever the order, the gaps and the confirmations of the polls: once the
// rail tells the truth, each slot stands at it, to the cent.
func TestBookConverges(t *testing.T) {
	rounds := 2000
	if os.Getenv("PEERFY_SOAK") != "" {
		rounds = 200_000
	}
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 7))
		var truth []payment.Seen
		for i := range 1 + r.IntN(5) {
			s := money(byte('a'+i), r.Uint64N(price*2), confirmed(30), slot(1+r.Uint64N(2)))
			s.Locked, s.DoubleSpent = r.IntN(5) == 0, r.IntN(7) == 0
			truth = append(truth, s)
		}
		var polls []payment.Poll
		for range r.IntN(12) {
			polls = append(polls, glimpse(r, truth))
		}
		got := balances(run(t, append(polls, poll(truth...))...))
		units := map[uint64]uint64{}
		for _, s := range truth {
			if !s.DoubleSpent && !s.Locked {
				units[s.Slot] += s.Units
			}
		}
		for n, u := range units {
			if want := royalty.Cents(u * 800 / price); got[n] != want {
				t.Fatalf("seed %d: slot %d stands at %s, want %s", seed, n, got[n], want)
			}
		}
	}
}

// glimpse is a poll that misses payments, doubles some, and errs about how deep
// they are; never about locks and second spendings, which do not come and go.
func glimpse(r *rand.Rand, truth []payment.Seen) payment.Poll {
	p := payment.Poll{Spot: spot, Synced: r.IntN(2) == 0}
	for _, s := range truth {
		for range r.IntN(3) {
			s.Confirmations = r.Uint64N(20)
			p.Seen = append(p.Seen, s)
		}
	}
	r.Shuffle(len(p.Seen), func(i, j int) { p.Seen[i], p.Seen[j] = p.Seen[j], p.Seen[i] })
	return p
}

// Amounts that no coin has do not wrap around.
func TestBookRefusesTheImpossible(t *testing.T) {
	dear := map[uint64]payment.Quote{1: {Slot: 1, Rate: payment.Rate{Cents: math.MaxInt64, Units: 1}, Until: noon}}
	for name, c := range map[string]struct {
		quotes map[uint64]payment.Quote
		poll   payment.Poll
	}{
		"more units than fit": {quotes, poll(money('a', math.MaxUint64), money('b', 1))},
		"more cents than fit": {dear, poll(money('a', 2))},
		"far more than fit":   {dear, poll(money('a', math.MaxUint64))},
	} {
		b := payment.NewBook(10)
		if events, _, err := b.Apply(c.poll, c.quotes); err == nil {
			t.Errorf("%s: %v", name, events)
		}
		if events, _, err := b.Apply(poll(money('c', 7*price)), quotes); err != nil || len(events) != 2 {
			t.Errorf("%s: the book is hurt: %v, %v", name, events, err)
		}
	}
}

// A book that lost or changed an event is noticed when it is read again.
func TestReplayRefuses(t *testing.T) {
	good := run(t, poll(money('a', price), money('b', price/3)), poll(money('b', price/3)), poll(money('a', price), money('b', price/3)))
	if len(good) != 6 {
		t.Fatalf("%d events: %v", len(good), good)
	}
	for i := range good {
		last := !slices.ContainsFunc(good[i+1:], func(e payment.Event) bool { return e.Payment == good[i].Payment })
		if _, err := payment.Replay(10, slices.Delete(slices.Clone(good), i, i+1)); err == nil && !last {
			t.Errorf("without event %d (%s) it replays", i, good[i].Kind)
		}
		if _, err := payment.Replay(10, slices.Insert(slices.Clone(good), i, good[i])); err == nil {
			t.Errorf("with event %d twice it replays", i)
		}
		for name, bend := range map[string]func(*payment.Event){
			"key":    func(e *payment.Event) { e.Key[0]++ },
			"kind":   func(e *payment.Event) { e.Kind = "given" },
			"amount": func(e *payment.Event) { e.Amount++ },
			"slot":   func(e *payment.Event) { e.Slot++ },
			"rate":   func(e *payment.Event) { e.Rate.Cents = 0 },
		} {
			bent := slices.Clone(good)
			if bend(&bent[i]); bent[i].Kind == payment.Sighted && name == "slot" {
				continue // it is the first to say which slot
			}
			if _, err := payment.Replay(10, bent); err == nil {
				t.Errorf("event %d (%s) replays with another %s", i, good[i].Kind, name)
			}
		}
	}
}

// Not even an event with the right key credits a payment twice.
func TestReplayRefusesTwoCredits(t *testing.T) {
	good := run(t, poll(money('a', price)))
	next := func(kind payment.Kind, n uint64, amount royalty.Cents) []payment.Event {
		e := good[1]
		e.Kind, e.Amount = kind, amount
		e.Key = sha256.Sum256(binary.BigEndian.AppendUint64(append([]byte("peerfy/payment-event/v1"), e.Payment[:]...), n))
		return append(slices.Clone(good), e)
	}
	if _, err := payment.Replay(10, next(payment.Reversed, 2, -800)); err != nil {
		t.Fatalf("the key is made otherwise than in this test: %v", err)
	}
	for kind, amount := range map[payment.Kind]royalty.Cents{payment.Credited: 800, payment.Sighted: 0, "given": 0} {
		if _, err := payment.Replay(10, next(kind, 2, amount)); err == nil {
			t.Errorf("after it was credited, the payment is %s", kind)
		}
	}
}

// The rate's arithmetic against big numbers.
func TestRate(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	for range 20_000 {
		rate := payment.Rate{Cents: royalty.Cents(1 + r.Int64N(1<<uint(1+r.IntN(60)))), Units: 1 + r.Uint64N(1<<uint(1+r.IntN(60)))}
		units := r.Uint64N(1 << uint(1+r.IntN(60)))
		want := new(big.Int).SetUint64(units)
		want.Mul(want, big.NewInt(int64(rate.Cents))).Div(want, new(big.Int).SetUint64(rate.Units))
		q := map[uint64]payment.Quote{1: {Slot: 1, Rate: rate, Until: noon}}
		events, _, err := payment.NewBook(10).Apply(poll(money('a', units)), q)
		if fits := want.IsInt64(); fits != (err == nil) || fits && int64(balances(events)[1]) != want.Int64() {
			t.Fatalf("%d units at %+v: %v (%v), want %v", units, rate, balances(events), err, want)
		}
	}
}
