package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/royalty"
)

// table is a bucket of members.db. Every value in it ends with a checksum of the
// table's name, the key and the value (CRC-32C, four bytes, big-endian), since
// bbolt's pages have none.
type table string

// Tables. An id is 32 bytes, a period seven characters.
const (
	tableMembers   = table("members")   // keyMembersSchema → one byte
	tableAccounts  = table("accounts")  // id → balance
	tableBook      = table("book")      // account id, event key → event
	tableKeys      = table("keys")      // event key → nothing: used, also by accounts that are no more
	tableMonths    = table("months")    // account id, period, request → month
	tableBatches   = table("batches")   // batch id → batch
	tableVouchers  = table("vouchers")  // hash → batch id, state
	tablePeriods   = table("periods")   // period → what was sold in it
	tableSums      = table("sums")      // see the names of sums → sum
	tableLibraries = table("libraries") // name → sealed library
)

// memberTables are always there. For every period with a sale or a tally there
// is one of each besides.
var memberTables = []table{tableMembers, tableAccounts, tableBook, tableKeys, tableMonths,
	tableBatches, tableVouchers, tablePeriods, tableSums, tableLibraries}

func salesOf(p royalty.Period) table   { return table("sales/" + p) }   // hash of the stub's secret → nothing
func talliesOf(p royalty.Period) table { return table("tallies/" + p) } // name → sealed tally

var keyMembersSchema = []byte("schema")

const (
	membersVersion = 1
	periodSize     = len("2026-12")
)

// Names of sums. The money that came in is summed for each kind of event.
var (
	sumAccounts  = []byte("accounts")  // n: how many there are
	sumLibraries = []byte("libraries") // n: how many there are
	sumFees      = []byte("out/fee")
)

func sumIn(kind string) []byte { return []byte("in/" + kind) }

const checksumSize = 4

func (t table) checksum(key, value []byte) uint32 {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Checksum(append([]byte(t), 0), castagnoli)
	return crc32.Update(crc32.Update(sum, castagnoli, key), castagnoli, value)
}

// open checks a stored value and returns it without its checksum, in the file's
// own memory: it is good until the end of the transaction.
func (t table) open(key, stored []byte) ([]byte, error) {
	n := len(stored) - checksumSize
	if n < 0 || binary.BigEndian.Uint32(stored[n:]) != t.checksum(key, stored[:n]) {
		return nil, damaged("a record of %q is not what was written", t)
	}
	return stored[:n:n], nil
}

// get returns the value under key: nil when there is none, an empty one is not
// nil.
func (t table) get(tx *bolt.Tx, key []byte) ([]byte, error) {
	b := tx.Bucket([]byte(t))
	if b == nil {
		return nil, nil
	}
	stored := b.Get(key)
	if stored == nil {
		return nil, nil
	}
	return t.open(key, stored)
}

func (t table) has(tx *bolt.Tx, key []byte) (bool, error) {
	v, err := t.get(tx, key)
	return v != nil, err
}

// put stores value under key, in a new table when there is none.
func (t table) put(tx *bolt.Tx, key, value []byte) error {
	b, err := tx.CreateBucketIfNotExists([]byte(t))
	if err != nil {
		return err
	}
	stored := make([]byte, 0, len(value)+checksumSize)
	stored = binary.BigEndian.AppendUint32(append(stored, value...), t.checksum(key, value))
	return b.Put(key, stored)
}

func (t table) remove(tx *bolt.Tx, key []byte) error {
	b := tx.Bucket([]byte(t))
	if b == nil {
		return nil
	}
	return b.Delete(key)
}

func (t table) drop(tx *bolt.Tx) error {
	if tx.Bucket([]byte(t)) == nil {
		return nil
	}
	return tx.DeleteBucket([]byte(t))
}

// each walks the records whose keys begin with prefix, in the order of keys.
func (t table) each(tx *bolt.Tx, prefix []byte, fn func(key, value []byte) error) error {
	b := tx.Bucket([]byte(t))
	if b == nil {
		return nil
	}
	c := b.Cursor()
	for k, stored := c.Seek(prefix); k != nil && len(k) >= len(prefix) && string(k[:len(prefix)]) == string(prefix); k, stored = c.Next() {
		v, err := t.open(k, stored)
		if err != nil {
			return err
		}
		if err := fn(k, v); err != nil {
			return err
		}
	}
	return nil
}

func joined(parts ...[]byte) []byte {
	var key []byte
	for _, p := range parts {
		key = append(key, p...)
	}
	return key
}

// checkPeriod refuses what is no period: its text is a part of keys.
func checkPeriod(p royalty.Period) error {
	if _, err := royalty.ParsePeriod(string(p)); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return nil
}

// sum counts money of one kind: n times, cents in all, and of those the part
// that belonged to accounts that were deleted.
type sum struct{ n, all, goneN, gone int64 }

func (s sum) encode() []byte {
	var r record
	r.num(s.n)
	r.signed(s.all)
	r.num(s.goneN)
	r.signed(s.gone)
	return r
}

func decodeSum(b []byte) (s sum, err error) {
	r := readRecord(b)
	s = sum{r.natural(), r.signed(), r.natural(), r.signed()}
	return s, r.end("a sum")
}

func readSum(tx *bolt.Tx, name []byte) (sum, error) {
	b, err := tableSums.get(tx, name)
	if b == nil || err != nil {
		return sum{}, err
	}
	return decodeSum(b)
}

// natural reads a number that num wrote of one that was not negative.
func (r *reader) natural() int64 {
	v := r.num()
	if v < 0 {
		r.fail()
		return 0
	}
	return v
}

// signed writes a number that may be negative.
func (r *record) signed(v int64) { *r = binary.AppendVarint(*r, v) }

func (r *reader) signed() int64 {
	u := uint64(r.num())
	v := int64(u >> 1)
	if u&1 != 0 {
		v = ^v
	}
	return v
}
