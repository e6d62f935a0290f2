package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/royalty"
)

// Check reads everything again and says what is wrong: every record against its
// checksum, every balance against its book, the books against the sums, the
// vouchers against their batches, the sales against what was paid, and all money
// that came in against what is held, was paid and was given up. It names tables
// and counts, never an account. A write that must enlarge the file waits until
// it is through, and every write while the file's pages are looked at in the
// end.
//
// A file of which one head is damaged is named as well: the last change may have
// gone with it, unless it was interrupted by a power cut and never acknowledged.
// The next change makes the head anew.
//
// The error is for what keeps Check from looking, such as that of ctx.
func (m *Members) Check(ctx context.Context) ([]Problem, error) {
	c := &memberChecker{ctx: ctx, balances: map[[32]byte]*balance{}, live: map[string]sum{},
		batches: map[string]*countedBatch{}, periods: map[royalty.Period]*countedPeriod{}}
	if err := c.noted(m.view(c.run)); err != nil {
		return c.problems, err
	}
	m.writing.Lock()
	defer m.writing.Unlock()
	err := errors.Join(c.checkHeads(m.name), c.noted(m.view(c.checkPages)))
	return c.problems, err
}

// noted makes a problem of damage, and passes on what is not.
func (c *memberChecker) noted(err error) error {
	if errors.Is(err, ErrDamaged) {
		c.add(membersName, "%v", err)
		return nil
	}
	return err
}

// memberChecker is one run of Check: what it has counted so far.
type memberChecker struct {
	ctx      context.Context
	tx       *bolt.Tx
	problems []Problem

	balances map[[32]byte]*balance
	live     map[string]sum // n and all, of the accounts that are there
	sums     map[string]sum // as stored
	batches  map[string]*countedBatch
	periods  map[royalty.Period]*countedPeriod
}

// balance is what an account holds, and what its book and its months say.
type balance struct{ held, booked int64 }

func (c *memberChecker) add(where, format string, args ...any) {
	c.problems = append(c.problems, Problem{Where: where, What: fmt.Sprintf(format, args...)})
}

// count adds a problem when n things are wrong.
func (c *memberChecker) count(t table, n int, what string) {
	if n > 0 {
		c.add(membersName+", "+string(t), "%d %s", n, what)
	}
}

func (c *memberChecker) run(tx *bolt.Tx) error {
	c.tx = tx
	steps := []func() error{c.checkTables, c.readSums, c.checkAccounts, c.checkBook, c.checkMonths,
		c.checkBalances, c.checkVouchers, c.checkPeriods, c.checkCounts, c.checkMoney}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// walk gives fn the records of a table whose keys have a certain length, any if
// it is 0. Records that do not read back, also to fn, are counted and named
// together, and so are those that are there but not found under their key.
func (c *memberChecker) walk(t table, length int, fn func(k, v []byte) error) error {
	b := c.tx.Bucket([]byte(t))
	if b == nil {
		return nil
	}
	bad, n := 0, 0
	err := b.ForEach(func(k, stored []byte) error {
		if n++; n%4096 == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		v, err := t.open(k, stored)
		if err == nil && (length != 0 && len(k) != length || !bytes.Equal(b.Get(k), stored)) {
			err = damaged("a key that is not found")
		}
		if err == nil {
			err = fn(k, v)
		}
		if errors.Is(err, ErrDamaged) {
			bad++
			return nil
		}
		return err
	})
	c.count(t, bad, "records are not what was written")
	return err
}

// checkTables looks for tables that are not ours.
func (c *memberChecker) checkTables() error {
	return c.tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
		kind, period, dated := strings.Cut(string(name), "/")
		_, err := royalty.ParsePeriod(period)
		ours := slices.Contains(memberTables, table(name)) || dated && err == nil && (kind == "sales" || kind == "tallies")
		if !ours {
			c.add(membersName, "it has a part %q, which does not belong there", clip(string(name)))
		}
		return nil
	})
}

func (c *memberChecker) readSums() error {
	c.sums = map[string]sum{}
	return c.walk(tableSums, 0, func(k, v []byte) error {
		s, err := decodeSum(v)
		c.sums[string(k)] = s
		return err
	})
}

func (c *memberChecker) checkAccounts() error {
	return c.walk(tableAccounts, 32, func(k, v []byte) error {
		held, err := decodeBalance(v)
		c.balances[[32]byte(k)] = &balance{held: held}
		return err
	})
}

// checkBook adds up what came into each account.
func (c *memberChecker) checkBook() error {
	orphans, loose := 0, 0
	err := c.walk(tableBook, 64, func(k, v []byte) error {
		e, err := decodeEvent(v)
		if err != nil {
			return err
		}
		if c.tx.Bucket([]byte(tableKeys)).Get(k[32:]) == nil {
			loose++
		}
		if !c.book(k, sumIn(e.Kind), int64(e.Amount), int64(e.Amount)) {
			orphans++
		}
		return nil
	})
	c.count(tableBook, orphans, "events belong to no account")
	c.count(tableKeys, loose, "keys of events are missing")
	return err
}

// book adds an event to what an account's book and a sum amount to.
func (c *memberChecker) book(key, name []byte, moved, summed int64) (known bool) {
	s := c.live[string(name)]
	c.live[string(name)] = sum{n: s.n + 1, all: s.all + summed}
	b := c.balances[[32]byte(key[:32])]
	if b == nil {
		return false
	}
	b.booked += moved
	return true
}

// checkMonths adds up what each account has paid.
func (c *memberChecker) checkMonths() error {
	orphans := 0
	err := c.walk(tableMonths, 32+periodSize+32, func(k, v []byte) error {
		m, err := decodeMonth(v)
		if err != nil {
			return err
		}
		if string(k[32:]) != string(m.Period)+string(m.Request[:]) {
			return damaged("a month stands under another key")
		}
		if !c.book(k, sumFees, -int64(m.Fee), int64(m.Fee)) {
			orphans++
		}
		p := c.period(m.Period)
		p.months++
		p.paid += int64(m.Fee)
		return nil
	})
	c.count(tableMonths, orphans, "months belong to no account")
	return err
}

func (c *memberChecker) checkBalances() error {
	wrong := 0
	for _, b := range c.balances {
		if b.held != b.booked {
			wrong++
		}
	}
	c.count(tableAccounts, wrong, "balances are not what their books say")
	return nil
}

// checkCounts compares the stored sums with what was counted.
func (c *memberChecker) checkCounts() error {
	keys, events := int64(0), int64(0)
	err := c.walk(tableKeys, 32, func(_, _ []byte) error { keys++; return nil })
	if err != nil {
		return err
	}
	libraries := int64(0)
	if err := c.walk(tableLibraries, 32, func(_, _ []byte) error { libraries++; return nil }); err != nil {
		return err
	}
	c.live[string(sumAccounts)] = sum{n: int64(len(c.balances))}
	c.live[string(sumLibraries)] = sum{n: libraries}
	maps.DeleteFunc(c.live, func(_ string, s sum) bool { return s == sum{} })
	names := maps.Clone(c.live)
	maps.Copy(names, c.sums)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		s, live := c.sums[name], c.live[name]
		if live.n != s.n-s.goneN || live.all != s.all-s.gone {
			c.add(membersName+", sums", "%q: there are %d with %d cents, the sum says %d with %d",
				clip(name), live.n, live.all, s.n-s.goneN, s.all-s.gone)
		}
		if strings.HasPrefix(name, "in/") {
			events += s.n
		}
	}
	if keys != events {
		c.add(membersName+", keys", "there are %d, the sums say %d", keys, events)
	}
	return nil
}

// checkMoney holds all that came in against where it is.
func (c *memberChecker) checkMoney() error {
	t := totals(c.sums)
	in := royalty.Cents(0)
	for _, cents := range t.In {
		in += cents
	}
	var held, sold royalty.Cents
	for _, b := range c.balances {
		held += royalty.Cents(b.held)
	}
	for _, p := range c.periods {
		sold += royalty.Cents(p.sales * p.fee)
	}
	if in != held+sold+t.Forfeited {
		c.add(membersName, "%s came in, but %s is held, %s was paid for months and %s was forfeited", in, held, sold, t.Forfeited)
	}
	return nil
}

// checkHeads sees that both heads of the file are what was written. Nobody
// writes meanwhile.
func (c *memberChecker) checkHeads(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, valid, err := readMetas(f)
	if err == nil && valid < 2 {
		c.add(membersName, "one of its two heads is damaged: the last change may be lost")
	}
	return err
}

// checkPages lets bbolt check its free list and the reach of every page. Its
// check cannot be guarded, so it only runs where all has been read before.
func (c *memberChecker) checkPages(tx *bolt.Tx) error {
	if len(c.problems) > 0 {
		return nil
	}
	if err := layout(tx); err != nil {
		return err
	}
	for err := range tx.Check() {
		c.add(membersName, "%v", err)
	}
	return nil
}
