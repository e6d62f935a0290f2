package store

import (
	"bytes"
	"errors"
	"slices"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/store/catalog"
)

// Which releases hold a file is answered by blocks of holders: one for each 256
// entries of the log, sorted. That costs 9 bytes a file. A key for each file
// would cost three times as much, and touch a random page for each file of
// every append.

// A holder is the first 8 bytes of a file's pieces root, and the last byte of
// the index of a release that holds it. Two files may share those 8 bytes:
// whoever finds a holder asks the manifest.
type holder [9]byte

const holderBlock = 256 // indexes of the log that share a block

func holderKey(index int64) []byte { return indexKey(index / holderBlock) }

// readHolders takes a block apart.
func readHolders(block []byte) ([]holder, error) {
	if len(block)%len(holder{}) != 0 {
		return nil, damaged("a block of %d bytes in the index of files", len(block))
	}
	holders := make([]holder, 0, len(block)/len(holder{}))
	for h := range slices.Chunk(block, len(holder{})) {
		holders = append(holders, holder(h))
	}
	return holders, nil
}

// putHolders makes roots, joined, the files that the release at index holds:
// none when it is withdrawn.
func putHolders(tx *bolt.Tx, index int64, roots []byte) error {
	b, k := tx.Bucket(bucketHolders), holderKey(index)
	old, err := readHolders(b.Get(k))
	if err != nil {
		return err
	}
	low := byte(index % holderBlock)
	old = slices.DeleteFunc(old, func(h holder) bool { return h[8] == low })
	var fresh []holder
	for root := range slices.Chunk(roots, len(catalog.Hash{})) {
		fresh = append(fresh, holder(append(slices.Clone(root[:8]), low)))
	}
	slices.SortFunc(fresh, compareHolders)
	block := mergeHolders(old, slices.Compact(fresh))
	if len(block) == 0 {
		return b.Delete(k)
	}
	return b.Put(k, block)
}

func compareHolders(x, y holder) int { return bytes.Compare(x[:], y[:]) }

// mergeHolders joins two sorted lists to a block. A block is written anew for
// every release: sorting all of it each time would be what a rebuild waits for.
func mergeHolders(x, y []holder) []byte {
	block := make([]byte, 0, (len(x)+len(y))*len(holder{}))
	for len(x) > 0 && len(y) > 0 {
		if compareHolders(x[0], y[0]) < 0 {
			block, x = append(block, x[0][:]...), x[1:]
		} else {
			block, y = append(block, y[0][:]...), y[1:]
		}
	}
	for _, rest := range [][]holder{x, y} {
		for _, h := range rest {
			block = append(block, h[:]...)
		}
	}
	return block
}

// Holders are the ids of the releases with a file of this pieces root: those
// that are not withdrawn, the newest first. There may be several, since one
// file can be part of an album and of a compilation.
func (db *DB) Holders(root catalog.Hash) (ids []string, err error) {
	candidates, err := db.candidates(root)
	if err != nil {
		return nil, err
	}
	for _, id := range candidates {
		m, err := db.Manifest(id)
		if errors.Is(err, ErrWithdrawn) {
			continue // since candidates were read
		}
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(m.Files(), func(f catalog.File) bool { return f.Root == root }) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// candidates are the releases with a file whose root begins like this one.
func (db *DB) candidates(root catalog.Hash) (ids []string, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		cards := tx.Bucket(bucketCards)
		c := tx.Bucket(bucketHolders).Cursor()
		for k, block := c.Last(); k != nil; k, block = c.Prev() {
			lows, err := findHolders(block, root[:8])
			if err != nil {
				return err
			}
			for _, low := range lows {
				card, err := cardIn(cards, keyIndex(k)*holderBlock+int64(low))
				if err != nil {
					return err
				}
				ids = append(ids, card.ID)
			}
		}
		return nil
	})
	return ids, err
}

// findHolders are the last bytes of the holders of a block that begin with
// prefix, in falling order. It looks at the block where it lies.
func findHolders(block, prefix []byte) (lows []byte, err error) {
	const size = len(holder{})
	if len(block)%size != 0 {
		return nil, damaged("a block of %d bytes in the index of files", len(block))
	}
	lo, hi := 0, len(block)/size
	for lo < hi {
		mid := (lo + hi) / 2
		if bytes.Compare(block[mid*size:mid*size+8], prefix) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for block = block[lo*size:]; bytes.HasPrefix(block, prefix); block = block[size:] {
		lows = append(lows, block[8])
	}
	slices.Reverse(lows)
	return lows, nil
}
