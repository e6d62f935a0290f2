package store

import (
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Buckets. Keys named index are big-endian, so that a cursor walks the log's
// order. The first group is the truth, the second follows from it.
var (
	bucketMeta      = []byte("meta")      // name → value: see the keys below
	bucketLog       = []byte("log")       // index → entry
	bucketHashes    = []byte("hashes")    // tlog stored hash index → hash
	bucketManifests = []byte("manifests") // release id → canonical JSON
	bucketInfos     = []byte("infos")     // infohash → bencoded info dictionary
	bucketDays      = []byte("days")      // index → day it was appended here, uvarint since 1970
	bucketNotices   = []byte("notices")   // receipt → day, sealed notice
	bucketBoard     = []byte("board")     // release id → day, text
	bucketDrops     = []byte("drops")     // pieces root → nothing: files still to unlink

	bucketLeaves    = []byte("leaves")    // record hash → index
	bucketVoids     = []byte("voids")     // index → reason
	bucketArtists   = []byte("artists")   // slug → artist record
	bucketNumbers   = []byte("numbers")   // payee number, 4 bytes → slug
	bucketNames     = []byte("names")     // folded display name → slug
	bucketReleases  = []byte("releases")  // id → index and fate
	bucketDown      = []byte("down")      // pieces root → slug of who withdrew it
	bucketCards     = []byte("cards")     // index → card
	bucketRows      = []byte("rows")      // index / 256 → rows: what filters look at; listed releases only
	bucketTexts     = []byte("texts")     // index → titles of the tracks, payees; listed releases only
	bucketFiles     = []byte("files")     // index → pieces roots of all files, joined
	bucketHolders   = []byte("holders")   // index / 256 → which of these releases hold which files
	bucketStands    = []byte("stands")    // id of a valid entry of a known kind → index
	bucketOpenings  = []byte("openings")  // period → index of its opening, of the charter that ended its pass key
	bucketMonthKeys = []byte("monthkeys") // key of a month → period
	bucketByArtist  = []byte("byartist")  // slug 0 index → nothing
	bucketByPayee   = []byte("bypayee")   // slug 0 index → nothing
	bucketBySeries  = []byte("byseries")  // slug 0 season episode index → nothing
)

var (
	truthBuckets = [][]byte{bucketMeta, bucketLog, bucketHashes, bucketManifests, bucketInfos,
		bucketDays, bucketNotices, bucketBoard, bucketDrops}
	derivedBuckets = [][]byte{bucketLeaves, bucketVoids, bucketArtists, bucketNumbers, bucketNames,
		bucketReleases, bucketDown, bucketCards, bucketRows, bucketTexts, bucketFiles,
		bucketHolders, bucketStands, bucketOpenings, bucketMonthKeys, bucketByArtist, bucketByPayee, bucketBySeries}
)

// Keys of bucketMeta.
var (
	keySchema     = []byte("schema")     // of the truth, one byte
	keyDerived    = []byte("derived")    // of what follows from it, one byte; 0 while it is being made
	keyCheckpoint = []byte("checkpoint") // signed
	keyCharter    = []byte("charter")    // index of the one in force; derived
)

// Versions of what is written. A new schema needs a migration, a new derived
// version is reached by Rebuild.
const (
	schemaVersion  = 1
	derivedVersion = 3
)

func indexKey(i int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }

func keyIndex(k []byte) int64 {
	if len(k) < 8 {
		return -1
	}
	return int64(binary.BigEndian.Uint64(k[len(k)-8:]))
}

func numberKey(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// listKey is slug, zero, index: a slug holds no zero, so no list runs into the
// next.
func listKey(slug string, index int64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(slug), 0), uint64(index))
}

func seriesKey(slug string, season, episode int, index int64) []byte {
	k := append([]byte(slug), 0)
	k = binary.BigEndian.AppendUint32(k, uint32(season))
	k = binary.BigEndian.AppendUint32(k, uint32(episode))
	return binary.BigEndian.AppendUint64(k, uint64(index))
}

// damaged is the error of a record that does not read back.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// A record is numbers as uvarints and texts behind their length, in a fixed
// order. It is written by appending and read by slicing one string.
type record []byte

func (r *record) num(v int64) { *r = binary.AppendUvarint(*r, uint64(v)) }

func (r *record) text(s string) {
	r.num(int64(len(s)))
	*r = append(*r, s...)
}

func (r *record) flag(b bool) {
	v := byte(0)
	if b {
		v = 1
	}
	*r = append(*r, v)
}

// reader reads a record. After anything that does not fit, bad is set and all
// answers are zero.
type reader struct {
	s   string
	at  int // moving a number is cheaper than slicing: no pointer is written
	bad bool
}

func readRecord(b []byte) reader { return reader{s: string(b)} }

func (r *reader) num() int64 {
	var v uint64
	for i := 0; r.at+i < len(r.s) && i < binary.MaxVarintLen64; i++ {
		c := r.s[r.at+i]
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.at += i + 1
			return int64(v)
		}
	}
	r.fail()
	return 0
}

// count reads a number of things that follow, each at least one byte long.
func (r *reader) count() int {
	n := r.num()
	if n < 0 || n > int64(len(r.s)-r.at) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) text() string { return r.take(r.count()) }

func (r *reader) take(n int) string {
	if n < 0 || n > len(r.s)-r.at {
		r.fail()
		return ""
	}
	r.at += n
	return r.s[r.at-n : r.at]
}

func (r *reader) flag() bool { return r.take(1) == "\x01" }

func (r *reader) fail() { r.at, r.bad = len(r.s), true }

func (r *reader) ended() bool { return r.at == len(r.s) }

// end says whether the record was read to its end.
func (r *reader) end(what string) error {
	if r.bad || !r.ended() {
		return damaged("the record of %s does not read back", what)
	}
	return nil
}

// eachKey walks the keys of a bucket that begin with prefix, in order.
func eachKey(tx *bolt.Tx, bucket, prefix []byte, fn func(k []byte) error) error {
	c := tx.Bucket(bucket).Cursor()
	for k, _ := c.Seek(prefix); k != nil && len(k) >= len(prefix) && string(k[:len(prefix)]) == string(prefix); k, _ = c.Next() {
		if err := fn(k); err != nil {
			return err
		}
	}
	return nil
}
