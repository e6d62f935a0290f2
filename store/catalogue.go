package store

import (
	"encoding/json"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/metainfo"
)

// Artist is the current record of a slug.
func (db *DB) Artist(slug string) (a catalog.ArtistRecord, ok bool, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		v := viewOf(tx)
		a, ok = v.Artist(slug)
		return v.err
	})
	return a, ok, err
}

// ArtistByNumber is the artist with that payee number.
func (db *DB) ArtistByNumber(n int) (a catalog.ArtistRecord, ok bool, err error) {
	if n < 0 {
		return a, false, nil
	}
	err = db.view(func(tx *bolt.Tx) error {
		v := viewOf(tx)
		if slug := tx.Bucket(bucketNumbers).Get(numberKey(n)); slug != nil {
			a, ok = v.Artist(string(slug))
		}
		return v.err
	})
	return a, ok, err
}

// Artists are those with the numbers from offset on, at most limit of them, and
// how many there are in all.
func (db *DB) Artists(offset, limit int) (artists []catalog.ArtistRecord, total int, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		v := viewOf(tx)
		total = v.Payees()
		c := tx.Bucket(bucketNumbers).Cursor()
		for k, slug := c.Seek(numberKey(max(offset, 0))); k != nil && len(artists) < limit; k, slug = c.Next() {
			a, ok := v.Artist(string(slug))
			if !ok {
				return errors.Join(v.err, damaged("artist %q is missing", slug))
			}
			artists = append(artists, a)
		}
		return nil
	})
	return artists, total, err
}

// Release is the record of a release id, withdrawn or not.
func (db *DB) Release(id string) (r catalog.ReleaseRecord, ok bool, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		r, err = viewOf(tx).readRelease(id)
		return err
	})
	if errors.Is(err, ErrUnknown) {
		return r, false, nil
	}
	return r, err == nil, err
}

// Card is the card of a visible release. The error wraps ErrUnknown or
// ErrWithdrawn.
func (db *DB) Card(id string) (c Card, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		c, err = readCard(tx, id)
		return err
	})
	return c, err
}

// Cards are the cards of those ids that are visible, in the same order.
func (db *DB) Cards(ids []string) (cards []Card, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		for _, id := range ids {
			c, err := readCard(tx, id)
			if errors.Is(err, ErrUnknown) || errors.Is(err, ErrWithdrawn) {
				continue
			}
			if err != nil {
				return err
			}
			cards = append(cards, c)
		}
		return nil
	})
	return cards, err
}

func readCard(tx *bolt.Tx, id string) (Card, error) {
	f, err := readFate(tx, id)
	if err != nil {
		return Card{}, err
	}
	if f.withdrawn != "" {
		return Card{}, fmt.Errorf("release %s: %w", id, ErrWithdrawn)
	}
	return cardAt(tx, f.index)
}

func cardAt(tx *bolt.Tx, index int64) (Card, error) { return cardIn(tx.Bucket(bucketCards), index) }

// cardIn is cardAt for many: finding the bucket costs more than the card.
func cardIn(cards *bolt.Bucket, index int64) (Card, error) {
	b := cards.Get(indexKey(index))
	if b == nil {
		return Card{}, damaged("the card of entry %d is missing", index)
	}
	return decodeCard(b)
}

// cardsOf are the cards at the ends of the keys of a list, newest first when
// asked.
func (db *DB) cardsOf(bucket, prefix []byte, newestFirst bool) (cards []Card, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketCards)
		return eachKey(tx, bucket, prefix, func(k []byte) error {
			c, err := cardIn(b, keyIndex(k))
			cards = append(cards, c)
			return err
		})
	})
	if newestFirst {
		for i, j := 0, len(cards)-1; i < j; i, j = i+1, j-1 {
			cards[i], cards[j] = cards[j], cards[i]
		}
	}
	return cards, err
}

// ArtistReleases are the visible releases of an artist, the newest first.
func (db *DB) ArtistReleases(slug string) ([]Card, error) {
	return db.cardsOf(bucketByArtist, append([]byte(slug), 0), true)
}

// AppearsOn are the visible releases of others in which an artist has a share,
// the newest first.
func (db *DB) AppearsOn(slug string) ([]Card, error) {
	return db.cardsOf(bucketByPayee, append([]byte(slug), 0), true)
}

// Series are the visible episodes of a series, by season and episode.
func (db *DB) Series(slug string) ([]Card, error) {
	return db.cardsOf(bucketBySeries, append([]byte(slug), 0), false)
}

// Manifest is the manifest of a visible release, verified against the log. It
// is shared and must not be changed. The error wraps ErrUnknown or
// ErrWithdrawn.
func (db *DB) Manifest(id string) (*catalog.Manifest, error) {
	if m := db.manifests.get(id); m != nil {
		return m, nil
	}
	var m *catalog.Manifest
	size := 0
	at := db.manifests.now()
	err := db.view(func(tx *bolt.Tx) error {
		f, err := readFate(tx, id)
		if err != nil {
			return err
		}
		if f.withdrawn != "" {
			return fmt.Errorf("release %s: %w", id, ErrWithdrawn)
		}
		size = len(tx.Bucket(bucketManifests).Get([]byte(id)))
		m, err = readManifest(tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	db.manifests.put(id, m, size, at)
	return m, nil
}

// ManifestBytes is the canonical JSON of a visible release's manifest.
func (db *DB) ManifestBytes(id string) (b []byte, err error) {
	if _, err := db.Manifest(id); err != nil {
		return nil, err
	}
	err = db.view(func(tx *bolt.Tx) error {
		b = append(b, tx.Bucket(bucketManifests).Get([]byte(id))...)
		return nil
	})
	if err == nil && len(b) == 0 {
		err = fmt.Errorf("release %s: %w", id, ErrWithdrawn)
	}
	return b, err
}

// readManifest reads a manifest whose bytes have the hash that the log names,
// and so were checked in full when they were appended.
func readManifest(tx *bolt.Tx, id string) (*catalog.Manifest, error) {
	r, err := viewOf(tx).readRelease(id)
	if err != nil {
		return nil, err
	}
	return manifestOf(tx, id, &r.Release)
}

func manifestOf(tx *bolt.Tx, id string, r *catalog.Release) (*catalog.Manifest, error) {
	b := tx.Bucket(bucketManifests).Get([]byte(id))
	if b == nil || catalog.Sum(b) != r.Manifest {
		return nil, damaged("the manifest of %s is missing or not the one in the log", id)
	}
	m := new(catalog.Manifest)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, damaged("the manifest of %s: %v", id, err)
	}
	return m, nil
}

// PutInfo keeps the bencoded info dictionary of a torrent under its infohash.
func (db *DB) PutInfo(info []byte) error {
	meta, err := metainfo.ParseInfo(info)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	key := fmt.Appendf(nil, "%x", meta.InfoHash())
	db.writing.Lock()
	defer db.writing.Unlock()
	err = db.update(func(tx *bolt.Tx) error {
		if tx.Bucket(bucketInfos).Get(key) != nil {
			return errNothingNew // the key is the hash of what is there
		}
		return tx.Bucket(bucketInfos).Put(key, info)
	})
	if errors.Is(err, errNothingNew) {
		return nil
	}
	return err
}

// Info is the info dictionary with that infohash, in 40 hexadecimal digits. The
// error wraps ErrUnknown.
func (db *DB) Info(infohash string) (info []byte, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketInfos).Get([]byte(infohash))
		if b == nil {
			return fmt.Errorf("torrent %s: %w", clip(infohash), ErrUnknown)
		}
		info = append(info, b...)
		return nil
	})
	return info, err
}
