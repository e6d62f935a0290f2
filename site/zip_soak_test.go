//go:build soak

package site_test

import (
	"fmt"
	"testing"
)

// TestZipEverywhere resumes an archive from every single byte.
func TestZipEverywhere(t *testing.T) {
	s := newShop(t)
	path := "/r/" + s.album + ".zip"
	whole := s.get(t, path)
	for from := range len(whole) {
		r := do(s, "GET", path, "Range", fmt.Sprintf("bytes=%d-", from))
		if r.StatusCode != 206 || bodyOf(t, r) != whole[from:] {
			t.Fatalf("resumed at %d: status %d or other bytes", from, r.StatusCode)
		}
	}
}
