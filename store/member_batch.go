package store

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/royalty"
)

// batchRecord is a batch without its hashes, but with a hash of those.
type batchRecord struct {
	BatchState
	content [32]byte
}

func (b VoucherBatch) record() (batchRecord, error) {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	days := b.Expires.Unix() / secondsPerDay
	hashes := slices.SortedFunc(slices.Values(b.Hashes), func(x, y [32]byte) int { return bytes.Compare(x[:], y[:]) })
	switch {
	case len(b.ID) < 1 || len(b.ID) > 64 || strings.Trim(b.ID, letters) != "":
		return batchRecord{}, fmt.Errorf("%w: %.80q is no id of a batch", ErrRefused, b.ID)
	case b.Value <= 0 || b.Value > math.MaxInt64/MaxVouchers:
		return batchRecord{}, fmt.Errorf("%w: vouchers of %d cents", ErrRefused, int64(b.Value))
	case len(hashes) < 1 || len(hashes) > MaxVouchers:
		return batchRecord{}, fmt.Errorf("%w: %d vouchers in a batch", ErrRefused, len(hashes))
	case !b.Expires.IsZero() && (days <= 0 || days > lastDay || !b.Expires.Equal(day(days))):
		return batchRecord{}, fmt.Errorf("%w: vouchers that expire at %s, which is no day's beginning", ErrRefused, b.Expires)
	case len(slices.Compact(slices.Clone(hashes))) != len(hashes):
		return batchRecord{}, fmt.Errorf("%w: a voucher stands in the batch twice", ErrRefused)
	}
	rec := batchRecord{BatchState: BatchState{ID: b.ID, Value: b.Value, Count: len(hashes)}}
	if !b.Expires.IsZero() {
		rec.Expires = day(days)
	}
	content := sha256.New()
	for _, h := range hashes {
		content.Write(h[:])
	}
	content.Sum(rec.content[:0])
	return rec, nil
}

const (
	secondsPerDay = 24 * 60 * 60
	lastDay       = 2_932_896 // 31 December 9999
)

func day(n int64) time.Time { return time.Unix(n*secondsPerDay, 0).UTC() }

// same says whether both were loaded from the same vouchers.
func (b batchRecord) same(other batchRecord) bool {
	return b.Value == other.Value && b.Expires.Equal(other.Expires) && b.content == other.content
}

func (b batchRecord) encode() []byte {
	var r record
	r.text(b.ID)
	r.num(int64(b.Value))
	days := int64(0)
	if !b.Expires.IsZero() {
		days = b.Expires.Unix() / secondsPerDay
	}
	r.num(days)
	for _, n := range []int{b.Count, b.Used, b.Void} {
		r.num(int64(n))
	}
	return append(r, b.content[:]...)
}

func decodeBatch(v []byte) (b batchRecord, err error) {
	r := readRecord(v)
	b.ID, b.Value = r.text(), royalty.Cents(r.natural())
	switch days := r.natural(); {
	case days > lastDay:
		r.fail()
	case days > 0:
		b.Expires = day(days)
	}
	b.Count, b.Used, b.Void = int(r.natural()), int(r.natural()), int(r.natural())
	copy(b.content[:], r.take(len(b.content)))
	return b, r.end("a batch")
}

func readBatch(tx *bolt.Tx, id string) (batchRecord, error) {
	v, err := tableBatches.get(tx, []byte(id))
	if err != nil {
		return batchRecord{}, err
	}
	if v == nil {
		return batchRecord{}, fmt.Errorf("the batch is %w", ErrUnknown)
	}
	return decodeBatch(v)
}

// voucher is the record of one.
type voucher struct {
	batch string
	state voucherState
}

type voucherState byte

const (
	voucherFree voucherState = iota
	voucherUsed
	voucherVoid
)

func (v voucher) encode() []byte {
	var r record
	r.text(v.batch)
	return append(r, byte(v.state))
}

func decodeVoucher(b []byte) (voucher, error) {
	r := readRecord(b)
	v := voucher{batch: r.text()}
	if s := r.take(1); s != "" {
		v.state = voucherState(s[0])
	}
	if v.state > voucherVoid {
		r.bad = true
	}
	return v, r.end("a voucher")
}

func readVoucher(tx *bolt.Tx, hash [32]byte) (voucher, error) {
	b, err := tableVouchers.get(tx, hash[:])
	if err != nil {
		return voucher{}, err
	}
	if b == nil {
		return voucher{}, ErrUnknown
	}
	return decodeVoucher(b)
}
