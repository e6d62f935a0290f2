package payment

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"

	"p2p.legal/peerfy/royalty"
)

// Kind is what an [Event] says of a payment.
type Kind string

// A payment is sighted once, which fixes its rate, then credited, and perhaps
// reversed and credited again.
const (
	Sighted  Kind = "sighted" // 0 cents
	Credited Kind = "credited"
	Reversed Kind = "reversed" // Amount is 0 or less
)

// Event is one line of a rail's book. Whoever keeps the book stores events in
// the order in which they come, and never changes one.
type Event struct {
	Key     [32]byte // names the event: storing the same key again must change nothing
	Kind    Kind
	Payment [32]byte
	Slot    uint64
	Units   uint64 // of the payment
	Rate    Rate   // that was fixed at first sight
	Amount  royalty.Cents
}

// Book is what the events so far amount to. It is rebuilt by recording them
// again, and changes by nothing else.
//
// Cents are rounded once for all payments of one slot at one rate: their units
// are summed, the sum is worth its cents rounded down, and an event's amount is
// the difference that it makes. So a price paid in parts is credited whole, and
// whatever is reversed and comes back, the slot stands where its payments stand.
type Book struct {
	confirmations uint64
	payments      map[[32]byte]payment
	pots          map[pot]uint64 // units credited
}

// pot is where units are summed before they are rounded.
type pot struct {
	slot uint64
	rate Rate
}

type payment struct {
	pot    pot
	units  uint64
	events uint64 // so far: numbers the next
	live   bool   // credited and not reversed
}

// NewBook is an empty book that credits payments from so many confirmations on:
// 10 for Monero.
func NewBook(confirmations uint64) *Book {
	return &Book{confirmations, map[[32]byte]payment{}, map[pot]uint64{}}
}

// Apply says what a poll changes. It is pure: the book stays as it is, and next
// is the book with the events recorded; the caller stores the events, then goes
// on with next. The same poll again gives no event; a caller that died before
// storing gets the same events with the same keys. quotes are the slots given
// out so far; payments to others are left alone.
//
// A payment is credited when it has its confirmations and is neither locked nor
// spent twice. It is reversed when a rail in sync says that it is gone, spent
// twice, or back without any confirmation. A payment whose rate is not to be had
// (its quote's time is over and the poll has no spot rate) waits for one.
func (b *Book) Apply(p Poll, quotes map[uint64]Quote) (events []Event, next *Book, err error) {
	next = &Book{b.confirmations, maps.Clone(b.payments), maps.Clone(b.pots)}
	now := unite(p.Seen)
	for _, name := range next.names(now) {
		seen, ok := now[name]
		for _, kind := range next.due(name, seen, ok, p, quotes) {
			e, err := next.event(name, kind)
			if err != nil {
				return nil, nil, fmt.Errorf("applying a poll: %w", err)
			}
			next.record(e)
			events = append(events, e)
		}
	}
	return events, next, nil
}

// Replay is the book of events that were stored, in their order. It refuses
// events that do not follow from each other; that the last ones are missing it
// cannot know, and the next poll gives them again.
func Replay(confirmations uint64, events []Event) (*Book, error) {
	b := NewBook(confirmations)
	for i, e := range events {
		p, known := b.payments[e.Payment]
		if !known && e.Kind == Sighted {
			b.payments[e.Payment] = payment{pot: pot{e.Slot, e.Rate}, units: e.Units}
		}
		if !p.allows(e.Kind) {
			return nil, fmt.Errorf("replaying event %d: its payment cannot be %q now", i, e.Kind)
		}
		want, err := b.event(e.Payment, e.Kind)
		if err != nil {
			return nil, fmt.Errorf("replaying event %d: %w", i, err)
		}
		if e != want {
			return nil, fmt.Errorf("replaying event %d: it does not follow from those before it", i)
		}
		b.record(e)
	}
	return b, nil
}

// unite makes one sight of each payment. A transaction may be listed twice while
// blocks are undone; the less hopeful of what is said holds.
func unite(all []Seen) map[[32]byte]Seen {
	m := map[[32]byte]Seen{}
	for _, s := range all {
		if o, twice := m[s.Payment]; twice {
			s.Slot, s.Units, s.Confirmations = min(s.Slot, o.Slot), min(s.Units, o.Units), min(s.Confirmations, o.Confirmations)
			s.Locked, s.DoubleSpent = s.Locked || o.Locked, s.DoubleSpent || o.DoubleSpent
			if o.At.Before(s.At) {
				s.At = o.At
			}
		}
		m[s.Payment] = s
	}
	return m
}

// names are the payments in the book or seen now, in one order.
func (b *Book) names(now map[[32]byte]Seen) [][32]byte {
	all := slices.Collect(maps.Keys(b.payments))
	for name := range now {
		if _, known := b.payments[name]; !known {
			all = append(all, name)
		}
	}
	slices.SortFunc(all, compareHashes)
	return all
}

// due is what happens to one payment, and enters it when it is new.
func (b *Book) due(name [32]byte, s Seen, seen bool, p Poll, quotes map[uint64]Quote) (kinds []Kind) {
	pay, known := b.payments[name]
	if !known {
		rate := firstRate(s, quotes, p.Spot)
		if !rate.valid() {
			return nil
		}
		pay = payment{pot: pot{s.Slot, rate}, units: s.Units}
		b.payments[name] = pay
		kinds = append(kinds, Sighted)
	}
	// What is not seen has no confirmations.
	good := seen && s.Confirmations >= b.confirmations && !s.Locked && !s.DoubleSpent
	gone := s.Confirmations == 0 || s.DoubleSpent
	switch {
	case !pay.live && good:
		kinds = append(kinds, Credited)
	case pay.live && !good && gone && p.Synced:
		kinds = append(kinds, Reversed)
	}
	return kinds
}

// firstRate is the rate that first sight fixes: the quoted one in its time, that
// of the day later, none for a slot that was never given out.
func firstRate(s Seen, quotes map[uint64]Quote, spot Rate) Rate {
	q, ok := quotes[s.Slot]
	switch {
	case !ok:
		return Rate{}
	case s.At.After(q.Until):
		return spot
	}
	return q.Rate
}

// event is the payment's next event: pure.
func (b *Book) event(name [32]byte, kind Kind) (Event, error) {
	p := b.payments[name]
	before := b.pots[p.pot]
	after, carry := before, uint64(0)
	switch kind {
	case Credited:
		after, carry = bits.Add64(before, p.units, 0)
	case Reversed:
		after, carry = bits.Sub64(before, p.units, 0)
	}
	was, okBefore := p.pot.rate.worth(before)
	is, okAfter := p.pot.rate.worth(after)
	if carry != 0 || !okBefore || !okAfter {
		return Event{}, fmt.Errorf("what slot %d received does not fit an amount", p.pot.slot)
	}
	h := append([]byte("peerfy/payment-event/v1"), name[:]...)
	key := sha256.Sum256(binary.BigEndian.AppendUint64(h, p.events))
	return Event{key, kind, name, p.pot.slot, p.units, p.pot.rate, is - was}, nil
}

func (b *Book) record(e Event) {
	p := b.payments[e.Payment]
	p.events++
	switch e.Kind {
	case Credited:
		p.live = true
		b.pots[p.pot] += p.units
	case Reversed:
		p.live = false
		b.pots[p.pot] -= p.units
	}
	b.payments[e.Payment] = p
}

func (p payment) allows(k Kind) bool {
	switch k {
	case Sighted:
		return p.events == 0
	case Credited:
		return p.events > 0 && !p.live
	case Reversed:
		return p.live
	}
	return false
}

func (r Rate) valid() bool { return r.Cents > 0 && r.Units > 0 }

// worth is what the units are worth, rounded down, by 128-bit arithmetic.
func (r Rate) worth(units uint64) (cents royalty.Cents, fits bool) {
	hi, lo := bits.Mul64(units, uint64(r.Cents))
	if !r.valid() || hi >= r.Units {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, r.Units)
	return royalty.Cents(q), q <= math.MaxInt64
}
