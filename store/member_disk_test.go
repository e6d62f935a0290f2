package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"p2p.legal/peerfy/store"
)

// TestOneVoucherManyHands lets 64 accounts redeem the same voucher at once, and
// one account redeem another 64 times at once.
func TestOneVoucherManyHands(t *testing.T) {
	m := members(t, t.TempDir())
	_, err := m.LoadBatch(batch("one", 2))
	ok(t, err)
	for i := range 64 {
		ok(t, m.CreateAccount(id("account", i)))
	}
	var crowd sync.WaitGroup
	wins := make(chan int, 128)
	for i := range 64 {
		crowd.Go(func() {
			switch _, err := m.Redeem(id("account", i), id("one", 0), id("redeem", i), midJune); {
			case err == nil:
				wins <- i
			case !errors.Is(err, store.ErrVoucherUsed):
				t.Error(err)
			}
		})
		crowd.Go(func() {
			if cents, err := m.Redeem(id("account", 0), id("one", 1), id("mine"), midJune); cents != fee || err != nil {
				t.Error(cents, err)
			}
		})
	}
	crowd.Wait()
	if len(wins) != 1 {
		t.Fatalf("%d accounts have got the voucher", len(wins))
	}
	if got, err := m.Totals(); err != nil || got.Held != 2*fee {
		t.Errorf("%v, %v", got, err)
	}
	balanced(t, m)
}

// TestRefusalsDisturbNobody writes good and bad changes in one transaction, and
// one that fails half-way.
func TestRefusalsDisturbNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := members(t, t.TempDir())
		a := rich(t, m, "a", 1)
		stuck := id("stuck")
		if err := m.Block("book", append(a[:], stuck[:]...)); err != nil {
			t.Fatal(err)
		}
		release := m.Hold()
		var crowd sync.WaitGroup
		for i := range 10 {
			crowd.Go(func() { ok(t, m.CreateAccount(id("new", i))) })
			crowd.Go(func() {
				_, err := m.Credit(id("nobody"), id("k", i), "sepa", 1, june)
				is(t, err, store.ErrUnknown)
			})
		}
		crowd.Go(func() {
			if _, err := m.Credit(a, stuck, "sepa", 1, june); err == nil || errors.Is(err, store.ErrUnsure) {
				t.Errorf("what cannot be written: %v", err)
			}
		})
		synctest.Wait()
		release()
		crowd.Wait()
		for i := range 10 {
			_, err := m.Account(id("new", i))
			ok(t, err)
		}
		if got, err := m.Totals(); err != nil || got.Held != fee {
			t.Errorf("half of it was written: %v, %v", got, err)
		}
	})
}

// TestUnsureIsForAll lets the commit of a group fail: nobody in it may be told a
// refusal that rests on what may not be there.
func TestUnsureIsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := members(t, t.TempDir())
		_, err := m.LoadBatch(batch("one", 1))
		ok(t, err)
		ok(t, m.CreateAccount(id("a", 0)))
		ok(t, m.CreateAccount(id("a", 1)))
		m.FailNext(func(func() error) error { return errDisk })
		release := m.Hold()
		var crowd sync.WaitGroup
		redeem := func(i int) error {
			_, err := m.Redeem(id("a", i), id("one", 0), id("key", i), midJune)
			return err
		}
		for i := range 2 {
			crowd.Go(func() { is(t, redeem(i), store.ErrUnsure) })
		}
		synctest.Wait()
		release()
		crowd.Wait()
		ok(t, redeem(1))
		is(t, redeem(0), store.ErrVoucherUsed)
		balanced(t, m)
	})
}

func TestMembersUnsureCommit(t *testing.T) {
	for name, reaches := range map[string]bool{"before it reached the disk": false, "after it reached the disk": true} {
		t.Run(name, func(t *testing.T) {
			m := members(t, t.TempDir())
			a := rich(t, m, "a", 1)
			m.FailNext(func(commit func() error) error {
				if reaches {
					return errors.Join(commit(), errDisk)
				}
				return errDisk
			})
			_, _, err := m.Buy(a, sale(june, 1))
			is(t, err, store.ErrUnsure)
			is(t, err, errDisk)
			month, bought, err := m.Buy(a, sale(june, 1))
			if err != nil || bought == reaches || string(month.Sealed) != "sealed 1" {
				t.Errorf("again: %v, %v, %v", month, bought, err)
			}
			balanced(t, m)
		})
	}
}

func TestMembersDiskGoesAway(t *testing.T) {
	dir := t.TempDir()
	m := members(t, dir)
	a := rich(t, m, "a", 1)
	path := filepath.Join(dir, "members.db")
	m.FailNext(func(func() error) error {
		return errors.Join(errDisk, os.Rename(path, path+".away"), os.WriteFile(path, []byte("?"), 0o600))
	})
	is(t, m.PutTally(june, id("t"), []byte("1")), store.ErrUnsure)
	is(t, m.PutTally(june, id("t"), []byte("1")), store.ErrUnsure)
	_, err := m.Account(a)
	is(t, err, store.ErrUnsure)
	ok(t, os.Rename(path+".away", path))
	ok(t, m.PutTally(june, id("t"), []byte("1")))
	balanced(t, m)
}

func TestMembersOpening(t *testing.T) {
	dir := t.TempDir()
	_, err := store.OpenMembers(dir, store.Options{ReadOnly: true})
	is(t, err, store.ErrEmpty)
	m, err := store.OpenMembers(dir, store.Options{})
	ok(t, err)
	a := rich(t, m, "a", 1)
	_, err = store.OpenMembers(dir, store.Options{Wait: time.Millisecond})
	is(t, err, store.ErrLocked)
	ok(t, m.Close())
	is(t, m.CreateAccount(a), os.ErrClosed)
	_, err = m.Account(a)
	is(t, err, os.ErrClosed)
	r, err := store.OpenMembers(dir, store.Options{ReadOnly: true})
	ok(t, err)
	if got, err := r.Account(a); err != nil || got.Balance != fee {
		t.Error(got, err)
	}
	is(t, r.CreateAccount(id("b")), store.ErrReadOnly)
	is(t, r.Scrub(), store.ErrReadOnly)
	balanced(t, r)
	ok(t, r.Close())
}

// TestMembersScrub sees that what was dropped is in no byte of the file
// afterwards, and that the file goes on.
func TestMembersScrub(t *testing.T) {
	dir := t.TempDir()
	m := members(t, dir)
	a := rich(t, m, "a", 2)
	const mark = "an unmistakable sealed tally"
	for i := range 50 {
		ok(t, m.PutTally(june, id("t", i), bytes.Repeat([]byte(mark), 40)))
	}
	path := filepath.Join(dir, "members.db")
	holds := func() bool {
		b, err := os.ReadFile(path)
		ok(t, err)
		return bytes.Contains(b, []byte(mark))
	}
	ok(t, m.DropPeriod(june))
	if !holds() {
		t.Error("the test tests nothing: dropping alone has erased it")
	}
	ok(t, m.Scrub())
	if holds() {
		t.Error("it is still there")
	}
	_, _, err := m.Buy(a, sale(july, 1))
	ok(t, err)
	_, err = store.OpenMembers(dir, store.Options{Wait: time.Millisecond})
	is(t, err, store.ErrLocked)
	balanced(t, m)
	ok(t, m.Close())
	ok(t, os.WriteFile(path+".scrub", []byte("half"), 0o600))
	balanced(t, members(t, dir))
	if _, err := os.Stat(path + ".scrub"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what an interrupted scrub left: %v", err)
	}
}

// TestScrubUnderWaiter lets somebody wait for the file while it is scrubbed: who
// then gets the lock must get the new file.
func TestScrubUnderWaiter(t *testing.T) {
	dir := t.TempDir()
	m, err := store.OpenMembers(dir, store.Options{})
	ok(t, err)
	var waiter sync.WaitGroup
	waiter.Go(func() {
		second, err := store.OpenMembers(dir, store.Options{Wait: 10 * time.Second})
		if err != nil {
			t.Error(err)
			return
		}
		_, err = second.Account(id("late"))
		if err := errors.Join(err, second.Close()); err != nil {
			t.Error(err)
		}
	})
	for range 20 {
		ok(t, m.Scrub())
	}
	ok(t, m.CreateAccount(id("late")))
	ok(t, m.Close())
	waiter.Wait()
}
