package store

import (
	"crypto/sha256"
	"hash"
	"strings"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/royalty"
)

// Totals is all the money that ever passed through the members' file. What came
// in is what is held, what was paid for months and what was forfeited.
type Totals struct {
	In        map[string]royalty.Cents // by kind of event: VoucherKind or a rail's name
	Paid      royalty.Cents            // for months
	Forfeited royalty.Cents            // by the deletion of accounts that held it
	Held      royalty.Cents            // on accounts
}

// Totals reads the sums.
func (m *Members) Totals() (t Totals, err error) {
	err = m.view(func(tx *bolt.Tx) error {
		sums := map[string]sum{}
		err := tableSums.each(tx, nil, func(k, v []byte) error {
			s, err := decodeSum(v)
			sums[string(k)] = s
			return err
		})
		t = totals(sums)
		return err
	})
	return t, err
}

func totals(sums map[string]sum) Totals {
	fees := sums[string(sumFees)]
	t := Totals{In: map[string]royalty.Cents{}, Paid: royalty.Cents(fees.all), Forfeited: royalty.Cents(-fees.gone)}
	for name, s := range sums {
		if kind, ok := strings.CutPrefix(name, "in/"); ok {
			t.In[kind] = royalty.Cents(s.all)
			t.Forfeited += royalty.Cents(s.gone)
			t.Held += royalty.Cents(s.all)
		}
	}
	t.Held -= t.Paid + t.Forfeited
	return t
}

// countedBatch is a stored batch and what its vouchers amount to.
type countedBatch struct {
	batchRecord
	count, used, void int
	content           hash.Hash
}

// checkVouchers compares every batch with its vouchers. They are walked in the
// order of their hashes, as the batch's content was hashed.
func (c *memberChecker) checkVouchers() error {
	err := c.walk(tableBatches, 0, func(k, v []byte) error {
		b, err := decodeBatch(v)
		if err == nil && b.ID != string(k) {
			err = damaged("a batch stands under another id")
		}
		c.batches[string(k)] = &countedBatch{batchRecord: b, content: sha256.New()}
		return err
	})
	if err != nil {
		return err
	}
	orphans := 0
	err = c.walk(tableVouchers, 32, func(k, v []byte) error {
		one, err := decodeVoucher(v)
		if err != nil {
			return err
		}
		if b := c.batches[one.batch]; b != nil {
			b.add(k, one.state)
		} else {
			orphans++
		}
		return nil
	})
	c.count(tableVouchers, orphans, "vouchers belong to no batch")
	c.checkBatches()
	return err
}

func (b *countedBatch) add(hash []byte, s voucherState) {
	b.count++
	b.content.Write(hash)
	switch s {
	case voucherUsed:
		b.used++
	case voucherVoid:
		b.void++
	}
}

func (c *memberChecker) checkBatches() {
	wrong := 0
	var redeemed sum
	for _, b := range c.batches {
		if b.count != b.Count || b.used != b.Used || b.void != b.Void || [32]byte(b.content.Sum(nil)) != b.batchRecord.content {
			wrong++
		}
		redeemed.n += int64(b.used)
		redeemed.all += int64(b.used) * int64(b.Value)
	}
	c.count(tableBatches, wrong, "batches are not what their vouchers say")
	if s := c.sums[string(sumIn(VoucherKind))]; s.n != redeemed.n || s.all != redeemed.all {
		c.add(membersName+", vouchers", "%d were redeemed for %s, the books say %d for %s",
			redeemed.n, royalty.Cents(redeemed.all), s.n, royalty.Cents(s.all))
	}
}

// countedPeriod is a stored period and the months that accounts have of it.
type countedPeriod struct {
	periodRecord
	months, paid int64
}

func (c *memberChecker) period(p royalty.Period) *countedPeriod {
	if c.periods[p] == nil {
		c.periods[p] = &countedPeriod{}
	}
	return c.periods[p]
}

// checkPeriods compares every period with its sales, its tallies and the months
// on accounts, of which some may have been deleted with their accounts.
func (c *memberChecker) checkPeriods() error {
	err := c.walk(tablePeriods, periodSize, func(k, v []byte) (err error) {
		c.period(royalty.Period(k)).periodRecord, err = decodePeriod(v)
		return err
	})
	if err != nil {
		return err
	}
	var sold sum
	for name, p := range c.periods {
		if err := c.checkPeriod(name, p); err != nil {
			return err
		}
		sold.n += p.sales
		sold.all += p.sales * p.fee
	}
	if s := c.sums[string(sumFees)]; s.n != sold.n || s.all != sold.all {
		c.add(membersName+", periods", "%d months were sold for %s, the books say %d for %s",
			sold.n, royalty.Cents(sold.all), s.n, royalty.Cents(s.all))
	}
	return nil
}

func (c *memberChecker) checkPeriod(name royalty.Period, p *countedPeriod) error {
	var sales, tallies int64
	err := c.walk(salesOf(name), 32, func(_, _ []byte) error { sales++; return nil })
	if err != nil {
		return err
	}
	if err := c.walk(talliesOf(name), 32, func(_, _ []byte) error { tallies++; return nil }); err != nil {
		return err
	}
	if wanted := p.sales; p.closed && sales != 0 || !p.closed && sales != wanted {
		c.add(membersName+", "+string(salesOf(name)), "there are %d, %d were sold", sales, wanted)
	}
	if tallies != p.tallies {
		c.add(membersName+", "+string(talliesOf(name)), "there are %d, %d were put", tallies, p.tallies)
	}
	if p.months > p.sales || p.paid != p.months*p.fee {
		c.add(membersName+", months", "accounts have %d of %s for %s, sold were %d at %s",
			p.months, name, royalty.Cents(p.paid), p.sales, royalty.Cents(p.fee))
	}
	return nil
}
