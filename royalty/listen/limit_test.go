package listen_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"p2p.legal/peerfy/royalty/listen"
)

func TestBeginRefuses(t *testing.T) {
	a := song("a", 10)
	for name, try := range map[string]struct {
		parts []listen.Part
		at    int64
	}{
		"nothing": {nil, 0}, "no bytes": {[]listen.Part{a, {Duration: 1}}, 0}, "no duration": {[]listen.Part{{Bytes: 1}}, 0},
		"the end": {[]listen.Part{a, a}, 20 * rate}, "before the start": {[]listen.Part{a}, -1},
	} {
		if _, err := listen.New(charter).Begin(try.parts, try.at); err == nil || errors.Is(err, listen.ErrTooMany) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The fourth stream is refused while three are in use. A seek takes the place of the stream it leaves.
func TestTooMany(t *testing.T) {
	inBubble(t, func(l *listener) {
		a, b := l.begin(0, song("a", 180)), l.begin(0, song("b", 180))
		l.begin(0, song("c", 180))
		if _, err := l.Begin([]listen.Part{song("d", 180)}, 0); !errors.Is(err, listen.ErrTooMany) {
			l.Fatalf("a fourth stream: %v", err)
		}
		l.take(b, 5)
		seeked := l.begin(100, song("a", 180))
		if _, err := a.Wait(l.Context(), 1); !errors.Is(err, listen.ErrSuperseded) {
			l.Errorf("the stream that the seek left: %v", err)
		}
		l.end(a) // frees nothing that is not its own
		if _, err := l.Begin([]listen.Part{song("d", 180)}, 0); !errors.Is(err, listen.ErrTooMany) {
			l.Errorf("a fourth stream after the seek: %v", err)
		}
		l.end(seeked)
		l.begin(0, song("d", 180))
	})
}

// A stream without a byte for twenty seconds gives way to a new one, the longest first; one that waits for its pace
// does not.
func TestIdleGivesWay(t *testing.T) {
	inBubble(t, func(l *listener) {
		slow := song("slow", 180)
		slow.Bytes = 180 * 100 // a chunk is 82 seconds of it
		waiting := l.begin(0, slow)
		waits := make(chan error)
		go func() {
			for range 3 {
				n, err := waiting.Wait(l.Context(), 1<<20)
				if err != nil {
					waits <- err
					return
				}
				waiting.Sent(n)
			}
			waits <- nil
		}()
		synctest.Wait()
		l.begin(0, song("b", 180))
		time.Sleep(time.Second)
		c := l.begin(0, song("c", 180))
		time.Sleep(20*time.Second - 1)
		d := l.begin(0, song("d", 180)) // b went
		if _, err := l.Begin([]listen.Part{song("e", 180)}, 0); !errors.Is(err, listen.ErrTooMany) {
			l.Fatalf("all are in use: %v", err)
		}
		l.take(c, 1)
		l.take(d, 1)
		if err := <-waits; err != nil {
			l.Errorf("the stream that waited for its pace: %v", err)
		}
	})
}

// A stream that gives way has its due, and no more.
func TestGivenWay(t *testing.T) {
	inBubble(t, func(l *listener) { // a reader pauses with enough in its buffer
		l.take(l.begin(0, song("a", 180)), 31)
		time.Sleep(time.Minute)
		for _, name := range []string{"b", "c", "d"} {
			l.begin(0, song(name, 180))
		}
		time.Sleep(time.Minute)
		l.settle()
		l.settle()
		l.counted("a")
	})
	inBubble(t, func(l *listener) { // a seek, in vain
		l.take(l.begin(0, song("a", 180)), 31)
		l.begin(0, song("b", 180))
		l.begin(0, song("c", 180))
		seeked := l.begin(100, song("a", 180))
		time.Sleep(time.Minute)
		l.settle()
		l.counted()
		l.take(seeked, 1)
		l.counted("a")
	})
}

// Who waits is woken by the end of its request and by its successor, and gives back what it did not send.
func TestWaitEnds(t *testing.T) {
	inBubble(t, func(l *listener) {
		s := l.begin(0, song("a", 180))
		l.take(s, 10)
		ctx, cancel := context.WithTimeout(l.Context(), time.Second)
		defer cancel()
		if _, err := s.Wait(ctx, 2*rate); !errors.Is(err, context.DeadlineExceeded) {
			l.Fatalf("at the end of the request: %v", err)
		}
		if _, err := s.Wait(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			l.Fatalf("after the end of the request: %v", err)
		}
		began := time.Now()
		if l.take(s, 2); time.Since(began) > time.Second {
			l.Errorf("what was not sent was charged: %v for 2 s of media", time.Since(began))
		}
		woken := make(chan error)
		go func() {
			_, err := s.Wait(l.Context(), 60*rate)
			woken <- err
		}()
		synctest.Wait()
		began = time.Now()
		for range 3 {
			l.begin(0, song("a", 180))
		}
		if err := <-woken; !errors.Is(err, listen.ErrSuperseded) || time.Since(began) != 0 {
			l.Errorf("by its successor: %v after %v", err, time.Since(began))
		}
	})
}

// A short write keeps the rest of its grant.
func TestShortWrite(t *testing.T) {
	inBubble(t, func(l *listener) {
		s := l.begin(0, song("a", 180))
		n, err := s.Wait(l.Context(), 1<<20)
		if err != nil {
			l.Fatal(err)
		}
		s.Sent(n - 100)
		if rest, err := s.Wait(l.Context(), 1<<20); err != nil || rest != 100 {
			l.Errorf("the rest of %d: %d, %v", n, rest, err)
		}
		if none, err := s.Wait(l.Context(), 0); err != nil || none != 0 {
			l.Errorf("nothing: %d, %v", none, err)
		}
	})
}
