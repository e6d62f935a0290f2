package store

import (
	"bytes"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/royalty"
)

// MaxSealed is the most bytes of a sealed tally or library.
const MaxSealed = 256 << 10

// Tally reads what was put under a name in a period. Errors: ErrUnknown.
func (m *Members) Tally(period royalty.Period, name [32]byte) ([]byte, error) {
	return m.sealed(talliesOf(period), name, "tally")
}

// PutTally stores a sealed tally, in place of what was there under that name.
// Putting the same again changes nothing that can be seen. Errors: ErrClosed
// after DropPeriod, ErrRefused for one that is empty or longer than MaxSealed.
func (m *Members) PutTally(period royalty.Period, name [32]byte, record []byte) error {
	if err := checkPeriod(period); err != nil {
		return err
	}
	if err := checkSealed(record); err != nil {
		return err
	}
	return m.change(func(c *change) error {
		p, err := readPeriod(c.tx, period)
		if err != nil {
			return err
		}
		if p.closed {
			return ErrClosed
		}
		t := talliesOf(period)
		there, err := t.has(c.tx, name[:])
		if err != nil {
			return err
		}
		if !there {
			p.tallies++
			c.put(tablePeriods, []byte(period), p.encode())
		}
		c.put(t, name[:], record)
		return nil
	})
}

// EachTally gives fn every tally of a period, in the order of names, and stops
// at its first error. What is put meanwhile may be missing. fn may use m, and
// keep what it is given.
func (m *Members) EachTally(period royalty.Period, fn func(name [32]byte, record []byte) error) error {
	return m.eachPart(talliesOf(period), fn)
}

// DropPeriod forgets the tallies and the stubs of a period, once its month is
// published; what was counted of it stays. From then on nothing is sold or
// tallied in it (ErrClosed). Doing it again changes nothing. The bytes leave the
// file with Scrub.
func (m *Members) DropPeriod(period royalty.Period) error {
	if err := checkPeriod(period); err != nil {
		return err
	}
	return m.change(func(c *change) error {
		p, err := readPeriod(c.tx, period)
		if err != nil || p.closed {
			return err
		}
		p.closed, p.tallies = true, 0
		c.put(tablePeriods, []byte(period), p.encode())
		c.drop(salesOf(period))
		c.drop(talliesOf(period))
		return nil
	})
}

// Library reads a sealed library. Errors: ErrUnknown.
func (m *Members) Library(name [32]byte) ([]byte, error) {
	return m.sealed(tableLibraries, name, "library")
}

// PutLibrary stores a sealed library, in place of what was there under that
// name; name has nothing to do with an account. ErrRefused for one that is empty
// or longer than MaxSealed.
func (m *Members) PutLibrary(name [32]byte, sealed []byte) error {
	if err := checkSealed(sealed); err != nil {
		return err
	}
	return m.change(func(c *change) error {
		there, err := tableLibraries.has(c.tx, name[:])
		if err != nil {
			return err
		}
		c.put(tableLibraries, name[:], sealed)
		if there {
			return nil
		}
		return c.addSum(sumLibraries, sum{n: 1})
	})
}

// DropLibrary deletes a library. What is not there is deleted already.
func (m *Members) DropLibrary(name [32]byte) error {
	return m.change(func(c *change) error {
		there, err := tableLibraries.has(c.tx, name[:])
		if err != nil || !there {
			return err
		}
		c.remove(tableLibraries, name[:])
		return c.addSum(sumLibraries, sum{n: -1})
	})
}

func checkSealed(b []byte) error {
	if len(b) == 0 || len(b) > MaxSealed {
		return fmt.Errorf("%w: %d sealed bytes", ErrRefused, len(b))
	}
	return nil
}

func (m *Members) sealed(t table, name [32]byte, what string) (b []byte, err error) {
	err = m.view(func(tx *bolt.Tx) error {
		v, err := t.get(tx, name[:])
		if err != nil {
			return err
		}
		if v == nil {
			return fmt.Errorf("the %s is %w", what, ErrUnknown)
		}
		b = bytes.Clone(v)
		return nil
	})
	return b, err
}

// part is a record that eachPart has copied.
type part struct {
	name  [32]byte
	value []byte
}

// partBytes is about how much eachPart copies at once.
const partBytes = 1 << 20

// eachPart gives fn the records of a table whose keys are 32 bytes. It reads
// some at a time, so that no read lasts while fn works: a long one would keep
// the file from growing.
func (m *Members) eachPart(t table, fn func([32]byte, []byte) error) error {
	var from []byte
	for {
		var parts []part
		err := m.view(func(tx *bolt.Tx) (err error) {
			parts, err = t.some(tx, from)
			return err
		})
		if err != nil || len(parts) == 0 {
			return err
		}
		for _, p := range parts {
			if err := fn(p.name, p.value); err != nil {
				return err
			}
		}
		last := parts[len(parts)-1].name
		from = append(last[:], 0) // the least key after it
	}
}

// some copies records from a key on.
func (t table) some(tx *bolt.Tx, from []byte) (parts []part, err error) {
	b := tx.Bucket([]byte(t))
	if b == nil {
		return nil, nil
	}
	c := b.Cursor()
	size := 0
	for k, stored := c.Seek(from); k != nil && size < partBytes; k, stored = c.Next() {
		v, err := t.open(k, stored)
		if err != nil {
			return nil, err
		}
		if len(k) != 32 {
			return nil, damaged("a name in %q has %d bytes", t, len(k))
		}
		parts = append(parts, part{[32]byte(k), bytes.Clone(v)})
		size += len(k) + len(v)
	}
	return parts, nil
}
