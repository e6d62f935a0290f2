package tally

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
)

const alphabet = "abcdefghijklmnopqrstuvwxyz234567" // RFC 4648, section 6, in lower case

var base32ID = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// A key is a work's name packed into 15 bytes: the 100 bits of the release id,
// four zero bits, and the track in two bytes. An entry is a key and the count in
// two bytes: plays, or 1 for a download.
const (
	packedID  = 13
	keyLen    = packedID + 2
	entryLen  = keyLen + 2
	spareBits = 0x0f
)

type key [keyLen]byte

func keyOf(w Work) (k key, err error) {
	track, err := w.track()
	if err != nil {
		return k, err
	}
	// Base32 works in groups of eight characters; "a" is five zero bits.
	var group [24]byte
	copy(group[copy(group[:], w.Release()):], "aaaa")
	var packed [15]byte
	if _, err := base32ID.Decode(packed[:], group[:]); err != nil {
		return k, fmt.Errorf("%w: %.30q", ErrWork, string(w))
	}
	copy(k[:], packed[:packedID])
	binary.BigEndian.PutUint16(k[packedID:], uint16(track))
	return k, nil
}

func (k key) track() int { return int(binary.BigEndian.Uint16(k[packedID:])) }

func (k key) work() Work {
	var packed [15]byte
	copy(packed[:], k[:packedID])
	id := base32ID.EncodeToString(packed[:])[:idLen]
	if k.track() == 0 {
		return Work(id)
	}
	return Work(fmt.Sprintf("%s-%02d", id, k.track()))
}

// entry is one work with its count, 1 or more.
type entry struct {
	key   key
	count uint16
}

func compare(e entry, k key) int { return bytes.Compare(e.key[:], k[:]) }

// counts are entries in the order of their keys, each key once. They are what a
// tally is in memory, so that sealing, which every play asks for, need not sort.
type counts []entry

// has answers whether k is there.
func (c counts) has(k key) bool {
	_, ok := slices.BinarySearchFunc(c, k, compare)
	return ok
}

// add adds n to the count of k, up to the most a count can be.
func (c counts) add(k key, n int) counts {
	i, ok := slices.BinarySearchFunc(c, k, compare)
	if !ok {
		c = slices.Insert(c, i, entry{key: k})
	}
	c[i].count = uint16(min(int(c[i].count)+n, MaxPlays))
	return c
}

// full answers whether k would be one work too many.
func (c counts) full(k key) bool { return len(c) >= MaxWorks && !c.has(k) }

// fromMap packs what a member corrected. Works without plays are left out.
func fromMap(units map[Work]Count) (counts, error) {
	c := make(counts, 0, len(units))
	for w, n := range units {
		k, err := keyOf(w)
		if err != nil {
			return nil, err
		}
		count := n.Plays
		if k.track() == 0 && n.Downloaded {
			count = 1
		}
		if n.Plays < 0 || n.Plays > MaxPlays || n.Downloaded && k.track() != 0 || n.Plays != 0 && k.track() == 0 {
			return nil, fmt.Errorf("%w that can have this count: %s", ErrWork, w)
		}
		if count > 0 {
			c = append(c, entry{k, uint16(count)})
		}
	}
	if len(c) > MaxWorks {
		return nil, ErrFull
	}
	slices.SortFunc(c, func(a, b entry) int { return compare(a, b.key) })
	return c, nil
}

// toMap is the inverse of fromMap.
func (c counts) toMap() map[Work]Count {
	units := make(map[Work]Count, len(c))
	for _, e := range c {
		if e.key.track() == 0 {
			units[e.key.work()] = Count{Downloaded: true}
			continue
		}
		units[e.key.work()] = Count{Plays: int(e.count)}
	}
	return units
}

// append writes the number of entries and the entries.
func (c counts) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(c)))
	for i := range c {
		b = append(b, c[i].key[:]...)
		b = binary.BigEndian.AppendUint16(b, c[i].count)
	}
	return b
}

// readCounts is the inverse of append; rest is what follows.
func readCounts(b []byte) (c counts, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	b = b[2:]
	if n > MaxWorks || len(b) < n*entryLen {
		return nil, nil, false
	}
	c = make(counts, n)
	for i := range c {
		e := entry{key: key(b[:keyLen]), count: binary.BigEndian.Uint16(b[keyLen:])}
		if !e.valid() || i > 0 && compare(c[i-1], e.key) >= 0 {
			return nil, nil, false
		}
		c[i], b = e, b[entryLen:]
	}
	return c, b, true
}

// valid refuses entries that nothing writes.
func (e entry) valid() bool {
	track := e.key.track()
	return e.key[packedID-1]&spareBits == 0 && track <= maxTrack && e.count > 0 && (track > 0 || e.count == 1)
}
