package store

import (
	"errors"
	"slices"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/store/catalog"
)

// deriver writes what follows from the log. Append, Rebuild and Check use the
// same one, so that a record is the same whoever made it.
type deriver struct {
	*txView
	dropped []catalog.Hash // files of works withdrawn in this transaction
}

// apply makes a judged change part of the records, as catalog.State.Apply
// does, and keeps the lists. The manifest m of a release may be nil: it was
// forgotten with its withdrawal, or is damaged, and then no list shows it.
func (d *deriver) apply(index int64, ch catalog.Change, m *catalog.Manifest, day int64) error {
	if !ch.Unknown {
		if err := d.tx.Bucket(bucketStands).Put([]byte(ch.ID), indexKey(index)); err != nil {
			return err
		}
	}
	switch {
	case ch.Charter != nil:
		return d.applyCharter(index, ch.Charter)
	case ch.Artist != nil:
		return d.applyArtist(*ch.Artist)
	case ch.Release != nil:
		return d.applyRelease(ch.Release, m, day)
	case ch.Withdrawal != nil:
		return d.applyWithdrawal(ch.Withdrawal)
	case ch.Opening != nil:
		return d.applyOpening(ch.Opening)
	}
	return nil
}

func (d *deriver) applyCharter(index int64, c *catalog.Charter) error {
	d.charter = c
	for _, period := range c.EndsEarly() {
		f, err := readOpeningFate(d.tx, period)
		if errors.Is(err, ErrUnknown) || err == nil && f.ended != 0 {
			continue // not opened yet, or ended by an earlier charter
		}
		if err != nil {
			return err
		}
		f.ended = index
		if err := d.putOpeningFate(period, f); err != nil {
			return err
		}
	}
	return d.tx.Bucket(bucketMeta).Put(keyCharter, indexKey(index))
}

func (d *deriver) applyOpening(o *catalog.OpeningRecord) error {
	err := d.putOpeningFate(o.Period, openingFate{index: o.Index})
	for _, key := range o.MonthKeys() {
		err = errors.Join(err, d.tx.Bucket(bucketMonthKeys).Put([]byte(key), []byte(o.Period)))
	}
	return err
}

func (d *deriver) putOpeningFate(period string, f openingFate) error {
	return d.tx.Bucket(bucketOpenings).Put([]byte(period), f.encode())
}

func (d *deriver) applyArtist(a catalog.ArtistRecord) error {
	if old, ok := d.Artist(a.Slug); ok {
		if err := d.tx.Bucket(bucketNames).Delete([]byte(catalog.FoldName(old.Name))); err != nil {
			return err
		}
	}
	slug := []byte(a.Slug)
	return errors.Join(d.err,
		d.tx.Bucket(bucketArtists).Put(slug, encodeArtist(a)),
		d.tx.Bucket(bucketNumbers).Put(numberKey(a.Number), slug),
		d.tx.Bucket(bucketNames).Put([]byte(catalog.FoldName(a.Name)), slug))
}

func (d *deriver) applyRelease(r *catalog.ReleaseRecord, m *catalog.Manifest, day int64) error {
	if err := d.putFate(r.ID, fate{index: r.Index}); err != nil {
		return err
	}
	if r.Replaces != "" {
		old, err := readFate(d.tx, r.Replaces)
		if err != nil {
			return err
		}
		old.replaced = r.ID
		if err := errors.Join(d.putFate(r.Replaces, old), d.unlist(old.index)); err != nil {
			return err
		}
	}
	if m == nil {
		return nil
	}
	return d.list(r, m, day)
}

func (d *deriver) putFate(id string, f fate) error {
	return d.tx.Bucket(bucketReleases).Put([]byte(id), f.encode())
}

func (d *deriver) applyWithdrawal(w *catalog.Withdrawal) error {
	r, err := d.readRelease(w.Release)
	if err != nil {
		return err
	}
	down := d.tx.Bucket(bucketDown)
	for _, root := range r.Roots {
		owner := down.Get(root[:])
		switch {
		case w.Lift && string(owner) == r.Artist:
			err = errors.Join(err, down.Delete(root[:]))
		case !w.Lift && owner == nil: // the first who withdrew it keeps it down
			err = errors.Join(err, down.Put(root[:], []byte(r.Artist)))
		}
	}
	if err != nil || w.Lift {
		return err
	}
	if err := d.putFate(r.ID, fate{r.Index, w.Reason, r.Replaced}); err != nil {
		return err
	}
	return d.forget(r)
}

// forget drops everything that speaks of a withdrawn work: its place in the
// lists, its manifest, its torrents. Its files are dropped at the end of the
// transaction, when it is known who else needs them.
func (d *deriver) forget(r catalog.ReleaseRecord) error {
	if err := d.unlist(r.Index); err != nil {
		return err
	}
	files := d.tx.Bucket(bucketFiles)
	for roots := range slices.Chunk(files.Get(indexKey(r.Index)), len(catalog.Hash{})) {
		d.dropped = append(d.dropped, catalog.Hash(roots))
	}
	err := errors.Join(
		files.Delete(indexKey(r.Index)),
		putHolders(d.tx, r.Index, nil),
		d.tx.Bucket(bucketCards).Delete(indexKey(r.Index)),
		d.tx.Bucket(bucketManifests).Delete([]byte(r.ID)))
	for _, t := range r.Torrents {
		err = errors.Join(err, d.tx.Bucket(bucketInfos).Delete([]byte(t)))
	}
	return err
}

// list writes the card of a visible release and enters it in every list.
func (d *deriver) list(r *catalog.ReleaseRecord, m *catalog.Manifest, day int64) error {
	artist, _ := d.Artist(r.Artist)
	c := newCard(r, m, day)
	k := indexKey(r.Index)
	var roots []byte
	for _, f := range m.Files() {
		roots = append(roots, f.Root[:]...)
	}
	err := errors.Join(d.err,
		d.tx.Bucket(bucketCards).Put(k, c.encode()),
		putRow(d.tx, r.Index, encodeRow(&c, artist.Number)),
		d.tx.Bucket(bucketTexts).Put(k, encodeTexts(m)),
		d.tx.Bucket(bucketFiles).Put(k, roots),
		putHolders(d.tx, r.Index, roots),
		d.tx.Bucket(bucketByArtist).Put(listKey(r.Artist, r.Index), nil))
	for _, payee := range payees(m) {
		if payee != r.Artist {
			err = errors.Join(err, d.tx.Bucket(bucketByPayee).Put(listKey(payee, r.Index), nil))
		}
	}
	if s := m.Series; s != nil {
		err = errors.Join(err, d.tx.Bucket(bucketBySeries).Put(seriesKey(s.Slug, s.Season, s.Episode, r.Index), nil))
	}
	return err
}

// unlist takes a release out of every list. Its card stays for its own page.
func (d *deriver) unlist(index int64) error {
	k := indexKey(index)
	listed := d.tx.Bucket(bucketTexts).Get(k)
	if listed == nil {
		return nil
	}
	t, err := decodeTexts(listed)
	if err != nil {
		return err
	}
	c, err := cardAt(d.tx, index)
	if err != nil {
		return err
	}
	err = errors.Join(
		putRow(d.tx, index, nil),
		d.tx.Bucket(bucketTexts).Delete(k),
		d.tx.Bucket(bucketByArtist).Delete(listKey(c.Slug, index)))
	for _, payee := range t.payees {
		err = errors.Join(err, d.tx.Bucket(bucketByPayee).Delete(listKey(payee, index)))
	}
	if s := c.Series; s.Slug != "" {
		err = errors.Join(err, d.tx.Bucket(bucketBySeries).Delete(seriesKey(s.Slug, s.Season, s.Episode, index)))
	}
	return err
}

// payees are the slugs that any split sheet names, each once.
func payees(m *catalog.Manifest) []string {
	var slugs []string
	for _, t := range m.Tracks {
		for _, s := range t.Splits {
			if !slices.Contains(slugs, s.Payee) {
				slugs = append(slugs, s.Payee)
			}
		}
	}
	return slugs
}

// unused leaves of roots those that no visible release needs.
func unused(tx *bolt.Tx, roots []catalog.Hash) (free []catalog.Hash, err error) {
	if len(roots) == 0 {
		return nil, nil
	}
	left := map[catalog.Hash]bool{}
	for _, root := range roots {
		left[root] = true
	}
	c := tx.Bucket(bucketFiles).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if len(v)%len(catalog.Hash{}) != 0 {
			return nil, damaged("the files of entry %d", keyIndex(k))
		}
		for root := range slices.Chunk(v, len(catalog.Hash{})) {
			delete(left, catalog.Hash(root))
		}
	}
	for root := range left {
		free = append(free, root)
	}
	return free, nil
}
