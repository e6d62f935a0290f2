package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"p2p.legal/peerfy/royalty/pass"
)

const (
	streamCount = 2_000
	streamTime  = time.Minute
	buffered    = 2 * time.Second  // of media before a player begins
	settled     = 10 * time.Second // after which its buffer is looked at
)

// streams: as many members as a busy evening has, each listening to a song of
// 96 kbit/s. A player takes what comes, as fast as it comes, and stalls when it
// has played all of it.
func (b *bench) streams(ctx context.Context) error {
	c, err := newClub(b.dir)
	if err != nil {
		return err
	}
	r, err := measureStreams(ctx, c, b.peerfy, streamCount, streamTime)
	if err := errors.Join(err, c.remove()); err != nil {
		return err
	}
	b.row(fmt.Sprintf("%d paced streams at 96 kbit/s for %s: those that stalled", streamCount, streamTime),
		fmt.Sprint(r.stalled()), "", "", "0")
	b.row("  least that a player had in its buffer, after 10 s; longest until it began",
		fmt.Sprintf("%.1f s; %.1f s", r.least().Seconds(), r.slowest().Seconds()), "", "", "")
	b.row("  CPU of the server", fmt.Sprintf("%.1f %% of a core", 100*r.cpu.Seconds()/r.took.Seconds()), "", "", "")
	b.row("  memory of the server a stream, with its connection; and with session, pass and tally",
		fmt.Sprintf("%.0f kB; %.0f kB", float64(r.streaming-r.loggedIn)/streamCount/1e3, float64(r.streaming-r.empty)/streamCount/1e3), "", "", "at most 40 kB a stream")
	b.row("  their plays on the disk, the server killed", fmt.Sprintf("%d of %d", r.plays, streamCount), "", "", "all")
	return nil
}

// streamed is what was seen of many streams.
type streamed struct {
	players                    []player
	took, cpu                  time.Duration
	empty, loggedIn, streaming int64 // bytes of the server's memory
	plays                      int   // found on the disk afterwards
}

func (r *streamed) stalled() (n int) {
	for _, p := range r.players {
		if p.stalled {
			n++
		}
	}
	return n
}

func (r *streamed) least() time.Duration {
	return slices.MinFunc(r.players, func(a, b player) int { return int(a.least - b.least) }).least
}

func (r *streamed) slowest() time.Duration {
	return slices.MaxFunc(r.players, func(a, b player) int { return int(a.delay - b.delay) }).delay
}

// measureStreams lets n members listen for so long, all from the same moment on.
func measureStreams(ctx context.Context, c *club, peerfy string, n int, lasts time.Duration) (*streamed, error) {
	passes, err := c.passes(n)
	if err != nil {
		return nil, err
	}
	s, err := c.serve(ctx, peerfy)
	if err != nil {
		return nil, err
	}
	defer s.close()
	r := &streamed{players: make([]player, n)}
	if r.empty, err = anonymous(s.cmd.Process.Pid); err != nil {
		return nil, err
	}
	members, err := c.enter(passes)
	defer func() {
		for _, v := range members {
			v.close()
		}
	}()
	if err != nil {
		return nil, err
	}
	for _, v := range members {
		if err := v.again(c.socket); err != nil {
			return nil, err
		}
	}
	if err := r.listen(ctx, s, c, members, lasts); err != nil {
		return nil, err
	}
	if err := s.cmd.Process.Kill(); err != nil {
		return nil, err
	}
	s.cmd.Wait() // killed: its exit code says nothing
	r.plays, _, err = c.counted(passes)
	return r, err
}

// listen starts every player at once and watches the server meanwhile.
func (r *streamed) listen(ctx context.Context, s *server, c *club, members []*visitor, lasts time.Duration) (err error) {
	pid := s.cmd.Process.Pid
	if r.loggedIn, err = anonymous(pid); err != nil {
		return err
	}
	before, err := cpu(pid)
	if err != nil {
		return err
	}
	began := time.Now()
	errs := make([]error, len(members))
	var wg sync.WaitGroup
	for i, v := range members {
		wg.Go(func() { errs[i] = r.players[i].play(v, c.songs[i%len(c.songs)], began, began.Add(lasts)) })
	}
	select {
	case <-time.After(lasts * 9 / 10): // all are in the middle of their song
		r.streaming, err = anonymous(pid)
	case <-ctx.Done():
		err = ctx.Err()
	}
	wg.Wait()
	r.took = time.Since(began)
	after, cpuErr := cpu(pid)
	r.cpu = after - before
	return errors.Join(append(errs, err, cpuErr)...)
}

// anonymous is the memory of a process in bytes, without the pages of files: those
// the kernel takes back when it wants to.
func anonymous(pid int) (int64, error) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	var size, resident, files int64
	_, err = fmt.Sscan(string(statm), &size, &resident, &files)
	return (resident - files) * int64(os.Getpagesize()), err
}

// player is a browser's: it begins when a little has come and goes on at the
// pace of music.
type player struct {
	delay   time.Duration // from the request until it began
	least   time.Duration // it ever had in its buffer, once it had settled
	stalled bool          // nothing was left to play
}

// play listens until the end, which comes before the song's.
func (p *player) play(v *visitor, path string, asked, end time.Time) error {
	if err := v.conn.SetReadDeadline(end); err != nil {
		return err
	}
	resp, err := v.ask(path, nil)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	p.least = songLasts
	var began time.Time
	b, media := make([]byte, 16<<10), time.Duration(0)
	for {
		n, err := resp.Body.Read(b)
		now := time.Now()
		if !began.IsZero() {
			p.look(media, now.Sub(began))
		}
		media += time.Duration(n) * time.Second / rate
		if began.IsZero() && media >= buffered {
			began, p.delay = now, now.Sub(asked)
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			p.stalled = p.stalled || began.IsZero()
			return nil
		case errors.Is(err, io.EOF):
			return errors.New("the song ended early")
		case err != nil:
			return err
		}
	}
}

// look compares what came with what is played by now.
func (p *player) look(media, played time.Duration) {
	p.stalled = p.stalled || media < played
	if played >= settled {
		p.least = min(p.least, media-played)
	}
}

// enter logs every pass in, each over its own connection.
func (c *club) enter(passes []pass.Pass) ([]*visitor, error) {
	all, errs := make([]*visitor, len(passes)), make([]error, len(passes))
	for i := range passes {
		v, err := visit(c.socket, c.host)
		if err != nil {
			return all[:i], err
		}
		all[i] = v
	}
	const at = 32
	var wg sync.WaitGroup
	for w := range at {
		wg.Go(func() {
			for i := w; i < len(passes); i += at {
				errs[i] = all[i].logIn("pass", pass.Format(passes[i]))
			}
		})
	}
	wg.Wait()
	return all, errors.Join(errs...)
}
