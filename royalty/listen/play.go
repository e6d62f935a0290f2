package listen

import (
	"slices"
	"time"
)

// track is what an Ear remembers of one.
type track struct {
	duration time.Duration
	bucket   bucket
	play     *play // the latest; nil before the first byte

	to   time.Duration // where the latest delivery stands
	zero time.Time     // when the track's beginning sounded, or will, if nothing stops
	last time.Time     // of a byte, or of the end of a stream that was in the track
}

// play is one hearing of a track, counted or on its way.
type play struct {
	track  string
	first  time.Time // its first byte; in the future where a queue repeats a track that is still sounding
	media  time.Duration
	clock  time.Duration
	heard  union
	enough bool    // heard reached media; the union has been let go
	by     *Stream // delivers it; nil after its end
	toEnd  bool    // its last byte was delivered: the browser can play on without asking
}

// hear adds a stretch and reports whether it made the play enough.
func (p *play) hear(s span) bool {
	if p.enough {
		return false
	}
	p.heard = p.heard.add(s)
	if p.heard.total() < p.media {
		return false
	}
	p.enough, p.heard = true, nil
	return true
}

// play makes sure that t has one which bytes at from belong to: the present one, or a new one if the track is heard
// again. crossed says that a stream came to the track's beginning from the part before.
func (e *Ear) play(t *track, p Part, from time.Duration, now time.Time, crossed bool) {
	first := now
	if old := t.play; old != nil {
		over := old.first.Add(t.duration)
		if !old.enough || from >= min(t.duration/10, old.media) || now.Before(over) && !crossed {
			return
		}
		if over.After(first) {
			first = over
		}
		e.abandon(old)
	}
	media, clock := e.rule.need(p.Duration)
	t.play = &play{track: p.Track, first: first, media: media, clock: clock}
}

// abandon gives up waiting for the clock of a play that was cut off and will not be taken up again.
func (e *Ear) abandon(p *play) {
	if p != nil && !p.toEnd {
		e.due = slices.DeleteFunc(e.due, func(q *play) bool { return q == p })
	}
}

// leave takes s out of the running streams, and notes where it ended within a track.
func (e *Ear) leave(s *Stream, now time.Time) {
	e.streams = slices.DeleteFunc(e.streams, func(x *Stream) bool { return x == s })
	if s.part == len(s.parts) {
		return
	}
	if t := e.tracks[s.parts[s.part].Track]; t != nil && t.play != nil && t.play.by == s {
		t.last, t.play.by = now, nil
	}
}

// span is a stretch of a track.
type span struct{ from, to time.Duration }

// maxSpans bounds a union. Nobody who listens leaves that many holes.
const maxSpans = 64

// union holds disjoint spans in order, none touching another.
type union []span

// add joins a span. When there are too many the shortest is forgotten: that never credits what was not sent.
func (u union) add(s span) union {
	i := 0
	for i < len(u) && u[i].to < s.from {
		i++
	}
	j := i
	for j < len(u) && u[j].from <= s.to {
		s.from, s.to = min(s.from, u[j].from), max(s.to, u[j].to)
		j++
	}
	u = slices.Replace(u, i, j, s)
	if len(u) > maxSpans {
		least := 0
		for k, s := range u {
			if s.to-s.from < u[least].to-u[least].from {
				least = k
			}
		}
		u = slices.Delete(u, least, least+1)
	}
	return u
}

func (u union) total() (sum time.Duration) {
	for _, s := range u {
		sum += s.to - s.from
	}
	return sum
}

// bucket holds a track's allowance in media time, across all its streams.
type bucket struct {
	level time.Duration
	at    time.Time // when it had that level
}

// fill brings the bucket up to now, at most full, and returns how long it takes until it holds want. One
// that is too small for want holds just that.
func (b *bucket) fill(r Rule, now time.Time, want time.Duration) time.Duration {
	most := max(time.Duration(r.Fast)*time.Second, want)
	if passed := now.Sub(b.at); passed >= r.inClock(most-b.level) {
		b.level = most
	} else {
		b.level += passed * time.Duration(r.PacePct) / 100
	}
	b.at = now
	return r.inClock(want - b.level)
}

// inClock is how long d of media takes to come in, rounded up.
func (r Rule) inClock(d time.Duration) time.Duration {
	pace := time.Duration(r.PacePct)
	return (d*100 + pace - 1) / pace
}
