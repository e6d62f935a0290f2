package store_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/store"
)

// id is a hash as callers make them.
func id(parts ...any) [32]byte { return sha256.Sum256([]byte(fmt.Sprint(parts...))) }

const (
	fee  = royalty.Cents(800)
	june = royalty.Period("2026-06")
	july = royalty.Period("2026-07")
)

var midJune = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

func members(t testing.TB, dir string) *store.Members {
	t.Helper()
	m, err := store.OpenMembers(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// ok fails the test at once: what follows builds on it.
func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("the error is %v, wanted %v", err, want)
	}
}

// balanced sees that Check finds nothing.
func balanced(t testing.TB, m *store.Members) {
	t.Helper()
	problems, err := m.Check(t.Context())
	if err != nil {
		t.Error(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// batch is n vouchers of one month each.
func batch(name string, n int) store.VoucherBatch {
	b := store.VoucherBatch{ID: name, Value: fee}
	for i := range n {
		b.Hashes = append(b.Hashes, id(name, i))
	}
	return b
}

// rich makes an account with some months' money.
func rich(t testing.TB, m *store.Members, name string, months int) [32]byte {
	t.Helper()
	ok(t, m.CreateAccount(id(name)))
	if months > 0 {
		_, err := m.Credit(id(name), id(name, "paid"), "sepa", fee*royalty.Cents(months), june)
		ok(t, err)
	}
	return id(name)
}

func sale(p royalty.Period, n any) store.Sale {
	return store.Sale{Period: p, Fee: fee, Request: id("request", n), Sale: id("stub", n), Sealed: fmt.Append(nil, "sealed ", n)}
}

func TestAccount(t *testing.T) {
	m := members(t, t.TempDir())
	_, err := m.Account(id("nobody"))
	is(t, err, store.ErrUnknown)
	_, err = m.Credit(id("nobody"), id("k"), "sepa", 1, june)
	is(t, err, store.ErrUnknown)
	a := rich(t, m, "a", 2)
	ok(t, m.CreateAccount(a)) // again: it keeps its money
	for range 2 {
		added, err := m.Credit(a, id("k"), "monero", 5, july)
		ok(t, err)
		if got, err := m.Account(a); err != nil || got.Balance != 2*fee+5 {
			t.Errorf("%d cents after a payment (added %v), %v", got.Balance, added, err)
		}
	}
	_, err = m.Credit(a, id("k"), "monero", 6, july)
	is(t, err, store.ErrRefused) // the key stands for 5 cents
	ok(t, m.CreateAccount(id("b")))
	_, err = m.Credit(id("b"), id("k"), "monero", 5, july)
	is(t, err, store.ErrRefused) // and for an account
	for _, rail := range []string{"", "voucher", "fee", "Monero", "a rail with a long name"} {
		_, err = m.Credit(a, id("x"), rail, 5, july)
		is(t, err, store.ErrRefused)
	}
	_, err = m.Credit(a, id("x"), "sepa", 0, july)
	is(t, err, store.ErrRefused)
	_, err = m.Credit(a, id("x"), "sepa", 1, "June")
	is(t, err, store.ErrRefused)
	got, err := m.Account(a)
	if want := fmt.Sprint([]store.Event{{"sepa", 1600, june}, {"monero", 5, july}}); err != nil || fmt.Sprint(got.Events) != want {
		t.Errorf("the book is %v, wanted %s, %v", got.Events, want, err)
	}
	balanced(t, m)
}

func TestMoneyHasBounds(t *testing.T) {
	m := members(t, t.TempDir())
	a := rich(t, m, "a", 1)
	_, err := m.Credit(a, id("most"), "sepa", 1<<63-1, june)
	is(t, err, store.ErrRefused) // beyond counting
	_, err = m.Credit(a, id("back"), "sepa", -fee-1, june)
	is(t, err, store.ErrBalance)
	added, err := m.Credit(a, id("back"), "sepa", -fee, june)
	if got, aerr := m.Account(a); !added || err != nil || aerr != nil || got.Balance != 0 {
		t.Errorf("taken back: %v, %v, %v, %v", added, got, err, aerr)
	}
	balanced(t, m)
}

func TestVouchers(t *testing.T) {
	m := members(t, t.TempDir())
	a := rich(t, m, "a", 0)
	b := batch("one", 4)
	b.Expires = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	for _, want := range []int{4, 0} {
		if n, err := m.LoadBatch(b); n != want || err != nil {
			t.Errorf("%d loaded, %v", n, err)
		}
	}
	redeem := func(i int, now time.Time) error {
		cents, err := m.Redeem(a, b.Hashes[i], id("redeem", i), now)
		if err == nil && cents != fee {
			t.Errorf("a voucher is worth %d", cents)
		}
		return err
	}
	ok(t, redeem(0, midJune))
	ok(t, redeem(0, b.Expires.AddDate(1, 0, 0))) // again: the same answer, whatever the time
	_, err := m.Redeem(a, b.Hashes[0], id("another key"), midJune)
	is(t, err, store.ErrVoucherUsed)
	is(t, redeem(1, b.Expires), store.ErrVoucherExpired)
	ok(t, redeem(1, b.Expires.Add(-1)))
	_, err = m.Redeem(a, id("unheard of"), id("x"), midJune)
	is(t, err, store.ErrVoucherUnknown)
	_, err = m.Redeem(id("nobody"), b.Hashes[2], id("x"), midJune)
	is(t, err, store.ErrUnknown)

	if n, err := m.VoidBatch("one", b.Hashes[:3]); n != 1 || err != nil {
		t.Errorf("%d void of three of which two were redeemed, %v", n, err)
	}
	is(t, redeem(2, midJune), store.ErrVoucherVoid)
	if n, err := m.VoidBatch("one", nil); n != 1 || err != nil {
		t.Errorf("%d void of the rest, %v", n, err)
	}
	if n, err := m.VoidBatch("one", nil); n != 0 || err != nil {
		t.Errorf("%d void again, %v", n, err)
	}
	states, err := m.Batches()
	if want := (store.BatchState{"one", fee, b.Expires, 4, 2, 2}); err != nil || len(states) != 1 || states[0] != want {
		t.Errorf("%v, %v", states, err)
	}
	balanced(t, m)
}

func TestRefusedBatches(t *testing.T) {
	m := members(t, t.TempDir())
	_, err := m.LoadBatch(batch("one", 3))
	ok(t, err)
	other := batch("one", 3)
	other.Value++
	mixed := batch("two", 3)
	mixed.Hashes[2] = id("one", 0)
	twice := batch("two", 3)
	twice.Hashes[2] = twice.Hashes[0]
	noon := batch("two", 3)
	noon.Expires = midJune
	worthless := batch("two", 3)
	worthless.Value = 0
	for i, b := range []store.VoucherBatch{other, mixed, twice, noon, worthless, batch("one", 4), batch("two", 0), batch("Two", 1), batch("", 1), batch("two", 5_001)} {
		if n, err := m.LoadBatch(b); n != 0 || !errors.Is(err, store.ErrRefused) {
			t.Errorf("batch %d: %d loaded, %v", i, n, err)
		}
	}
	_, err = m.VoidBatch("two", nil)
	is(t, err, store.ErrUnknown)
	_, err = m.VoidBatch("one", [][32]byte{id("one", 0), id("two", 0)})
	is(t, err, store.ErrRefused)
	if states, err := m.Batches(); err != nil || len(states) != 1 || states[0].Void != 0 {
		t.Errorf("%v, %v", states, err)
	}
	balanced(t, m)
}

func TestBuy(t *testing.T) {
	m := members(t, t.TempDir())
	a := rich(t, m, "a", 3)
	first, bought, err := m.Buy(a, sale(june, 1))
	if !bought || err != nil || string(first.Sealed) != "sealed 1" {
		t.Errorf("bought: %v, %v, %v", first, bought, err)
	}
	again := sale(june, 1)
	again.Sale, again.Sealed = id("another stub"), []byte("another answer")
	month, bought, err := m.Buy(a, again)
	if bought || err != nil || string(month.Sealed) != "sealed 1" {
		t.Errorf("again: %v, %v, %v", month, bought, err)
	}
	month, bought, err = m.Buy(a, sale(june, 2))
	if is(t, err, store.ErrHaveMonth); bought || string(month.Sealed) != "sealed 1" {
		t.Errorf("a second press: %v, %v", month, bought)
	}
	for _, n := range []int{3, 4} { // blind months are bought on purpose
		blind := sale(june, n)
		blind.Blind = true
		if _, bought, err := m.Buy(a, blind); !bought || err != nil {
			t.Errorf("blind: %v, %v", bought, err)
		}
	}
	_, _, err = m.Buy(a, sale(july, 5))
	is(t, err, store.ErrBalance)
	_, _, err = m.Buy(id("nobody"), sale(july, 6))
	is(t, err, store.ErrUnknown)
	if n, err := m.Sales(june); n != 3 || err != nil {
		t.Errorf("%d sales, %v", n, err)
	}
	stubs := map[[32]byte]bool{}
	ok(t, m.EachSale(june, func(h [32]byte) error { stubs[h] = true; return nil }))
	if len(stubs) != 3 || !stubs[id("stub", 1)] || stubs[id("another stub")] {
		t.Errorf("%d stubs are not those that were sold", len(stubs))
	}
	got, err := m.Account(a)
	if err != nil || got.Balance != 0 || len(got.Months) != 3 || len(got.Events) != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	balanced(t, m)
}

func TestRefusedSales(t *testing.T) {
	m := members(t, t.TempDir())
	a := rich(t, m, "a", 5)
	b := rich(t, m, "b", 5)
	_, _, err := m.Buy(a, sale(june, 1))
	ok(t, err)
	dear, free, long, undated, sold := sale(june, 2), sale(july, 2), sale(july, 2), sale("06/2026", 2), sale(june, 2)
	dear.Fee, free.Fee, long.Sealed, sold.Sale = fee+1, 0, make([]byte, store.MaxAnswer+1), id("stub", 1)
	for i, s := range []store.Sale{dear, free, long, undated, sold} {
		if _, bought, err := m.Buy(b, s); bought || !errors.Is(err, store.ErrRefused) {
			t.Errorf("sale %d: %v, %v", i, bought, err)
		}
	}
	if got, err := m.Account(b); err != nil || got.Balance != 5*fee {
		t.Errorf("%d cents are left, %v", got.Balance, err)
	}
	balanced(t, m)
}

func TestDeleteAccount(t *testing.T) {
	m := members(t, t.TempDir())
	a := rich(t, m, "a", 2)
	_, _, err := m.Buy(a, sale(june, 1))
	ok(t, err)
	is(t, m.DeleteAccount(a, false), store.ErrHolds)
	ok(t, m.DeleteAccount(a, true))
	ok(t, m.DeleteAccount(a, false)) // again
	_, err = m.Account(a)
	is(t, err, store.ErrUnknown)
	want := store.Totals{In: map[string]royalty.Cents{"sepa": 2 * fee}, Paid: fee, Forfeited: fee}
	if got, err := m.Totals(); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, wanted %v, %v", got, want, err)
	}
	balanced(t, m)
	ok(t, m.CreateAccount(a)) // a payment that was credited once is not credited to what comes after
	_, err = m.Credit(a, id("a", "paid"), "sepa", 2*fee, june)
	is(t, err, store.ErrRefused)
	balanced(t, m)
}

func TestTallies(t *testing.T) {
	m := members(t, t.TempDir())
	_, err := m.Tally(june, id("t"))
	is(t, err, store.ErrUnknown)
	most := bytes.Repeat([]byte("x"), store.MaxSealed)
	for _, b := range [][]byte{[]byte("one"), most, []byte("two")} {
		ok(t, m.PutTally(june, id("t"), b))
		if got, err := m.Tally(june, id("t")); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	kept, err := m.Tally(june, id("t"))
	for range 5 {
		ok(t, errors.Join(err, m.PutTally(june, id("t"), []byte("two"))))
	}
	if string(kept) != "two" {
		t.Errorf("what was read before became %q", kept)
	}
	is(t, m.PutTally(june, id("t"), append(most, 'x')), store.ErrRefused)
	is(t, m.PutTally(june, id("t"), nil), store.ErrRefused)
	is(t, m.PutTally("tallies", id("t"), most), store.ErrRefused)
	want := map[[32]byte]string{id("t"): "two"}
	for i := range 20 { // more than is read at once
		ok(t, m.PutTally(june, id("t", i), most[i:]))
		want[id("t", i)] = string(most[i:])
	}
	got := map[[32]byte]string{}
	ok(t, m.EachTally(june, func(name [32]byte, b []byte) error {
		got[name] = string(b)
		return m.PutTally(july, name, b) // it may write meanwhile
	}))
	if !maps.Equal(got, want) {
		t.Errorf("%d tallies are not those that were put", len(got))
	}
	is(t, m.EachTally(june, func([32]byte, []byte) error { return os.ErrInvalid }), os.ErrInvalid)
	balanced(t, m)
}

func TestDropPeriod(t *testing.T) {
	m := members(t, t.TempDir())
	a := rich(t, m, "a", 3)
	_, _, err := m.Buy(a, sale(june, 1))
	ok(t, err)
	ok(t, m.PutTally(june, id("t"), []byte("a tally")))
	ok(t, m.PutTally(july, id("t"), []byte("a tally")))
	for range 2 {
		ok(t, m.DropPeriod(june))
	}
	_, err = m.Tally(june, id("t"))
	is(t, err, store.ErrUnknown)
	is(t, m.PutTally(june, id("t"), []byte("late")), store.ErrClosed)
	ok(t, m.EachSale(june, func([32]byte) error { return os.ErrInvalid }))
	if n, err := m.Sales(june); n != 1 || err != nil {
		t.Errorf("%d sales, %v", n, err)
	}
	if month, bought, err := m.Buy(a, sale(june, 1)); bought || err != nil || month.Fee != fee {
		t.Errorf("what was bought before: %v, %v, %v", month, bought, err)
	}
	late := sale(june, 2)
	late.Blind = true
	_, _, err = m.Buy(a, late)
	is(t, err, store.ErrClosed)
	_, err = m.Tally(july, id("t"))
	ok(t, err)
	is(t, m.DropPeriod("all"), store.ErrRefused)
	balanced(t, m)
}

func TestLibraries(t *testing.T) {
	m := members(t, t.TempDir())
	_, err := m.Library(id("l"))
	is(t, err, store.ErrUnknown)
	for _, s := range []string{"one", "another"} {
		ok(t, m.PutLibrary(id("l"), []byte(s)))
		if got, err := m.Library(id("l")); err != nil || string(got) != s {
			t.Errorf("%q, %v", got, err)
		}
	}
	is(t, m.PutLibrary(id("l"), make([]byte, store.MaxSealed+1)), store.ErrRefused)
	balanced(t, m)
	for range 2 {
		ok(t, m.DropLibrary(id("l")))
	}
	_, err = m.Library(id("l"))
	is(t, err, store.ErrUnknown)
	balanced(t, m)
}

// TestVoucherAsked asks for a voucher's state, which writes nothing.
func TestVoucherAsked(t *testing.T) {
	m := members(t, t.TempDir())
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	good, void, unknown := [32]byte{1}, [32]byte{2}, [32]byte{3}
	_, err := m.LoadBatch(store.VoucherBatch{ID: "one", Value: 800, Expires: now.AddDate(0, 1, 0), Hashes: [][32]byte{good, void}})
	ok(t, err)
	_, err = m.VoidBatch("one", [][32]byte{void})
	ok(t, err)
	ok(t, m.Voucher(good, now))
	for hash, want := range map[[32]byte]error{void: store.ErrVoucherVoid, unknown: store.ErrVoucherUnknown} {
		if err := m.Voucher(hash, now); !errors.Is(err, want) {
			t.Errorf("%x: %v, want %v", hash[:1], err, want)
		}
	}
	if err := m.Voucher(good, now.AddDate(0, 2, 0)); !errors.Is(err, store.ErrVoucherExpired) {
		t.Errorf("expired: %v", err)
	}
	account := [32]byte{9}
	ok(t, m.CreateAccount(account))
	_, err = m.Redeem(account, good, [32]byte{4}, now)
	ok(t, err)
	if err := m.Voucher(good, now); !errors.Is(err, store.ErrVoucherUsed) {
		t.Errorf("used: %v", err)
	}
}
