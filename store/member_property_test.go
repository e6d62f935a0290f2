package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/store"
)

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
