package store

import (
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/royalty"
)

// Sale is a month that is to be taken off an account.
type Sale struct {
	Period  royalty.Period
	Fee     royalty.Cents // more than 0; the same for all sales of a period
	Request [32]byte      // names the purchase: what was asked to be signed, hashed
	Blind   bool          // the request was blinded: the site will not see the pass
	Sale    [32]byte      // hash of the stub's secret; it is not stored beside the account
	Sealed  []byte        // what the member gets, sealed by the caller; at most MaxAnswer bytes
}

// Month is a month that an account has taken.
type Month struct {
	Period  royalty.Period
	Fee     royalty.Cents
	Request [32]byte
	Blind   bool
	Sealed  []byte
}

// MaxAnswer is the most bytes of Sale.Sealed.
const MaxAnswer = 16 << 10

// Buy takes a month off an account, in one step: the fee off the balance, the
// stub's hash into the period's sales, the sealed answer into the account. The
// same account, period and request again change nothing and answer the stored
// month and false: nothing is charged, and the new Sealed and Sale are dropped.
//
// Errors: ErrUnknown (the account), ErrBalance, ErrClosed after DropPeriod,
// ErrRefused for what is out of bounds, for another fee than that of the
// period's first sale, and for a stub that was sold before. ErrHaveMonth, with
// the stored month, when the account has taken the month with another request
// and neither was blind: that is a second press of a button. Blind months are
// bought on purpose, one for each request.
func (m *Members) Buy(account [32]byte, s Sale) (month Month, bought bool, err error) {
	if err := s.check(); err != nil {
		return Month{}, false, err
	}
	err = m.change(func(c *change) error {
		month, bought, err = c.buy(account, s)
		return err
	})
	if err != nil && !errors.Is(err, ErrHaveMonth) {
		return Month{}, false, err
	}
	return month, bought && err == nil, err
}

func (s Sale) check() error {
	if err := checkPeriod(s.Period); err != nil {
		return err
	}
	if s.Fee <= 0 || len(s.Sealed) > MaxAnswer {
		return fmt.Errorf("%w: a month for %d cents with an answer of %d bytes", ErrRefused, int64(s.Fee), len(s.Sealed))
	}
	return nil
}

func (c *change) buy(account [32]byte, s Sale) (month Month, bought bool, err error) {
	if _, err := readBalance(c.tx, account); err != nil {
		return Month{}, false, err
	}
	taken, err := readMonths(c.tx, joined(account[:], []byte(s.Period)))
	if err != nil {
		return Month{}, false, err
	}
	for _, month := range taken {
		if month.Request == s.Request {
			return month, false, nil
		}
	}
	for _, month := range taken {
		if !s.Blind && !month.Blind {
			return month, false, ErrHaveMonth
		}
	}
	month = Month{s.Period, s.Fee, s.Request, s.Blind, s.Sealed}
	return month, true, c.sell(account, month, s.Sale)
}

// sell writes a sale that is new.
func (c *change) sell(account [32]byte, month Month, stub [32]byte) error {
	p, err := readPeriod(c.tx, month.Period)
	if err != nil {
		return err
	}
	sold, err := salesOf(month.Period).has(c.tx, stub[:])
	switch {
	case err != nil:
		return err
	case p.closed:
		return ErrClosed
	case sold:
		return fmt.Errorf("%w: the stub was sold before", ErrRefused)
	case p.sales > 0 && p.fee != int64(month.Fee):
		return fmt.Errorf("%w: a month of %s costs %s, not %s", ErrRefused, month.Period, royalty.Cents(p.fee), month.Fee)
	}
	if err := c.move(account, -int64(month.Fee)); err != nil {
		return err
	}
	p.fee, p.sales = int64(month.Fee), p.sales+1
	c.put(tablePeriods, []byte(month.Period), p.encode())
	c.put(salesOf(month.Period), stub[:], []byte{})
	c.put(tableMonths, joined(account[:], []byte(month.Period), month.Request[:]), month.encode())
	return c.addSum(sumFees, sum{n: 1, all: int64(month.Fee)})
}

// Sales counts the sales of a period, also after DropPeriod. It is as many
// passes as the month's key has signed here, blind or not.
func (m *Members) Sales(period royalty.Period) (count int, err error) {
	err = m.view(func(tx *bolt.Tx) error {
		p, err := readPeriod(tx, period)
		count = int(p.sales)
		return err
	})
	return count, err
}

// EachSale gives fn the hash of every stub sold in the period, in the order of
// hashes, and stops at its first error. What is sold meanwhile may be missing.
// fn may use m.
func (m *Members) EachSale(period royalty.Period, fn func([32]byte) error) error {
	return m.eachPart(salesOf(period), func(hash [32]byte, _ []byte) error { return fn(hash) })
}

// periodRecord is what was sold in a period, at which fee, how many tallies
// there are, and whether all that was dropped.
type periodRecord struct {
	fee, sales, tallies int64
	closed              bool
}

func (p periodRecord) encode() []byte {
	var r record
	r.num(p.fee)
	r.num(p.sales)
	r.num(p.tallies)
	r.flag(p.closed)
	return r
}

func decodePeriod(v []byte) (periodRecord, error) {
	r := readRecord(v)
	p := periodRecord{r.natural(), r.natural(), r.natural(), r.flag()}
	return p, r.end("a period")
}

func readPeriod(tx *bolt.Tx, p royalty.Period) (periodRecord, error) {
	v, err := tablePeriods.get(tx, []byte(p))
	if v == nil || err != nil {
		return periodRecord{}, err
	}
	return decodePeriod(v)
}

func (m Month) encode() []byte {
	var r record
	r.text(string(m.Period))
	r.num(int64(m.Fee))
	r = append(r, m.Request[:]...)
	r.flag(m.Blind)
	r.text(string(m.Sealed))
	return r
}

func decodeMonth(v []byte) (m Month, err error) {
	r := readRecord(v)
	m = Month{Period: royalty.Period(r.text()), Fee: royalty.Cents(r.natural())}
	copy(m.Request[:], r.take(len(m.Request)))
	m.Blind = r.flag()
	m.Sealed = []byte(r.text())
	return m, r.end("a month")
}

// readMonths reads the months under a prefix of their keys.
func readMonths(tx *bolt.Tx, prefix []byte) (months []Month, err error) {
	err = tableMonths.each(tx, prefix, func(_, v []byte) error {
		m, err := decodeMonth(v)
		months = append(months, m)
		return err
	})
	return months, err
}
