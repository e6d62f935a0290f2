package store

import (
	"errors"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// change is one caller's wish to write. It is judged by reading, and what it
// wants written is kept aside until then: a refusal leaves no trace in the
// transaction that it shares with others.
type change struct {
	judge func(*change) error // may run more than once; the last run counts
	tx    *bolt.Tx
	steps []step
	err   error         // the answer; read after done is closed
	done  chan struct{} // closed when the change is on the disk, or is not
}

// step is a record to put, a record to remove (no value), or a table to drop (no
// key).
type step struct {
	table      table
	key, value []byte
}

func (c *change) put(t table, key, value []byte) { c.steps = append(c.steps, step{t, key, value}) }
func (c *change) remove(t table, key []byte)     { c.steps = append(c.steps, step{t, key, nil}) }
func (c *change) drop(t table)                   { c.steps = append(c.steps, step{table: t}) }

func (s step) apply(tx *bolt.Tx) error {
	switch {
	case s.key == nil:
		return s.table.drop(tx)
	case s.value == nil:
		return s.table.remove(tx, s.key)
	}
	return s.table.put(tx, s.key, s.value)
}

// run judges the change and puts what it wants into the transaction. The error
// is for what must end the transaction; a refusal is the change's own.
func (c *change) run(tx *bolt.Tx) (wrote bool, err error) {
	c.tx, c.steps = tx, nil
	c.err = guard(func() error { return c.judge(c) })
	if c.err != nil {
		return false, nil
	}
	for _, s := range c.steps {
		if err := s.apply(tx); err != nil {
			return false, err
		}
	}
	return len(c.steps) > 0, nil
}

// changes are those that wait for the disk.
type changes struct {
	turn    chan struct{} // held by the caller who commits for all
	mu      sync.Mutex    // guards waiting
	waiting []*change
}

func (q *changes) add(c *change) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, c)
}

// maxGroup is how many changes one transaction takes: what it writes is held in
// memory until its end.
const maxGroup = 256

// take takes the changes that waited longest. The caller holds the turn.
func (q *changes) take() []*change {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.waiting), maxGroup)
	group := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	return group
}

// change judges and writes, together with whoever else waits. When it returns
// nil, what was to be written is on the disk.
func (m *Members) change(judge func(*change) error) error {
	c := &change{judge: judge, done: make(chan struct{})}
	m.queue.add(c)
	for {
		select {
		case <-c.done:
			return c.err
		case m.queue.turn <- struct{}{}:
			m.commitGroup(m.queue.take())
			<-m.queue.turn
		}
	}
}

// commitGroup writes a group and answers everybody in it.
func (m *Members) commitGroup(group []*change) {
	m.writing.Lock()
	defer m.writing.Unlock()
	err := m.write(group)
	if err != nil && !errors.Is(err, ErrUnsure) && len(group) > 1 {
		// No refusal stopped it, but a fault in what one of them touches:
		// each by itself, so that nobody fails for another.
		for i := range group {
			group[i].answer(m.write(group[i : i+1]))
		}
		return
	}
	for _, c := range group {
		c.answer(err)
	}
}

// answer ends the change: with its own refusal, unless the whole transaction
// failed, since what it was judged by may then not be there.
func (c *change) answer(err error) {
	if err != nil {
		c.err = err
	}
	c.tx, c.steps = nil, nil
	close(c.done)
}

// errNothing rolls back a transaction in which nothing is to be written.
var errNothing = errors.New("nothing to write")

// write is one transaction. The caller holds m.writing.
func (m *Members) write(group []*change) error {
	err := m.update(func(tx *bolt.Tx) error {
		any := false
		for _, c := range group {
			wrote, err := c.run(tx)
			if err != nil {
				return err
			}
			any = any || wrote
		}
		if !any {
			return errNothing
		}
		return nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}
