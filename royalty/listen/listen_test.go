package listen_test

import (
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"p2p.legal/peerfy/royalty/listen"
)

// charter is the demonstration's rule.
var charter = listen.Rule{Seconds: 30, Clock: 25, Fast: 10, PacePct: 150, Parallel: 3}

// rate of the test's renditions, in bytes per second: 96 kbit/s.
const rate = 12_000

func song(name string, seconds int64) listen.Part {
	return listen.Part{Track: name, Bytes: seconds * rate, Duration: time.Duration(seconds) * time.Second}
}

// listener is a member with a player.
type listener struct {
	*testing.T
	*listen.Ear
	began time.Time
	plays []string
	when  []time.Duration // since began, of each play
}

// inBubble runs a test with a listener whose clock is the test's own.
func inBubble(t *testing.T, test func(*listener)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(&listener{T: t, Ear: listen.New(charter), began: time.Now()}) })
}

func (l *listener) note(plays []string) {
	for _, p := range plays {
		l.plays, l.when = append(l.plays, p), append(l.when, time.Since(l.began))
	}
}

func (l *listener) begin(at int64, parts ...listen.Part) *listen.Stream {
	l.Helper()
	s, err := l.Begin(parts, at*rate)
	if err != nil {
		l.Fatal(err)
	}
	return s
}

// take reads seconds of media from a stream, as fast as it comes, and returns how long that took.
func (l *listener) take(s *listen.Stream, seconds int64) time.Duration {
	l.Helper()
	began := time.Now()
	for left := seconds * rate; left > 0; {
		n, err := s.Wait(l.Context(), left)
		if err != nil {
			l.Fatal(err)
		}
		l.note(s.Sent(n))
		left -= n
	}
	return time.Since(began)
}

// stream is a whole request: seconds of media from second at.
func (l *listener) stream(at, seconds int64, parts ...listen.Part) {
	l.Helper()
	s := l.begin(at, parts...)
	l.take(s, seconds)
	l.end(s)
}

func (l *listener) end(s *listen.Stream) { l.note(s.End()) }

func (l *listener) settle() { l.note(l.Settle()) }

// counted checks all plays so far.
func (l *listener) counted(want ...string) {
	l.Helper()
	if !slices.Equal(l.plays, want) {
		l.Fatalf("counted %q instead of %q", l.plays, want)
	}
}

// until waits until d after the beginning.
func (l *listener) until(d time.Duration) {
	l.Helper()
	if time.Since(l.began) > d {
		l.Fatalf("it is %v already", time.Since(l.began))
	}
	time.Sleep(time.Until(l.began.Add(d)))
}

func TestPlay(t *testing.T) {
	inBubble(t, func(l *listener) {
		s := l.begin(0, song("a", 180))
		if fast := l.take(s, 10); fast != 0 {
			l.Errorf("the first ten seconds took %v", fast)
		}
		if took := l.take(s, 15).Round(time.Millisecond); took != 10*time.Second {
			l.Errorf("15 seconds of media took %v at one and a half times real time", took)
		}
		l.take(s, 20) // 45 s of media in 23.3 s of clock
		l.counted()
		l.take(s, 10)
		l.counted("a")
		if l.when[0] < 25*time.Second || l.when[0] > 27*time.Second {
			l.Errorf("counted after %v", l.when[0])
		}
		l.take(s, 125)
		if n, err := s.Wait(l.Context(), 1); n != 0 || err != io.EOF {
			l.Errorf("at the end: %d, %v", n, err)
		}
		l.end(s)
		l.end(s)
		time.Sleep(time.Hour)
		l.settle()
		l.counted("a")
	})
}

// Neither the bytes nor the clock alone make a play.
func TestNeedsBoth(t *testing.T) {
	inBubble(t, func(l *listener) { // clock without bytes
		s := l.begin(0, song("a", 180))
		l.take(s, 29)
		time.Sleep(time.Hour)
		l.settle()
		l.counted()
		l.take(s, 1)
		l.counted("a")
	})
	inBubble(t, func(l *listener) { // bytes without clock: skipped after 14 seconds
		l.stream(0, 31, song("a", 180))
		time.Sleep(time.Hour)
		l.settle()
		l.counted()
		l.stream(31, 1, song("a", 180)) // taken up again
		l.counted("a")
	})
}

// A short track needs half of itself, and the clock in proportion. All its bytes are out before that: it counts when
// its time has come, once, although nothing more is asked for.
func TestShortTrack(t *testing.T) {
	inBubble(t, func(l *listener) {
		l.stream(0, 24, song("a", 24)) // needs 12 s, and 10 s of clock
		l.until(10*time.Second - 1)
		l.settle()
		l.counted()
		l.until(10 * time.Second)
		l.settle()
		l.settle()
		l.counted("a")
	})
	inBubble(t, func(l *listener) { // half of it is not quite there
		l.stream(0, 11, song("a", 24))
		l.stream(13, 0, song("a", 24))
		time.Sleep(time.Hour)
		l.settle()
		l.counted()
	})
}

// A reader that has enough in its buffer and pauses, its stream open, has listened when the clock says so.
func TestPausedReader(t *testing.T) {
	inBubble(t, func(l *listener) {
		s := l.begin(0, song("a", 180))
		l.take(s, 31)
		time.Sleep(time.Minute)
		l.settle()
		l.counted("a")
		l.end(s)
		l.counted("a")
	})
	inBubble(t, func(l *listener) { // the same, found out when it is heard again
		l.take(l.begin(0, song("a", 180)), 31)
		time.Sleep(time.Hour)
		l.take(l.begin(0, song("a", 180)), 10)
		l.counted("a")
	})
	inBubble(t, func(l *listener) { // the same, found out at the end of the request
		s := l.begin(0, song("a", 180))
		l.take(s, 31)
		time.Sleep(time.Minute)
		l.end(s)
		l.counted("a")
	})
}

// Bytes that are sent twice count once, whoever asks for them.
func TestDistinctBytes(t *testing.T) {
	inBubble(t, func(l *listener) {
		for range 5 { // the same twenty seconds
			l.stream(40, 20, song("a", 180))
		}
		l.counted()
		coarse := song("a", 180)
		coarse.Bytes /= 2 // of half the rate: the same seconds in another quality
		l.stream(20, 10, coarse)
		l.counted()
		l.stream(35, 15, song("a", 180)) // five of which are new
		l.counted()
		l.stream(58, 7, song("a", 180))
		l.counted("a")
	})
}

// Seeking about in a track is one play.
func TestSeeking(t *testing.T) {
	inBubble(t, func(l *listener) {
		for _, at := range []int64{0, 100, 50, 3, 170, 0, 30, 60} {
			l.stream(at, 10, song("a", 180))
		}
		l.counted("a")
	})
}

// Requests in parallel share one pace, and their bytes make one play.
func TestParallelRequests(t *testing.T) {
	inBubble(t, func(l *listener) {
		began, done := time.Now(), make(chan []string)
		for i := range int64(3) {
			s := l.begin(60*i, song("a", 180))
			go func() {
				var plays []string
				for left := int64(20 * rate); left > 0; {
					n, err := s.Wait(l.Context(), left)
					if err != nil {
						l.Error(err)
						break
					}
					plays = append(plays, s.Sent(n)...)
					left -= n
				}
				done <- append(plays, s.End()...)
			}()
		}
		l.plays = slices.Concat(<-done, <-done, <-done)
		l.counted("a")
		if took := time.Since(began); took.Round(time.Millisecond) != 33333*time.Millisecond {
			l.Errorf("60 seconds of media took %v together, not 50 s / 1.5", took)
		}
	})
}

// A track counts again when it is heard again from its beginning, and never sooner than it is long.
func TestListeningAgain(t *testing.T) {
	inBubble(t, func(l *listener) {
		l.stream(0, 180, song("a", 180))
		l.counted("a")
		l.stream(0, 60, song("a", 180)) // back to the start, too soon
		l.counted("a")
		l.until(185 * time.Second)
		l.stream(20, 60, song("a", 180)) // from the middle
		l.counted("a")
		l.stream(17, 60, song("a", 180)) // from the first tenth
		l.counted("a", "a")
	})
	inBubble(t, func(l *listener) { // a long track, paused in its first tenth and gone on with
		s := l.begin(0, song("a", 1000))
		l.take(s, 50)
		l.counted("a")
		time.Sleep(time.Hour)
		l.take(s, 200)
		l.counted("a")
	})
	inBubble(t, func(l *listener) { // skipped, then heard: one play
		l.stream(0, 31, song("a", 180))
		time.Sleep(time.Hour)
		l.stream(0, 180, song("a", 180))
		l.settle()
		l.counted("a")
	})
}

// In a queue every track counts, at exact boundaries; a track twice in a row counts twice, when the second hearing
// can have taken place.
func TestQueue(t *testing.T) {
	inBubble(t, func(l *listener) {
		l.stream(0, 190, song("a", 90), song("b", 5), song("c", 95))
		l.counted("a", "b", "c")
	})
	inBubble(t, func(l *listener) {
		l.stream(0, 180, song("a", 60), song("a", 60), song("a", 60)) // out in 113 s
		l.counted("a", "a")
		l.until(145*time.Second - 1)
		l.settle()
		l.counted("a", "a")
		l.until(145 * time.Second)
		l.settle()
		l.counted("a", "a", "a")
		if l.when[1] < 85*time.Second || l.when[1] > 87*time.Second {
			l.Errorf("the second hearing, from 60 s on, counted after %v", l.when[1])
		}
	})
	inBubble(t, func(l *listener) { // a seek within the queue ends what it leaves
		queue := []listen.Part{song("a", 90), song("b", 90)}
		l.stream(0, 31, queue...)
		l.stream(90, 60, queue...)
		l.settle()
		l.counted("b")
	})
}

// An album in one file is cut where its tracks' durations say.
func TestSpread(t *testing.T) {
	parts := listen.Spread(1000, []listen.Part{{Track: "a", Duration: 1}, {Track: "b", Duration: 2}, {Track: "c", Duration: 4}})
	if parts[0].Bytes != 142 || parts[1].Bytes != 286 || parts[2].Bytes != 572 {
		t.Errorf("cut into %v", parts)
	}
	huge := listen.Spread(1<<40, []listen.Part{{Duration: 100 * time.Hour}, {Duration: 300 * time.Hour}})
	if huge[0].Bytes != 1<<38 {
		t.Errorf("a quarter of a terabyte is %d bytes", huge[0].Bytes)
	}
	if _, err := listen.New(charter).Begin(listen.Spread(10, []listen.Part{{}}), 0); err == nil {
		t.Error("a track without a duration was taken")
	}
}

// Where to resume: no further than delivered, no further than can have sounded.
func TestReached(t *testing.T) {
	inBubble(t, func(l *listener) {
		reached := func(track string, want time.Duration) {
			l.Helper()
			at, ok := l.Reached(track)
			if at.Round(time.Second) != want || ok != (want > 0) {
				l.Errorf("%s: %v, %v instead of %v", track, at, ok, want)
			}
		}
		reached("a", 0)
		s := l.begin(30, song("a", 180), song("b", 60))
		l.take(s, 20) // in 6.7 s
		l.until(8 * time.Second)
		reached("a", 38*time.Second)
		time.Sleep(time.Minute) // paused
		reached("a", 50*time.Second)
		l.take(s, 135)
		reached("b", 0) // delivered ahead of the ear
		l.until(152 * time.Second)
		reached("b", 2*time.Second)
		l.until(160 * time.Second)
		reached("b", 5*time.Second)
		l.end(s)
		time.Sleep(time.Hour)
		reached("a", 180*time.Second)
		reached("b", 5*time.Second)
		l.stream(0, 60, song("c", 180), song("d", 60))
		reached("c", 33*time.Second)
		time.Sleep(time.Hour)
		reached("c", 33*time.Second) // cut: what was in the buffer was not heard
		reached("d", 0)
	})
}
