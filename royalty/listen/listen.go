// Package listen decides what counts as a play, and paces what is streamed.
//
// A play is what the charter says: the media of Rule.Seconds of one track,
// delivered to one pass, and Rule.Clock seconds of clock since the first of
// those bytes. A track shorter than twice Rule.Seconds needs half of itself,
// and the clock in proportion. One Ear holds this for one pass, in memory only,
// for as long as the pass has a session here; it knows tracks by name and holds
// neither address, account nor title.
//
// # What is counted, and why it is fair
//
// Bytes stand for media in proportion: byte b of a part of n bytes and
// duration d lies at d × b / n. What was delivered is a union of such
// stretches, so bytes sent twice, overlapping ranges, parallel requests and the
// same minute in two qualities count once. For sound of nearly constant rate
// the error is small; the head of a file counts as its first moment.
// In a file of a whole album a track's boundary is found the same way (Spread);
// in a chained queue it is exact, because every file is a part.
//
// The clock runs from the track's first byte, through pauses and cuts. It is
// looked at when bytes go out, and by Settle, which counts a play that had its
// bytes before its time: of a track that was delivered to its end, or one whose
// stream is still open with the reader paused. A stream cut before its track's
// end counts nothing by waiting, only when the track is asked for again: who
// skips after ten seconds has not listened, although a buffer was filled; who
// lost a circuit goes on and loses nothing.
//
// A track counts again when it is delivered anew from within its first tenth
// (and the first Rule.Seconds, which a stream that merely goes on is beyond), at
// least its own duration after the first byte of the play before; or when a
// queue that holds it twice in a row comes to it again: then the second clock
// starts where the first hearing ends. So the beginnings of two plays of a track
// are never closer than the track is long, whatever is seeked, resumed or asked
// for in parallel, unless a thousand other tracks came between: more are not
// remembered.
//
// # Pace
//
// Per pass and track, over all its requests together, a bucket of Rule.Fast
// seconds of media is full at the start, refilled at Rule.PacePct of real time
// and never more than full: in any stretch of w seconds at most Fast + PacePct ×
// w of media may be sent (or one chunk, two seconds or 8 KiB, if that is more
// than Fast). A paused reader blocks in the caller's write, not here, and
// finds at most a full bucket when it comes back.
//
// # Limits
//
// What a browser keeps it does not ask for again, so hearing a cached track
// again is not counted. What is sent ahead of the ear counts as delivered: of a
// continuous stream that is stopped, up to the browser's buffer (about a minute
// in Firefox) may be counted unheard. A request for a track's last bytes, as
// some players make to learn a duration, starts its clock. A client that reads
// and throws away is a listener to us; it moves only its own member's fee.
//
// # Use
//
//	s, err := ear.Begin(parts, offset)
//	if err != nil { … 429 … }
//	defer func() { count(s.End()) }()
//	for left > 0 {
//		n, err := s.Wait(ctx, left)
//		…
//		n, err = io.CopyN(w, r, n)
//		count(s.Sent(n))
//		left -= n
//	}
package listen

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"
	"time"
)

// ErrTooMany refuses a stream beyond Rule.Parallel while all others are in use.
var ErrTooMany = errors.New("too many streams at once")

// ErrSuperseded ends a stream whose place a newer one has taken.
var ErrSuperseded = errors.New("a newer stream has taken this one's place")

// Rule is the charter's, with the charter's names and within the charter's
// bounds: Seconds and Parallel are at least 1, PacePct at least 100.
type Rule struct {
	Seconds  int64 // of media that make a play
	Clock    int64 // seconds of clock since the track's first byte
	Fast     int64 // seconds of media that are not paced
	PacePct  int64 // of real time thereafter
	Parallel int64 // streams of one pass at once
}

// need is how much media and how much clock make a play of a track.
func (r Rule) need(duration time.Duration) (media, clock time.Duration) {
	whole := time.Duration(r.Seconds) * time.Second
	media = min(whole, duration/2)
	return media, scale(time.Duration(r.Clock)*time.Second, int64(media), int64(whole))
}

// Part is a stretch of a stream's bytes that belongs to one track. A stream of
// one track has one part, an album or a queue one for each of its tracks.
type Part struct {
	Track    string        // its name, the same in every rendition
	Bytes    int64         // of this rendition, at least 1
	Duration time.Duration // of the track, more than 0
}

// position is where in the track the part's byte at lies.
func (p Part) position(at int64) time.Duration { return scale(p.Duration, at, p.Bytes) }

// bytes is how much of the part a stretch of media takes.
func (p Part) bytes(d time.Duration) int64 {
	return int64(scale(time.Duration(p.Bytes), int64(min(d, p.Duration)), int64(p.Duration)))
}

// Spread gives each track of a file of size bytes its share of them by duration:
// for an album in one file, whose bytes do not say where a track begins. Begin
// refuses what comes out where a duration is not more than 0.
func Spread(size int64, tracks []Part) []Part {
	total := time.Duration(0)
	for _, t := range tracks {
		total += t.Duration
	}
	parts := slices.Clone(tracks)
	if total <= 0 {
		return parts
	}
	until, begin := time.Duration(0), int64(0)
	for i := range parts {
		until += parts[i].Duration
		end := int64(scale(time.Duration(size), int64(until), int64(total)))
		parts[i].Bytes, begin = end-begin, end
	}
	return parts
}

// scale is d × num / den, rounded down, for 0 ≤ num ≤ den. The product of a long film's bytes and
// nanoseconds does not fit 64 bits.
func scale(d time.Duration, num, den int64) time.Duration {
	hi, lo := bits.Mul64(uint64(d), uint64(num))
	q, _ := bits.Div64(hi, lo, uint64(den))
	return time.Duration(q)
}

const (
	maxTracks = 1024             // that an Ear remembers
	idle      = 20 * time.Second // without a byte, then a stream gives way to a new one
)

// Ear listens for one pass, in all its sessions together: it is safe for concurrent use.
// A thousand tracks take it about 300 kB.
type Ear struct {
	rule Rule

	mu      sync.Mutex // guards what follows and the streams' own state
	tracks  map[string]*track
	streams []*Stream // running, the oldest first
	due     []*play   // have their bytes, wait for their clock
	plays   []string  // counted, not yet told
}

// New returns the ear of a pass that has heard nothing yet.
func New(rule Rule) *Ear { return &Ear{rule: rule, tracks: map[string]*track{}} }

// Begin starts a stream of parts, which must not change while it runs, at a byte
// offset of the whole. It refuses with ErrTooMany when Rule.Parallel streams
// are running and none gives way: the oldest one that holds the same track does,
// because a browser that seeks opens a new request before it closes the old
// one; else the one that has been without a byte the longest, if that is 20
// seconds or more, because a dead circuit may not be known for minutes.
func (e *Ear) Begin(parts []Part, offset int64) (*Stream, error) {
	s := &Stream{ear: e, parts: parts, gone: make(chan struct{})}
	if err := s.seek(offset); err != nil {
		return nil, fmt.Errorf("beginning a stream: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	e.settle(now) // before a reader that pauses gives way
	s.last = now
	if int64(len(e.streams)) >= e.rule.Parallel && !e.giveWay(parts[s.part].Track, now) {
		return nil, ErrTooMany
	}
	e.streams = append(e.streams, s)
	return s, nil
}

// giveWay ends the stream that a new one of that track may replace.
func (e *Ear) giveWay(track string, now time.Time) bool {
	i := slices.IndexFunc(e.streams, func(s *Stream) bool { return s.holds(track) })
	if i < 0 {
		for j, s := range e.streams {
			if s.idleSince(now) >= idle && (i < 0 || s.last.Before(e.streams[i].last)) {
				i = j
			}
		}
	}
	if i < 0 {
		return false
	}
	close(e.streams[i].gone)
	e.leave(e.streams[i], now)
	return true
}

// Settle returns the tracks that became plays by the clock alone, since the
// last call of anything here. It is to be called now and then while the pass has
// a session, and before its Ear is dropped.
func (e *Ear) Settle() (plays []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.settle(time.Now())
	return e.tell()
}

// settle counts each play once, when its time has come.
func (e *Ear) settle(now time.Time) {
	e.due = slices.DeleteFunc(e.due, func(p *play) bool {
		if now.Sub(p.first) < p.clock || !p.toEnd && p.by == nil {
			return false
		}
		e.plays = append(e.plays, p.track)
		return true
	})
}

// tell returns each counted play once.
func (e *Ear) tell() (plays []string) {
	plays, e.plays = e.plays, nil
	return plays
}

// open reports whether a running stream is in that track.
func (e *Ear) open(track string) bool {
	return slices.ContainsFunc(e.streams, func(s *Stream) bool { return s.in(track) })
}

// Reached estimates how far into a track the listener is, to resume there: not
// beyond what was delivered, nor beyond what can have sounded since the
// stream began. It reports false for a track not heard in this session.
func (e *Ear) Reached(name string) (at time.Duration, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.tracks[name]
	if t == nil {
		return 0, false
	}
	until := t.last
	if e.open(name) || t.to == t.duration {
		until = time.Now()
	}
	at = min(t.to, until.Sub(t.zero))
	return max(at, 0), at > 0
}

// track is the state of a part's track, made when it is first asked for. When
// there are too many the one that has been silent the longest is forgotten.
func (e *Ear) track(p Part, now time.Time) *track {
	if t := e.tracks[p.Track]; t != nil {
		return t
	}
	if len(e.tracks) >= maxTracks {
		e.forget()
	}
	t := &track{duration: p.Duration, last: now, bucket: bucket{time.Duration(e.rule.Fast) * time.Second, now}}
	e.tracks[p.Track] = t
	return t
}

// forget drops the track that has been silent the longest, and its play if only
// asking for it again could have counted it.
func (e *Ear) forget() {
	oldest, found := "", false
	for name, t := range e.tracks {
		if (!found || t.last.Before(e.tracks[oldest].last)) && !e.open(name) {
			oldest, found = name, true
		}
	}
	if t := e.tracks[oldest]; t != nil {
		e.abandon(t.play)
	}
	delete(e.tracks, oldest)
}
