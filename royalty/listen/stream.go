package listen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// A chunk is what one Wait grants at least, if the stream has it: little enough to keep the pace smooth,
// enough to cost nothing.
const (
	chunkTime = 2 * time.Second
	minChunk  = 8 << 10
	maxChunk  = 64 << 10
)

// Stream is one request's delivery. Its methods are for that request's own
// goroutine, which calls Wait before and Sent after it writes, and End at last.
type Stream struct {
	ear   *Ear
	parts []Part
	gone  chan struct{} // closed when a newer stream takes its place

	part    int       // the next byte's
	at      int64     // the next byte's, in that part
	granted int64     // bytes that Wait allowed and Sent did not yet report
	waiting bool      // for its pace, hence not idle
	crossed bool      // into this part from the one before
	zero    time.Time // when this part's beginning sounds, if all is heard without a stop; zero before the first byte
	last    time.Time // of its bytes
}

// seek goes to the part and byte of an offset in the whole.
func (s *Stream) seek(offset int64) error {
	if offset < 0 {
		return errors.New("a negative offset")
	}
	found := false
	for i, p := range s.parts {
		if p.Bytes <= 0 || p.Duration <= 0 {
			return fmt.Errorf("part %d has %d bytes of %v", i, p.Bytes, p.Duration)
		}
		if !found && offset < p.Bytes {
			s.part, s.at, found = i, offset, true
		}
		offset -= p.Bytes
	}
	if !found {
		return fmt.Errorf("the offset lies %d bytes behind the end", offset)
	}
	return nil
}

func (s *Stream) holds(track string) bool {
	return slices.ContainsFunc(s.parts, func(p Part) bool { return p.Track == track })
}

func (s *Stream) in(track string) bool {
	return s.part < len(s.parts) && s.parts[s.part].Track == track
}

func (s *Stream) idleSince(now time.Time) time.Duration {
	if s.waiting {
		return 0
	}
	return now.Sub(s.last)
}

// Wait blocks until some of n bytes may be sent and returns how many: at least
// one, at most 64 KiB, and never past a part's end. What of it is not sent stays
// granted to this stream, and is lost with it. Wait returns io.EOF at the end of
// the parts, ErrSuperseded when a newer stream has taken this one's place, and
// ctx's error.
func (s *Stream) Wait(ctx context.Context, n int64) (int64, error) {
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		grant, pause, err := s.grant(n)
		if err != nil || pause <= 0 {
			return grant, err
		}
		if err := s.pause(ctx, pause); err != nil {
			return 0, err
		}
	}
}

// pause ends early with ctx and when the stream is superseded.
func (s *Stream) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.gone:
		return ErrSuperseded
	}
}

// grant takes the next chunk out of the track's bucket, or says how long that lacks its media.
func (s *Stream) grant(n int64) (grant int64, pause time.Duration, err error) {
	e := s.ear
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-s.gone:
		return 0, 0, ErrSuperseded
	default:
	}
	if s.part == len(s.parts) {
		return 0, 0, io.EOF
	}
	if s.granted > 0 || n <= 0 {
		return max(0, min(n, s.granted)), 0, nil
	}
	p, now := s.parts[s.part], time.Now()
	t := e.track(p, now)
	least := min(n, p.Bytes-s.at, max(minChunk, min(p.bytes(chunkTime), maxChunk)))
	pause = t.bucket.fill(e.rule, now, s.media(least))
	if s.waiting = pause > 0; s.waiting {
		return 0, pause, nil
	}
	grant = min(n, p.Bytes-s.at, maxChunk, max(least, p.bytes(t.bucket.level)))
	t.bucket.level -= s.media(grant)
	s.granted = grant
	return grant, 0, nil
}

// media is that of the next n bytes of the part.
func (s *Stream) media(n int64) time.Duration {
	p := s.parts[s.part]
	return p.position(s.at+n) - p.position(s.at)
}

// Sent says that n more bytes went out, and returns the tracks that became
// plays by now, of this stream or another of the pass: each play once.
func (s *Stream) Sent(n int64) (plays []string) {
	e := s.ear
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	for n > 0 && s.part < len(s.parts) {
		m := min(n, s.parts[s.part].Bytes-s.at)
		s.deliver(m, now)
		n -= m
	}
	e.settle(now)
	return e.tell()
}

// deliver notes n bytes of the current part, and goes on to the next part at its end.
func (s *Stream) deliver(n int64, now time.Time) {
	p := s.parts[s.part]
	from, to := p.position(s.at), p.position(s.at+n)
	if s.zero.IsZero() {
		s.zero = now.Add(-from)
	}
	t := s.ear.track(p, now)
	s.ear.play(t, p, from, now, s.crossed && s.at == 0)
	t.to, t.last, t.zero = to, now, s.zero
	t.play.by = s
	if t.play.hear(span{from, to}) {
		s.ear.due = append(s.ear.due, t.play)
	}
	s.at, s.last, s.granted = s.at+n, now, max(0, s.granted-n)
	if s.at == p.Bytes {
		t.play.toEnd, t.play.by = true, nil
		s.part, s.at, s.crossed = s.part+1, 0, true
		s.zero = s.zero.Add(p.Duration)
	}
}

// End frees the stream's place and returns the tracks that became plays by now.
// It may be called twice.
func (s *Stream) End() (plays []string) {
	e := s.ear
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	e.settle(now)
	e.leave(s, now)
	return e.tell()
}
