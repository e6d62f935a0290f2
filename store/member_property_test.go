package store_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

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

// answer is what a step answered: a value and an error.
type answer struct {
	value any
	err   error
}

// step does the same to both, at random.
func (w *model) step(r *rand.Rand, m *store.Members) (do func() answer, wanted answer) {
	a, key := id("account", r.IntN(5)), id("key", r.IntN(300))
	p, n := modelPeriods[r.IntN(4)], r.IntN(4)
	values := func(v any, err error) answer { return answer{v, err} }
	only := func(err error) answer { return answer{nil, err} }
	switch r.IntN(16) {
	case 0, 1:
		return func() answer { return only(m.CreateAccount(a)) }, only(w.create(a))
	case 2, 3, 4:
		e := store.Event{Kind: []string{"sepa", "monero"}[r.IntN(2)], Amount: royalty.Cents(100 * (r.IntN(30) - 4)), Period: p}
		if e.Amount == 0 {
			e.Amount = 1
		}
		return func() answer { return values(m.Credit(a, key, e.Kind, e.Amount, p)) }, values(w.credit(a, key, e))
	case 5:
		force := r.IntN(4) == 0
		return func() answer { return only(m.DeleteAccount(a, force)) }, only(w.delete(a, force))
	case 6:
		b := batch(fmt.Sprint("batch-", n), 3+r.IntN(8))
		b.Value = royalty.Cents(fee * royalty.Cents(1+r.IntN(2)))
		return func() answer { return values(m.LoadBatch(b)) }, values(w.load(b))
	case 7:
		name := fmt.Sprint("batch-", n)
		hashes := [][32]byte{id(name, r.IntN(8)), id(name, r.IntN(3))}
		switch r.IntN(10) {
		case 0:
			hashes = nil
		case 1, 2:
			hashes[1] = id(fmt.Sprint("batch-", (n+1)%4), r.IntN(3))
		}
		return func() answer { return values(m.VoidBatch(name, hashes)) }, values(w.void(name, hashes))
	case 8, 9:
		h := id(fmt.Sprint("batch-", n), r.IntN(12))
		return func() answer { return values(m.Redeem(a, h, key, midJune)) }, values(w.redeem(a, h, key))
	case 10, 11, 12:
		return w.stepBuy(r, m, a, p)
	case 13, 14:
		name, b := id("pass", n), fmt.Sprint("tally ", r.IntN(1000))
		return func() answer { return only(m.PutTally(p, name, []byte(b))) }, only(w.put(p, name, b))
	}
	return w.stepRare(r, m, p, n)
}

func (w *model) stepBuy(r *rand.Rand, m *store.Members, a [32]byte, p royalty.Period) (func() answer, answer) {
	type sold struct {
		store.Month
		bought bool
	}
	s := sale(p, r.IntN(40))
	s.Sale, s.Blind = id("stub", r.IntN(200)), r.IntN(2) == 0
	if r.IntN(10) == 0 {
		s.Fee++
	}
	month, bought, err := w.buy(a, s)
	return func() answer {
		month, bought, err := m.Buy(a, s)
		return answer{sold{month, bought}, err}
	}, answer{sold{month, bought}, err}
}

func (w *model) stepRare(r *rand.Rand, m *store.Members, p royalty.Period, n int) (func() answer, answer) {
	name := id("library", n)
	switch r.IntN(30) {
	case 0:
		return func() answer { return answer{nil, m.DropPeriod(p)} }, answer{nil, w.drop(p)}
	case 1, 2:
		return func() answer { return answer{nil, m.Scrub()} }, answer{}
	case 3, 4, 5, 6, 7, 8, 9:
		delete(w.libraries, name)
		return func() answer { return answer{nil, m.DropLibrary(name)} }, answer{}
	}
	b := fmt.Sprint("library ", r.IntN(1000))
	w.libraries[name] = b
	return func() answer { return answer{nil, m.PutLibrary(name, []byte(b))} }, answer{}
}

// TestMembersAgainstModel does random things to a store and to a model, on a
// disk that fails now and then, and wants the same answers and the same state.
func TestMembersAgainstModel(t *testing.T) {
	modelRun(t, 1, 2_000)
}

func modelRun(t *testing.T, seed uint64, steps int) {
	r := rand.New(rand.NewPCG(seed, 11))
	dir := t.TempDir()
	m, err := store.OpenMembers(dir, store.Options{})
	ok(t, err)
	w := newModel()
	good, refused, unsure := 0, 0, 0
	for i := range steps {
		if r.IntN(20) == 0 {
			reaches := r.IntN(2) == 0
			m.FailNext(func(commit func() error) error {
				if reaches {
					return errors.Join(commit(), errDisk)
				}
				return errDisk
			})
		}
		if r.IntN(100) == 0 {
			ok(t, m.Close())
			m, err = store.OpenMembers(dir, store.Options{})
			ok(t, err)
		}
		do, wanted := w.step(r, m)
		got := do()
		again := errors.Is(got.err, store.ErrUnsure)
		if again { // then the answer may be that of a repetition, but not the error
			unsure++
			got = do()
		}
		if !errors.Is(got.err, wanted.err) || (got.err == nil) != (wanted.err == nil) || !again && fmt.Sprint(got.value) != fmt.Sprint(wanted.value) {
			t.Fatalf("step %d: got %v, wanted %v (repeated: %v)", i, got, wanted, again)
		}
		if good++; wanted.err != nil {
			refused++
		}
		if i%25 == 0 || i == steps-1 {
			same(t, i, m, w)
		}
	}
	ok(t, m.Close())
	t.Logf("%d steps, %d refused, %d repeated", good, refused, unsure)
	if refused < steps/10 || refused > steps*3/4 || unsure < steps/50 {
		t.Error("the steps are too much of one kind")
	}
}

func same(t *testing.T, step int, m *store.Members, w *model) {
	t.Helper()
	got, err := membersSay(m)
	if want := w.says(); err != nil || got != want {
		t.Fatalf("step %d: %v\n%s\nwanted\n%s", step, err, got, want)
	}
	balanced(t, m)
}
