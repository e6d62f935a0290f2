package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// txView is the catalogue as one transaction sees it. It is the catalog.View
// that entries are judged over and the tlog.HashReader of the log. A view
// cannot answer with an error: the first one is kept in err, and whoever judged
// over the view must look there before believing the judgement.
type txView struct {
	tx      *bolt.Tx
	truth   *bolt.Tx // where log and manifests are: tx itself, but for a replay into another file
	charter *catalog.Charter
	err     error
}

func viewOf(tx *bolt.Tx) *txView { return &txView{tx: tx, truth: tx} }

// newView is viewOf with the charter in force.
func newView(tx *bolt.Tx) (*txView, error) {
	v := viewOf(tx)
	k := tx.Bucket(bucketMeta).Get(keyCharter)
	if k == nil {
		return v, nil
	}
	e, err := readEntry(tx, keyIndex(k))
	if err != nil {
		return nil, err
	}
	v.charter, err = catalog.ParseCharter(e.Body)
	if err != nil {
		return nil, damaged("the charter at entry %d: %v", keyIndex(k), err)
	}
	return v, nil
}

// readEntry parses the entry at index, which was valid when it was appended.
func readEntry(tx *bolt.Tx, index int64) (*ledger.Entry, error) {
	raw := tx.Bucket(bucketLog).Get(indexKey(index))
	if raw == nil {
		return nil, damaged("entry %d is missing", index)
	}
	e, err := ledger.ParseEntry(append([]byte(nil), raw...))
	if err != nil {
		return nil, damaged("entry %d: %v", index, err)
	}
	return e, nil
}

func (v *txView) fail(err error) { v.err = errors.Join(v.err, err) }

// Charter implements catalog.View.
func (v *txView) Charter() *catalog.Charter { return v.charter }

// Artist implements catalog.View.
func (v *txView) Artist(slug string) (catalog.ArtistRecord, bool) {
	b := v.tx.Bucket(bucketArtists).Get([]byte(slug))
	if b == nil {
		return catalog.ArtistRecord{}, false
	}
	a, err := decodeArtist(b)
	if err != nil {
		v.fail(err)
		return catalog.ArtistRecord{}, false
	}
	return a, true
}

// Named implements catalog.View.
func (v *txView) Named(name string) (string, bool) {
	slug := v.tx.Bucket(bucketNames).Get([]byte(catalog.FoldName(name)))
	return string(slug), slug != nil
}

// Payees implements catalog.View.
func (v *txView) Payees() int {
	k, _ := v.tx.Bucket(bucketNumbers).Cursor().Last()
	if len(k) != 4 {
		return 0
	}
	return int(binary.BigEndian.Uint32(k)) + 1
}

// Release implements catalog.View.
func (v *txView) Release(id string) (catalog.ReleaseRecord, bool) {
	r, err := v.readRelease(id)
	if err != nil {
		if !errors.Is(err, ErrUnknown) {
			v.fail(err)
		}
		return catalog.ReleaseRecord{}, false
	}
	return r, true
}

// StayDown implements catalog.View.
func (v *txView) StayDown(root catalog.Hash) (string, bool) {
	slug := v.tx.Bucket(bucketDown).Get(root[:])
	return string(slug), slug != nil
}

// Opening implements catalog.View.
func (v *txView) Opening(period string) (catalog.OpeningRecord, bool) {
	o, err := v.readOpening(period)
	if err != nil {
		if !errors.Is(err, ErrUnknown) {
			v.fail(err)
		}
		return catalog.OpeningRecord{}, false
	}
	return o, true
}

// MonthKey implements catalog.View.
func (v *txView) MonthKey(key string) (string, bool) {
	period := v.tx.Bucket(bucketMonthKeys).Get([]byte(key))
	return string(period), period != nil
}

// Stands implements catalog.View.
func (v *txView) Stands(id string) (int64, bool) {
	k := v.tx.Bucket(bucketStands).Get([]byte(id))
	return keyIndex(k), k != nil
}

// ReadHashes implements tlog.HashReader.
func (v *txView) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	b := v.tx.Bucket(bucketHashes)
	hashes := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		h := b.Get(indexKey(x))
		if len(h) != tlog.HashSize {
			return nil, damaged("stored hash %d is missing", x)
		}
		hashes[i] = tlog.Hash(h)
	}
	return hashes, nil
}

// logSize is the number of entries.
func logSize(tx *bolt.Tx) int64 {
	k, _ := tx.Bucket(bucketLog).Cursor().Last()
	if k == nil {
		return 0
	}
	return keyIndex(k) + 1
}

// fate is what became of a release.
type fate struct {
	index               int64
	withdrawn, replaced string
}

func (f fate) encode() []byte {
	var r record
	r.num(f.index)
	r.text(f.withdrawn)
	r.text(f.replaced)
	return r
}

func readFate(tx *bolt.Tx, id string) (fate, error) {
	b := tx.Bucket(bucketReleases).Get([]byte(id))
	if b == nil {
		return fate{}, fmt.Errorf("release %q: %w", clip(id), ErrUnknown)
	}
	r := readRecord(b)
	f := fate{index: r.num(), withdrawn: r.text(), replaced: r.text()}
	return f, r.end("release " + clip(id))
}

// readRelease joins a release's entry in the log with its fate.
func (v *txView) readRelease(id string) (catalog.ReleaseRecord, error) {
	f, err := readFate(v.tx, id)
	if err != nil {
		return catalog.ReleaseRecord{}, err
	}
	e, err := readEntry(v.truth, f.index)
	if err != nil {
		return catalog.ReleaseRecord{}, err
	}
	body, err := catalog.ParseRelease(e.Body)
	if err != nil {
		return catalog.ReleaseRecord{}, damaged("the release at entry %d: %v", f.index, err)
	}
	return catalog.ReleaseRecord{Release: *body, ID: id, Index: f.index, Withdrawn: f.withdrawn, Replaced: f.replaced}, nil
}

// openingFate is what became of an opened period.
type openingFate struct {
	index int64 // of its opening
	ended int64 // index of the charter that ended its pass key early, or 0
}

func (f openingFate) encode() []byte {
	var r record
	r.num(f.index)
	r.num(f.ended)
	return r
}

func readOpeningFate(tx *bolt.Tx, period string) (openingFate, error) {
	b := tx.Bucket(bucketOpenings).Get([]byte(period))
	if b == nil {
		return openingFate{}, fmt.Errorf("the opening of %q: %w", clip(period), ErrUnknown)
	}
	return decodeOpeningFate(period, b)
}

func decodeOpeningFate(period string, b []byte) (openingFate, error) {
	r := readRecord(b)
	f := openingFate{index: r.num(), ended: r.num()}
	return f, r.end("the opening of " + clip(period))
}

// readOpening joins an opening's entry in the log with what became of it.
func (v *txView) readOpening(period string) (catalog.OpeningRecord, error) {
	f, err := readOpeningFate(v.tx, period)
	if err != nil {
		return catalog.OpeningRecord{}, err
	}
	e, err := readEntry(v.truth, f.index)
	if err != nil {
		return catalog.OpeningRecord{}, err
	}
	body, err := catalog.ParseOpening(e.Body)
	if err != nil {
		return catalog.OpeningRecord{}, damaged("the opening at entry %d: %v", f.index, err)
	}
	return catalog.OpeningRecord{Opening: *body, Index: f.index, Ended: f.ended}, nil
}

func encodeArtist(a catalog.ArtistRecord) []byte {
	var r record
	r.num(int64(a.Number))
	r.num(a.Index)
	r.num(a.Serial)
	for _, s := range []string{a.Slug, a.Name, a.Key, a.Recipient, a.Agrees} {
		r.text(s)
	}
	return r
}

func decodeArtist(b []byte) (catalog.ArtistRecord, error) {
	r := readRecord(b)
	a := catalog.ArtistRecord{Number: int(r.num()), Index: r.num()}
	a.Serial = r.num()
	for _, s := range []*string{&a.Slug, &a.Name, &a.Key, &a.Recipient, &a.Agrees} {
		*s = r.text()
	}
	return a, r.end("an artist")
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
