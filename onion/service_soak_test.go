//go:build soak

package onion_test

import (
	"io"
	"net"
	"testing"
	"time"
)

// The service comes back within the time that is promised, again and again, at
// the same address. How soon a visitor finds it then is up to the visitor's tor
// as well: of ten, one may be late.
func TestRecoversTenTimes(t *testing.T) {
	w := newWorld(t)
	s := w.serve(t, newKey(t), site(nil), testLog(t))
	for sig, promised := range away {
		late := 0
		for range 10 {
			published, back := recovers(t, s, w, "http://"+s.Address(), sig)
			if published > promised {
				t.Errorf("%v: published again after %v, promised are %v", sig, published, promised)
			}
			if back > promised {
				late++
			}
		}
		if late > 1 {
			t.Errorf("%v: %d of 10 visitors were late", sig, late)
		}
	}
	if got := s.State().Restarts; got != 20 {
		t.Errorf("%d restarts, want 20", got)
	}
}

// A connection that does not say where it comes from is closed after five
// seconds.
func TestListenTimeLimit(t *testing.T) {
	_, path := listen(t)
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "PROXY TCP6 "); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if b, err := io.ReadAll(c); len(b) > 0 || err != nil {
		t.Errorf("answered %q, %v", b, err)
	}
	if took := time.Since(began); took < 4*time.Second || took > 50*time.Second {
		t.Errorf("closed after %v, want 5 s", took)
	}
}
