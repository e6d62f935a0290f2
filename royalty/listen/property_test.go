package listen_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"p2p.legal/peerfy/royalty/listen"
)

// A sending is media that may have gone out at a time.
type sending struct {
	at    time.Duration
	media time.Duration
}

// requests runs parallel requests of one track that seek, pause and stop at random, and returns what was granted.
func requests(t *testing.T, ear *listen.Ear, seed uint64, p listen.Part) (all []sending) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	began := time.Now()
	for i := range uint64(3) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, i))
			for range 12 {
				s, err := ear.Begin([]listen.Part{p}, rng.Int64N(p.Bytes))
				if err != nil {
					t.Error(err)
					return
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rng.Int64N(int64(20*time.Second))))
				for rng.IntN(12) > 0 {
					n, err := s.Wait(ctx, 1+rng.Int64N(1<<17))
					if err != nil {
						break
					}
					failed := rng.IntN(3) == 0
					if failed {
						n = rng.Int64N(n + 1) // a write that fails, and with it the request
					}
					mu.Lock()
					all = append(all, sending{time.Since(began), time.Duration(n) * p.Duration / time.Duration(p.Bytes)})
					mu.Unlock()
					time.Sleep(time.Duration(rng.Int64N(2)*rng.Int64N(8)) * time.Second)
					if s.Sent(n); failed {
						break
					}
				}
				cancel()
				s.End()
				time.Sleep(time.Duration(rng.Int64N(4)*rng.Int64N(10)) * time.Second)
			}
		})
	}
	wg.Wait()
	return all
}

// In no stretch of time more is sent than the fast seconds and the pace allow, whatever the requests do.
func TestPaceNeverExceeded(t *testing.T) {
	sendings := 0
	for seed := range uint64(30) {
		rule := charter
		rule.Fast, rule.PacePct = []int64{0, 1, 10, 60}[seed%4], []int64{100, 150, 1000}[seed%3]
		p := song("a", 600)
		if seed%5 == 0 {
			p.Bytes = 600 * 75_000 // a film
		}
		most := max(time.Duration(rule.Fast)*time.Second, 2*time.Second)
		synctest.Test(t, func(t *testing.T) {
			all := requests(t, listen.New(rule), seed, p)
			sendings += len(all)
			for i := range all {
				sum := time.Duration(0)
				for _, s := range all[i:] {
					sum += s.media
					if limit := most + (s.at-all[i].at)*time.Duration(rule.PacePct)/100; sum > limit+time.Microsecond {
						t.Fatalf("seed %d, %+v: %v of media from %v to %v: at most %v", seed, rule, sum, all[i].at, s.at, limit)
					}
				}
			}
		})
	}
	if sendings < 1500 {
		t.Errorf("only %d sendings: the test shows nothing", sendings)
	}
}

// A play is counted with exactly the thirtieth distinct second of the track, in whatever order they come.
func TestThirtyDistinctSeconds(t *testing.T) {
	for seed := range uint64(50) {
		inBubble(t, func(l *listener) {
			rng := rand.New(rand.NewPCG(seed, 30))
			l.stream(0, 1, song("a", 300))
			time.Sleep(25 * time.Second)
			heard, distinct := [300]bool{true}, 1
			for distinct < 30 {
				l.counted()
				at, length := rng.Int64N(60+5*int64(seed)-4), 1+rng.Int64N(4)
				l.stream(at, length, song("a", 300))
				for i := at; i < at+length; i++ {
					if !heard[i] {
						heard[i] = true
						distinct++
					}
				}
			}
			l.counted("a")
		})
	}
}

// Holes cost memory. Who leaves more than any listener would is given less for it, never more.
func TestManyHoles(t *testing.T) {
	const quarter = rate / 4
	inBubble(t, func(l *listener) {
		p := song("a", 600)
		for i := range int64(200) { // 50 seconds, in 200 pieces
			s, err := l.Begin([]listen.Part{p}, 2*i*quarter)
			if err != nil {
				l.Fatal(err)
			}
			n, err := s.Wait(l.Context(), quarter)
			if err != nil || n != quarter {
				l.Fatal(n, err)
			}
			l.note(s.Sent(n))
			l.end(s)
		}
		l.counted()
		l.stream(300, 30, p)
		l.counted("a")
	})
}

// Whatever a pass does, no track has more plays than its bytes and its clock allow.
func TestPlaysAreBounded(t *testing.T) {
	total := 0
	for seed := range uint64(60) {
		inBubble(t, func(l *listener) {
			rng := rand.New(rand.NewPCG(seed, 1))
			songs := []listen.Part{song("short", 20), song("middle", 70), song("long", 200), song("short", 20), song("short", 20)}
			sent := map[string]time.Duration{}
			first := map[string]time.Duration{}
			var streams [3]*listen.Stream
			var parts [3][]listen.Part
			for range 400 {
				i := rng.IntN(3)
				switch {
				case streams[i] == nil:
					parts[i] = songs[rng.IntN(3) : 3+rng.IntN(3)]
					streams[i] = l.begin([]int64{0, 0, 5, 15}[rng.IntN(4)], parts[i]...)
				case rng.IntN(20) == 0:
					l.end(streams[i])
					streams[i] = nil
				default:
					n, err := streams[i].Wait(l.Context(), 1<<20)
					if err != nil {
						if !errors.Is(err, listen.ErrSuperseded) {
							l.end(streams[i])
						}
						streams[i] = nil
						continue
					}
					l.note(streams[i].Sent(n))
					for _, p := range parts[i] { // at most these
						sent[p.Track] += time.Duration(n) * time.Second / rate
						if _, ok := first[p.Track]; !ok {
							first[p.Track] = time.Since(l.began)
						}
					}
				}
				time.Sleep(time.Duration(rng.Int64N(2)*rng.Int64N(5)) * time.Second)
			}
			l.settle()
			plays := map[string]int64{}
			for i, name := range l.plays {
				p := map[string]listen.Part{"short": songs[0], "middle": songs[1], "long": songs[2]}[name]
				media := min(30*time.Second, p.Duration/2)
				clock := media * 25 / 30
				soonest := first[name] + time.Duration(plays[name])*p.Duration + clock
				plays[name]++
				if l.when[i] < soonest {
					l.Errorf("seed %d: play %d of %q after %v instead of %v", seed, plays[name], name, l.when[i], soonest)
				}
				if least := time.Duration(plays[name]) * media; sent[name] < least {
					l.Errorf("seed %d: %d plays of %q for %v of media", seed, plays[name], name, sent[name])
				}
			}
			total += len(l.plays)
		})
	}
	if total < 300 {
		t.Errorf("only %d plays: the test shows nothing", total)
	}
}

// What an Ear holds is bounded, however many tracks a pass hears, skips, or skips again and again.
func TestMemoryIsBounded(t *testing.T) {
	for name, track := range map[string]func(i int) string{
		"all": func(i int) string { return fmt.Sprint("track ", i) },
		"one": func(int) string { return "track" },
	} {
		inBubble(t, func(l *listener) {
			skip := func(from, to int) {
				for i := from; i < to; i++ {
					l.stream(0, 31, song(track(i), 180))
					time.Sleep(180 * time.Second)
				}
			}
			open := l.begin(0, song("open", 180))
			l.take(open, 29)
			skip(0, 1100)
			before := heap()
			skip(1100, 2500)
			if after := heap(); after > before+64<<10 {
				l.Errorf("%s: 1,400 skips more: %d bytes, then %d", name, before, after)
			}
			l.counted()
			l.take(open, 1) // nor is this forgotten, nor the latest
			l.stream(31, 10, song(track(2490), 180))
			l.counted("open", track(2490))
		})
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkChunk is what pacing and counting cost for one chunk of a stream.
func BenchmarkChunk(b *testing.B) {
	rule := charter
	rule.PacePct = 1 << 40 // the time it takes is not to be waited for
	film := listen.Part{Track: "film", Bytes: 1 << 50, Duration: 1 << 50}
	s, err := listen.New(rule).Begin([]listen.Part{film}, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		n, err := s.Wait(b.Context(), 1<<20)
		if err != nil {
			b.Fatal(err)
		}
		s.Sent(n)
	}
}

// BenchmarkStreams is what 2,000 passes with a stream each hold, beyond their requests' own goroutines.
func BenchmarkStreams(b *testing.B) {
	const passes = 2000
	parts := []listen.Part{song("a", 180)}
	for b.Loop() {
		before := heap()
		ears := make([]*listen.Ear, passes)
		streams := make([]*listen.Stream, passes)
		for i := range ears {
			ears[i] = listen.New(charter)
			s, err := ears[i].Begin(parts, 0)
			if err != nil {
				b.Fatal(err)
			}
			n, err := s.Wait(b.Context(), 1<<20)
			if err != nil {
				b.Fatal(err)
			}
			s.Sent(n)
			streams[i] = s
		}
		b.ReportMetric(float64(heap()-before)/passes, "B/stream")
		runtime.KeepAlive(ears)
		runtime.KeepAlive(streams)
	}
}
