package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/tally"
	"p2p.legal/peerfy/store"
)

const (
	playCount = 256 // passes that listen at once
	playTime  = 10 * time.Second
)

// plays: how many plays a second come to the disk, and what each costs, for
// members who do nothing but finish tracks: of two milliseconds, of which one
// makes a play. The server is killed, and what is counted is what is there then.
func (b *bench) plays(ctx context.Context) error {
	c, err := newClub(b.dir)
	if err != nil {
		return err
	}
	r, err := measurePlays(ctx, c, b.peerfy, playCount, playTime)
	if err := errors.Join(err, c.remove()); err != nil {
		return err
	}
	b.row(fmt.Sprintf("plays of %d members at once, each on the disk before its stream goes on, with its request", playCount),
		fmt.Sprintf("%.0f a second, %s CPU", float64(r.plays)/r.took.Seconds(), (r.cpu/time.Duration(r.plays)).Round(time.Microsecond)), "", "", "")
	b.row("  of the tracks heard, found when the server was killed; tallies written", fmt.Sprintf("%d of %d; %d", r.plays, r.heard, r.records), "", "", "all")
	return nil
}

// played is what came of many plays.
type played struct {
	heard, plays, records int
	took, cpu             time.Duration
}

func measurePlays(ctx context.Context, c *club, peerfy string, n int, lasts time.Duration) (*played, error) {
	passes, err := c.passes(n)
	if err != nil {
		return nil, err
	}
	s, err := c.serve(ctx, peerfy)
	if err != nil {
		return nil, err
	}
	defer s.close()
	members, err := c.enter(passes)
	defer func() {
		for _, v := range members {
			v.close()
		}
	}()
	if err != nil {
		return nil, err
	}
	r := &played{}
	if err := r.listen(s, c, members, lasts); err != nil {
		return nil, err
	}
	if err := s.cmd.Process.Kill(); err != nil {
		return nil, err
	}
	s.cmd.Wait() // killed: its exit code says nothing
	r.plays, r.records, err = c.counted(passes)
	if err == nil && (r.plays != r.heard || r.plays == 0) {
		err = fmt.Errorf("%d plays on the disk, %d tracks were heard", r.plays, r.heard)
	}
	return r, err
}

func (r *played) listen(s *server, c *club, members []*visitor, lasts time.Duration) error {
	before, err := cpu(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	heard, errs := make([]int, len(members)), make([]error, len(members))
	began := time.Now()
	var wg sync.WaitGroup
	for i, v := range members {
		wg.Go(func() {
			for ; time.Since(began) < lasts && errs[i] == nil; heard[i]++ {
				_, errs[i] = v.want(http.StatusOK, c.jingles[heard[i]%len(c.jingles)], nil)
			}
			if errs[i] == nil { // when that is answered, all that was heard is on the disk
				time.Sleep(jingleTime)
				_, errs[i] = v.want(http.StatusOK, "/logout", url.Values{})
			}
		})
	}
	wg.Wait()
	r.took = time.Since(began)
	after, err := cpu(s.cmd.Process.Pid)
	r.cpu = after - before
	for _, n := range heard {
		r.heard += n
	}
	return errors.Join(append(errs, err)...)
}

// counted opens every tally with its pass, and adds up the plays and how often
// each was written.
func (c *club) counted(passes []pass.Pass) (plays, records int, err error) {
	m, err := store.OpenMembers(c.dir, store.Options{})
	if err != nil {
		return 0, 0, err
	}
	defer m.Close()
	for _, p := range passes {
		id := p.ID(c.origin)
		record, err := m.Tally(c.period, tally.Name(c.keys.Tally, id))
		if errors.Is(err, store.ErrUnknown) {
			continue
		}
		if err != nil {
			return 0, 0, err
		}
		o, err := tally.Unseal(c.keys.Tally, c.period, id, p.Signature[:], record)
		if err != nil {
			return 0, 0, err
		}
		t := o.Tally()
		for _, one := range t.Counted {
			plays += one.Plays
		}
		records += int(t.Sequence) - 1 // the first is never written
	}
	return plays, records, nil
}
