package onion

import (
	"container/list"
	"context"
	"math"
	"net/http"
	"sync"
	"time"
)

// Limits of a Limiter. A zero field takes the value named with it.
type Limits struct {
	// Rate is how many requests a second a circuit may make in the long run
	// (10), Burst how many at once after a pause (60): a page with its style
	// and pictures, opened a few times quickly, must pass.
	Rate  float64
	Burst int
	// Streams is how many requests of a circuit may be under way at once (16).
	Streams int
	// TotalRate, TotalBurst and TotalStreams are the same for all circuits
	// together (500, 1000, 2000).
	TotalRate    float64
	TotalBurst   int
	TotalStreams int
	// Circuits is how many circuits are remembered (20,000; about 200 bytes
	// each). The one unseen for the longest is forgotten first.
	Circuits int
	// Evict, if set, is called with a circuit that was refused EvictAfter (200)
	// times without a request that passed between; it should cut the circuit,
	// see Service.CloseCircuit. It is called in a goroutine of the refused
	// request.
	Evict      func(circuit uint32)
	EvictAfter int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Limiter keeps one visitor from taking what all share. There are no addresses
// behind an onion service, but there are circuits: each has its own allowance,
// and all together have another. Requests without a circuit's number (see
// State.PerCircuit) have only the common one. Its memory is bounded, and holds
// nothing but numbers of circuits that tor forgets as well.
//
// A circuit that is refused takes nothing from the common allowance, so one
// that floods cannot shut out the others; a flood over many circuits is what
// the proof of work in front of them is for.
type Limiter struct {
	limits Limits

	mu       sync.Mutex // guards what follows
	total    bucket
	circuits map[uint32]*list.Element // of *visitor
	seen     *list.List               // most recent first
}

// visitor is what is known of a circuit.
type visitor struct {
	circuit uint32
	bucket  bucket
	refused int // in a row
}

// bucket is an allowance of requests that fills with time.
type bucket struct {
	tokens float64
	at     time.Time
	active int
}

// NewLimiter returns a Limiter with full allowances.
func NewLimiter(l Limits) *Limiter {
	l.Rate, l.TotalRate = def(l.Rate, 10), def(l.TotalRate, 500)
	l.Burst, l.TotalBurst = def(l.Burst, 60), def(l.TotalBurst, 1000)
	l.Streams, l.TotalStreams = def(l.Streams, 16), def(l.TotalStreams, 2000)
	l.Circuits, l.EvictAfter = def(l.Circuits, 20000), def(l.EvictAfter, 200)
	if l.Now == nil {
		l.Now = time.Now
	}
	return &Limiter{limits: l, total: bucket{tokens: float64(l.TotalBurst), at: l.Now()},
		circuits: map[uint32]*list.Element{}, seen: list.New()}
}

func def[T int | float64](v, d T) T {
	if v <= 0 {
		return d
	}
	return v
}

// Allow takes one request from the allowances of the context's circuit and of
// all. If there is none, retryAfter is how long it will take until there is, at
// least a second. It does not count requests under way; see Enter.
func (l *Limiter) Allow(ctx context.Context) (ok bool, retryAfter time.Duration) {
	leave, retryAfter, ok := l.Enter(ctx)
	if ok {
		leave()
	}
	return ok, retryAfter
}

// Enter is Allow for a request that stays: until leave is called it counts as
// one that is under way.
func (l *Limiter) Enter(ctx context.Context) (leave func(), retryAfter time.Duration, ok bool) {
	id, known := CircuitID(ctx)
	leave, retryAfter, evict := l.enter(id, known)
	if evict && l.limits.Evict != nil {
		l.limits.Evict(id)
	}
	return leave, retryAfter, leave != nil
}

// enter returns a nil leave for a refused request, and whether the circuit's
// patience is at an end.
func (l *Limiter) enter(id uint32, known bool) (leave func(), retryAfter time.Duration, evict bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.limits.Now()
	v := &visitor{bucket: bucket{tokens: 1, at: now}} // no circuit: nothing of its own to run out of
	if known {
		v = l.visitor(id, now)
	}
	if wait := v.bucket.wait(now, l.limits.Rate, l.limits.Burst, l.limits.Streams); wait > 0 {
		v.refused++
		if v.refused >= l.limits.EvictAfter {
			v.refused = 0
			evict = true
		}
		return nil, wait, evict
	}
	if wait := l.total.wait(now, l.limits.TotalRate, l.limits.TotalBurst, l.limits.TotalStreams); wait > 0 {
		return nil, wait, false
	}
	v.refused = 0
	v.bucket.take()
	l.total.take()
	var once sync.Once
	return func() {
		once.Do(func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			v.bucket.active--
			l.total.active--
		})
	}, 0, false
}

// visitor finds a circuit, or meets it with a full allowance; then the one
// unseen for the longest is forgotten if there are too many.
func (l *Limiter) visitor(id uint32, now time.Time) *visitor {
	if e, ok := l.circuits[id]; ok {
		l.seen.MoveToFront(e)
		return e.Value.(*visitor)
	}
	v := &visitor{circuit: id, bucket: bucket{tokens: float64(l.limits.Burst), at: now}}
	l.circuits[id] = l.seen.PushFront(v)
	if l.seen.Len() > l.limits.Circuits {
		oldest := l.seen.Remove(l.seen.Back()).(*visitor)
		delete(l.circuits, oldest.circuit)
	}
	return v
}

// wait fills the bucket and returns 0 if a request may pass now; else how long
// until it may.
func (b *bucket) wait(now time.Time, rate float64, burst, streams int) time.Duration {
	// A clock that was set back fills nothing, and does no harm.
	b.tokens = min(float64(burst), b.tokens+rate*max(0, now.Sub(b.at).Seconds()))
	b.at = now
	switch {
	case b.active >= streams:
		return time.Second // nobody knows when one of them ends
	case b.tokens < 1:
		return time.Duration(math.Ceil((1-b.tokens)/rate)) * time.Second
	}
	return 0
}

func (b *bucket) take() {
	b.tokens--
	b.active++
}

// Handler passes requests to next while they are within the limits, and to
// refused, with the time to wait, when they are not.
func (l *Limiter) Handler(next http.Handler, refused func(w http.ResponseWriter, r *http.Request, retryAfter time.Duration)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leave, retryAfter, ok := l.Enter(r.Context())
		if !ok {
			refused(w, r, retryAfter)
			return
		}
		defer leave()
		next.ServeHTTP(w, r)
	})
}
