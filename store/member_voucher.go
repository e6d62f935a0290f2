package store

import (
	"bytes"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/royalty"
)

// VoucherBatch is a batch whose signature the caller has checked.
type VoucherBatch struct {
	ID      string        // 1 to 64 of a-z, 0-9 and "-"
	Value   royalty.Cents // of each, more than 0
	Expires time.Time     // midnight UTC from which they are refused; zero: never
	Hashes  [][32]byte    // of the codes, in any order, each once; at most MaxVouchers
}

// MaxVouchers is the most vouchers of a batch.
const MaxVouchers = 5_000

// BatchState is what became of a batch.
type BatchState struct {
	ID                string
	Value             royalty.Cents
	Expires           time.Time // as in VoucherBatch
	Count, Used, Void int       // Count includes the other two
}

// LoadBatch makes the vouchers of a batch redeemable and says how many those
// are. The same batch again changes nothing and answers 0. ErrRefused: a batch
// out of bounds, another one under the same id, a voucher that stands in another
// batch; then none of its vouchers is loaded.
func (m *Members) LoadBatch(b VoucherBatch) (loaded int, err error) {
	rec, err := b.record()
	if err != nil {
		return 0, err
	}
	err = m.change(func(c *change) error {
		loaded = 0
		old, err := readBatch(c.tx, b.ID)
		switch {
		case err == nil && old.same(rec):
			return nil
		case err == nil:
			return fmt.Errorf("%w: another batch has the id %s", ErrRefused, b.ID)
		case !isUnknown(err):
			return err
		}
		loaded = len(b.Hashes)
		return c.load(rec, b.Hashes)
	})
	if err != nil {
		return 0, err
	}
	return loaded, nil
}

func (c *change) load(rec batchRecord, hashes [][32]byte) error {
	for _, h := range hashes {
		there, err := tableVouchers.has(c.tx, h[:])
		if err != nil {
			return err
		}
		if there {
			return fmt.Errorf("%w: a voucher of it stands in another batch", ErrRefused)
		}
		c.put(tableVouchers, bytes.Clone(h[:]), voucher{rec.ID, voucherFree}.encode())
	}
	c.put(tableBatches, []byte(rec.ID), rec.encode())
	return nil
}

// VoidBatch makes those of the batch's vouchers that were not redeemed
// worthless: the named ones, or all when hashes is nil. It says how many became
// void now; repeating it changes nothing. Errors: ErrUnknown (the batch),
// ErrRefused when a named voucher is not of the batch; then nothing changes.
func (m *Members) VoidBatch(id string, hashes [][32]byte) (voided int, err error) {
	err = m.change(func(c *change) error {
		voided, err = c.void(id, hashes)
		return err
	})
	if err != nil {
		return 0, err
	}
	return voided, nil
}

func (c *change) void(id string, hashes [][32]byte) (int, error) {
	rec, err := readBatch(c.tx, id)
	if err != nil {
		return 0, err
	}
	if hashes == nil {
		hashes, err = vouchersOf(c.tx, id)
	}
	if err != nil {
		return 0, err
	}
	now := map[[32]byte]bool{}
	for _, h := range hashes {
		v, err := readVoucher(c.tx, h)
		if err != nil && !isUnknown(err) {
			return 0, err
		}
		if err != nil || v.batch != id {
			return 0, fmt.Errorf("%w: a voucher is not of the batch %s", ErrRefused, id)
		}
		if v.state == voucherFree {
			now[h] = true
		}
	}
	if len(now) == 0 {
		return 0, nil
	}
	for h := range now {
		c.put(tableVouchers, bytes.Clone(h[:]), voucher{id, voucherVoid}.encode())
	}
	rec.Void += len(now)
	c.put(tableBatches, []byte(id), rec.encode())
	return len(now), nil
}

func vouchersOf(tx *bolt.Tx, id string) (hashes [][32]byte, err error) {
	err = tableVouchers.each(tx, nil, func(k, b []byte) error {
		v, err := decodeVoucher(b)
		if v.batch == id {
			hashes = append(hashes, [32]byte(k))
		}
		return err
	})
	return hashes, err
}

// Batches lists what became of every loaded batch, by id.
func (m *Members) Batches() (all []BatchState, err error) {
	err = m.view(func(tx *bolt.Tx) error {
		return tableBatches.each(tx, nil, func(_, v []byte) error {
			b, err := decodeBatch(v)
			all = append(all, b.BatchState)
			return err
		})
	})
	return all, err
}

// Redeem credits a voucher, known by the hash of its code, to an account, and
// says how many cents that was. It does so once: the voucher is used then, and
// its mark says not by whom. key names the event in the account's book; the same
// account and key again answer the same cents and change nothing. So the key is
// derived from account code and voucher by whoever knows both.
//
// Errors: ErrUnknown (the account), ErrVoucherUnknown, ErrVoucherUsed,
// ErrVoucherVoid, ErrVoucherExpired, ErrRefused for a key that stands for
// another payment.
func (m *Members) Redeem(account, voucher, key [32]byte, now time.Time) (cents royalty.Cents, err error) {
	p := royalty.PeriodAt(now)
	if err := checkPeriod(p); err != nil {
		return 0, err
	}
	err = m.change(func(c *change) error {
		cents, err = c.redeem(account, voucher, key, now)
		return err
	})
	if err != nil {
		return 0, err
	}
	return cents, nil
}

func (c *change) redeem(account, hash, key [32]byte, now time.Time) (royalty.Cents, error) {
	e, err := c.credited(account, key)
	switch {
	case err != nil:
		return 0, err
	case e != nil && e.Kind != VoucherKind:
		return 0, errOtherPayment
	case e != nil:
		return e.Amount, nil
	}
	b, err := redeemable(c.tx, hash, now)
	if err != nil {
		return 0, err
	}
	b.Used++
	c.put(tableVouchers, hash[:], voucher{b.ID, voucherUsed}.encode())
	c.put(tableBatches, []byte(b.ID), b.encode())
	return b.Value, c.credit(account, key, Event{VoucherKind, b.Value, royalty.PeriodAt(now)})
}

// Voucher says, without writing anything, whether a voucher can be redeemed: its
// errors are those of Redeem. It spares an account for every code that is none.
func (m *Members) Voucher(hash [32]byte, now time.Time) error {
	return m.view(func(tx *bolt.Tx) error {
		_, err := redeemable(tx, hash, now)
		return err
	})
}

// redeemable is the batch of a voucher that can be redeemed.
func redeemable(tx *bolt.Tx, hash [32]byte, now time.Time) (b batchRecord, err error) {
	v, err := readVoucher(tx, hash)
	if isUnknown(err) {
		return b, ErrVoucherUnknown
	}
	if err != nil {
		return b, err
	}
	if b, err = readBatch(tx, v.batch); err != nil {
		return b, err
	}
	switch {
	case v.state == voucherUsed:
		return b, ErrVoucherUsed
	case v.state == voucherVoid:
		return b, ErrVoucherVoid
	case !b.Expires.IsZero() && !now.Before(b.Expires):
		return b, ErrVoucherExpired
	}
	return b, nil
}
