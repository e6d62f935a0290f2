package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/royalty"
)

// Account is what stands under an account's id.
type Account struct {
	Balance royalty.Cents
	Events  []Event // their amounts sum to Balance; by period, within one in no order of time
	Months  []Month // by period, within one in no order of time
}

// Event is one line of an account's book.
type Event struct {
	Kind   string        // VoucherKind, FeeKind, or the rail that brought the money
	Amount royalty.Cents // negative: taken off
	Period royalty.Period
}

// Kinds of events that are no rail's name.
const (
	VoucherKind = "voucher"
	FeeKind     = "fee"
)

// CreateAccount makes an empty account under id, a keyed hash of its code. When
// there is one already, it stays as it is.
func (m *Members) CreateAccount(id [32]byte) error {
	return m.change(func(c *change) error {
		there, err := tableAccounts.has(c.tx, id[:])
		if there || err != nil {
			return err
		}
		c.putBalance(id, 0)
		return c.addSum(sumAccounts, sum{n: 1})
	})
}

// Account reads an account. Errors: ErrUnknown.
func (m *Members) Account(id [32]byte) (a Account, err error) {
	err = m.view(func(tx *bolt.Tx) error {
		a, err = readAccount(tx, id)
		return err
	})
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

// Credit adds amount to an account's balance; negative, it takes back what a
// rail has credited and then lost. key names the payment: the same key again
// changes nothing and answers false, whatever its period. Errors: ErrUnknown,
// ErrBalance when more is taken back than there is, ErrRefused for a key that
// stands for another payment, a rail whose name is not 1 to 16 of a-z, 0-9 and
// "-" or is the name of another kind, and amounts of nothing or beyond counting.
func (m *Members) Credit(account, key [32]byte, rail string, amount royalty.Cents, p royalty.Period) (added bool, err error) {
	if err := checkPeriod(p); err != nil {
		return false, err
	}
	if !isRail(rail) || amount == 0 {
		return false, fmt.Errorf("%w: %d cents by the rail %.20q", ErrRefused, int64(amount), rail)
	}
	err = m.change(func(c *change) error {
		e, err := c.credited(account, key)
		if err != nil {
			return err
		}
		added = e == nil
		if added {
			return c.credit(account, key, Event{rail, amount, p})
		}
		if e.Kind != rail || e.Amount != amount {
			return errOtherPayment
		}
		return nil
	})
	return added && err == nil, err
}

var errOtherPayment = fmt.Errorf("%w: the key stands for another payment", ErrRefused)

func isRail(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	return len(name) > 0 && len(name) <= 16 && strings.Trim(name, letters) == "" && name != VoucherKind && name != FeeKind
}

// DeleteAccount deletes an account with its book and its months; its sales and
// tallies, which say not whose they are, stay. One that holds money is refused
// with ErrHolds, unless force says that the money is given up: Totals counts it
// as forfeited. What is not there is deleted already.
func (m *Members) DeleteAccount(id [32]byte, force bool) error {
	return m.change(func(c *change) error {
		balance, err := readBalance(c.tx, id)
		switch {
		case isUnknown(err):
			return nil
		case err != nil:
			return err
		case balance > 0 && !force:
			return ErrHolds
		}
		return c.deleteAccount(id)
	})
}

func (c *change) deleteAccount(id [32]byte) error {
	gone := map[string]sum{string(sumAccounts): {n: -1}}
	for _, t := range []table{tableBook, tableMonths} {
		err := t.each(c.tx, id[:], func(k, v []byte) error {
			name, cents, err := movement(t, v)
			s := gone[name]
			gone[name] = sum{goneN: s.goneN + 1, gone: s.gone + cents}
			c.remove(t, bytes.Clone(k))
			return err
		})
		if err != nil {
			return err
		}
	}
	for name, s := range gone {
		if err := c.addSum([]byte(name), s); err != nil {
			return err
		}
	}
	c.remove(tableAccounts, id[:])
	return nil
}

// movement is the sum that a record of an account's book or months is a part
// of, and its cents there.
func movement(t table, v []byte) (name string, cents int64, err error) {
	if t == tableMonths {
		month, err := decodeMonth(v)
		return string(sumFees), int64(month.Fee), err
	}
	e, err := decodeEvent(v)
	return string(sumIn(e.Kind)), int64(e.Amount), err
}

// credited returns the event that stands under the key in the account's book,
// nil when the key is new. Errors: ErrUnknown, or ErrRefused when the key was
// used elsewhere.
func (c *change) credited(account, key [32]byte) (*Event, error) {
	if _, err := readBalance(c.tx, account); err != nil {
		return nil, err
	}
	v, err := tableBook.get(c.tx, joined(account[:], key[:]))
	if err != nil {
		return nil, err
	}
	if v != nil {
		e, err := decodeEvent(v)
		return &e, err
	}
	used, err := tableKeys.has(c.tx, key[:])
	if err == nil && used {
		err = errOtherPayment
	}
	return nil, err
}

// credit writes an event that is new.
func (c *change) credit(account, key [32]byte, e Event) error {
	if err := c.move(account, int64(e.Amount)); err != nil {
		return err
	}
	c.put(tableBook, joined(account[:], key[:]), e.encode())
	c.put(tableKeys, key[:], []byte{})
	return c.addSum(sumIn(e.Kind), sum{n: 1, all: int64(e.Amount)})
}

// move changes the balance of an account.
func (c *change) move(account [32]byte, by int64) error {
	balance, err := readBalance(c.tx, account)
	if err != nil {
		return err
	}
	balance, err = added(balance, by)
	if err != nil {
		return err
	}
	if balance < 0 {
		return ErrBalance
	}
	c.putBalance(account, balance)
	return nil
}

func added(a, b int64) (int64, error) {
	if b > 0 && a > math.MaxInt64-b || b < 0 && a < math.MinInt64-b {
		return 0, fmt.Errorf("%w: the amount is beyond counting", ErrRefused)
	}
	return a + b, nil
}

func (c *change) putBalance(account [32]byte, balance int64) {
	var r record
	r.num(balance)
	c.put(tableAccounts, account[:], r)
}

// addSum adds to a sum. A change adds to each but once: it reads what was there
// before it.
func (c *change) addSum(name []byte, by sum) (err error) {
	s, err := readSum(c.tx, name)
	if err != nil {
		return err
	}
	if s.all, err = added(s.all, by.all); err != nil {
		return err
	}
	if s.gone, err = added(s.gone, by.gone); err != nil {
		return err
	}
	s.n, s.goneN = s.n+by.n, s.goneN+by.goneN
	c.put(tableSums, name, s.encode())
	return nil
}

func readBalance(tx *bolt.Tx, id [32]byte) (int64, error) {
	v, err := tableAccounts.get(tx, id[:])
	if err != nil {
		return 0, err
	}
	if v == nil {
		return 0, fmt.Errorf("the account is %w", ErrUnknown)
	}
	return decodeBalance(v)
}

func decodeBalance(v []byte) (int64, error) {
	r := readRecord(v)
	balance := r.natural()
	return balance, r.end("an account")
}

func readAccount(tx *bolt.Tx, id [32]byte) (a Account, err error) {
	balance, err := readBalance(tx, id)
	if err != nil {
		return a, err
	}
	a.Balance = royalty.Cents(balance)
	err = tableBook.each(tx, id[:], func(_, v []byte) error {
		e, err := decodeEvent(v)
		a.Events = append(a.Events, e)
		return err
	})
	if err != nil {
		return a, err
	}
	if a.Months, err = readMonths(tx, id[:]); err != nil {
		return a, err
	}
	for _, month := range a.Months {
		a.Events = append(a.Events, Event{FeeKind, -month.Fee, month.Period})
	}
	slices.SortFunc(a.Events, func(x, y Event) int {
		return cmp.Or(cmp.Compare(x.Period, y.Period), cmp.Compare(y.Amount, x.Amount), cmp.Compare(x.Kind, y.Kind))
	})
	return a, nil
}

func (e Event) encode() []byte {
	var r record
	r.text(e.Kind)
	r.signed(int64(e.Amount))
	r.text(string(e.Period))
	return r
}

func decodeEvent(v []byte) (Event, error) {
	r := readRecord(v)
	e := Event{r.text(), royalty.Cents(r.signed()), royalty.Period(r.text())}
	return e, r.end("a book")
}

func isUnknown(err error) bool { return errors.Is(err, ErrUnknown) }
