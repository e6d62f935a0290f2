package store_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/store"
)

// model is what Members should be, without a disk.
type model struct {
	accounts  map[[32]byte]*modelAccount
	keys      map[[32]byte]bool
	batches   map[string]*store.BatchState
	vouchers  map[[32]byte]*modelVoucher
	periods   map[royalty.Period]*modelPeriod
	libraries map[[32]byte]string
	in        map[string]royalty.Cents
	paid      royalty.Cents
	forfeited royalty.Cents
}

type modelAccount struct {
	balance royalty.Cents
	events  map[[32]byte]store.Event
	months  []store.Month
}

type modelVoucher struct {
	batch string
	state error // nil: free
}

type modelPeriod struct {
	fee     royalty.Cents
	count   int
	sales   map[[32]byte]bool
	tallies map[[32]byte]string
	closed  bool
}

func newModel() *model {
	return &model{map[[32]byte]*modelAccount{}, map[[32]byte]bool{}, map[string]*store.BatchState{}, map[[32]byte]*modelVoucher{},
		map[royalty.Period]*modelPeriod{}, map[[32]byte]string{}, map[string]royalty.Cents{}, 0, 0}
}

func (w *model) create(a [32]byte) error {
	if w.accounts[a] == nil {
		w.accounts[a] = &modelAccount{events: map[[32]byte]store.Event{}}
	}
	return nil
}

func (w *model) credit(a, key [32]byte, e store.Event) (bool, error) {
	acc := w.accounts[a]
	if acc == nil {
		return false, store.ErrUnknown
	}
	if old, ok := acc.events[key]; ok {
		if old.Kind != e.Kind || old.Amount != e.Amount {
			return false, store.ErrRefused
		}
		return false, nil
	}
	switch {
	case w.keys[key]:
		return false, store.ErrRefused
	case acc.balance+e.Amount < 0:
		return false, store.ErrBalance
	}
	acc.balance += e.Amount
	acc.events[key] = e
	w.keys[key] = true
	w.in[e.Kind] += e.Amount
	return true, nil
}

func (w *model) delete(a [32]byte, force bool) error {
	acc := w.accounts[a]
	switch {
	case acc == nil:
		return nil
	case acc.balance > 0 && !force:
		return store.ErrHolds
	}
	w.forfeited += acc.balance
	delete(w.accounts, a)
	return nil
}

func (w *model) load(b store.VoucherBatch) (int, error) {
	if old := w.batches[b.ID]; old != nil {
		if old.Count != len(b.Hashes) || old.Value != b.Value {
			return 0, store.ErrRefused
		}
		return 0, nil
	}
	for _, h := range b.Hashes {
		if w.vouchers[h] != nil {
			return 0, store.ErrRefused
		}
	}
	for _, h := range b.Hashes {
		w.vouchers[h] = &modelVoucher{batch: b.ID}
	}
	w.batches[b.ID] = &store.BatchState{ID: b.ID, Value: b.Value, Expires: b.Expires, Count: len(b.Hashes)}
	return len(b.Hashes), nil
}

func (w *model) void(batch string, hashes [][32]byte) (n int, err error) {
	if w.batches[batch] == nil {
		return 0, store.ErrUnknown
	}
	for _, h := range hashes {
		if v := w.vouchers[h]; v == nil || v.batch != batch {
			return 0, store.ErrRefused
		}
	}
	for h, v := range w.vouchers {
		if v.batch == batch && v.state == nil && (hashes == nil || slices.Contains(hashes, h)) {
			v.state = store.ErrVoucherVoid
			n++
		}
	}
	w.batches[batch].Void += n
	return n, nil
}

func (w *model) redeem(a, h, key [32]byte) (royalty.Cents, error) {
	v := w.vouchers[h]
	acc := w.accounts[a]
	switch {
	case acc == nil:
		return 0, store.ErrUnknown
	case acc.events[key].Kind == store.VoucherKind:
		return acc.events[key].Amount, nil
	case w.keys[key]:
		return 0, store.ErrRefused
	case v == nil:
		return 0, store.ErrVoucherUnknown
	case v.state != nil:
		return 0, v.state
	}
	b := w.batches[v.batch]
	v.state = store.ErrVoucherUsed
	b.Used++
	_, err := w.credit(a, key, store.Event{Kind: store.VoucherKind, Amount: b.Value, Period: june})
	return b.Value, err
}

func (w *model) period(p royalty.Period) *modelPeriod {
	if w.periods[p] == nil {
		w.periods[p] = &modelPeriod{sales: map[[32]byte]bool{}, tallies: map[[32]byte]string{}}
	}
	return w.periods[p]
}

func (w *model) buy(a [32]byte, s store.Sale) (store.Month, bool, error) {
	acc, p := w.accounts[a], w.period(s.Period)
	if acc == nil {
		return store.Month{}, false, store.ErrUnknown
	}
	for _, m := range acc.months {
		if m.Period == s.Period && m.Request == s.Request {
			return m, false, nil
		}
	}
	for _, m := range acc.months {
		if m.Period == s.Period && !m.Blind && !s.Blind {
			return m, false, store.ErrHaveMonth
		}
	}
	switch {
	case p.closed:
		return store.Month{}, false, store.ErrClosed
	case p.sales[s.Sale], p.count > 0 && p.fee != s.Fee:
		return store.Month{}, false, store.ErrRefused
	case acc.balance < s.Fee:
		return store.Month{}, false, store.ErrBalance
	}
	acc.balance -= s.Fee
	p.sales[s.Sale], p.fee = true, s.Fee
	p.count++
	w.paid += s.Fee
	month := store.Month{Period: s.Period, Fee: s.Fee, Request: s.Request, Blind: s.Blind, Sealed: s.Sealed}
	acc.months = append(acc.months, month)
	return month, true, nil
}

func (w *model) drop(p royalty.Period) error {
	*w.period(p) = modelPeriod{fee: w.periods[p].fee, count: w.periods[p].count, closed: true}
	return nil
}

func (w *model) put(p royalty.Period, name [32]byte, b string) error {
	if w.period(p).closed {
		return store.ErrClosed
	}
	w.periods[p].tallies[name] = b
	return nil
}

// says is all that the model holds, in the words of what is read from a store.
func (w *model) says() string {
	var s []any
	for i := range 5 {
		acc := w.accounts[id("account", i)]
		if acc == nil {
			s = append(s, store.Account{}, store.ErrUnknown)
			continue
		}
		events := slices.Collect(maps.Values(acc.events))
		for _, m := range acc.months {
			events = append(events, store.Event{Kind: store.FeeKind, Amount: -m.Fee, Period: m.Period})
		}
		slices.SortFunc(events, func(x, y store.Event) int {
			return cmp.Or(cmp.Compare(x.Period, y.Period), cmp.Compare(y.Amount, x.Amount), cmp.Compare(x.Kind, y.Kind))
		})
		months := slices.SortedFunc(slices.Values(acc.months), func(x, y store.Month) int {
			return cmp.Or(cmp.Compare(x.Period, y.Period), slices.Compare(x.Request[:], y.Request[:]))
		})
		s = append(s, store.Account{Balance: acc.balance, Events: events, Months: months}, nil)
	}
	var batches []store.BatchState
	for _, b := range slices.Sorted(maps.Keys(w.batches)) {
		batches = append(batches, *w.batches[b])
	}
	s = append(s, batches)
	for _, p := range modelPeriods {
		s = append(s, w.period(p).count, len(w.periods[p].sales), w.periods[p].tallies)
	}
	held := -w.paid - w.forfeited
	for _, cents := range w.in {
		held += cents
	}
	return fmt.Sprint(append(s, w.libraries, store.Totals{In: w.in, Paid: w.paid, Forfeited: w.forfeited, Held: held})...)
}

var modelPeriods = []royalty.Period{june, july, "2026-08", "2026-09"}

// membersSay reads the same from a store.
func membersSay(m *store.Members) (string, error) {
	var s []any
	var all []error
	for i := range 5 {
		a, err := m.Account(id("account", i))
		if errors.Is(err, store.ErrUnknown) {
			err = store.ErrUnknown
			s = append(s, a, err)
			continue
		}
		s, all = append(s, a, nil), append(all, err)
	}
	batches, err := m.Batches()
	s, all = append(s, batches), append(all, err)
	for _, p := range modelPeriods {
		count, err := m.Sales(p)
		sales, tallies := 0, map[[32]byte]string{}
		serr := m.EachSale(p, func([32]byte) error { sales++; return nil })
		terr := m.EachTally(p, func(name [32]byte, b []byte) error { tallies[name] = string(b); return nil })
		s, all = append(s, count, sales, tallies), append(all, err, serr, terr)
	}
	libraries := map[[32]byte]string{}
	for i := range 4 {
		b, err := m.Library(id("library", i))
		if err == nil {
			libraries[id("library", i)] = string(b)
		} else if !errors.Is(err, store.ErrUnknown) {
			all = append(all, err)
		}
	}
	totals, err := m.Totals()
	return fmt.Sprint(append(s, libraries, totals)...), errors.Join(append(all, err)...)
}
