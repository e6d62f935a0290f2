package site

import (
	"errors"
	"testing"
)

// TestCachePanic: when a page cannot be made, nobody waits for it for ever, and
// the next who asks makes it anew.
func TestCachePanic(t *testing.T) {
	c := newCache(1 << 20)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		c.get(1, "page", func() (*answer, error) { panic("broken") })
	}()
	want := errors.New("asked again")
	if _, err := c.get(1, "page", func() (*answer, error) { return nil, want }); err != want {
		t.Errorf("the second who asks gets %v", err)
	}
}
