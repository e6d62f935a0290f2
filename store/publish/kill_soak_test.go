//go:build soak

package publish_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"p2p.legal/peerfy/store/publish"
)

// A kill after every single file.
func TestKilledAnywhere(t *testing.T) {
	for n := range 14 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			co, dir := newCoop(t), album(t)
			out := filepath.Join(t.TempDir(), "out")
			killAfter(t, co, dir, out, n)
			if _, err := os.Stat(out); err == nil {
				_, err := publish.OpenBundle(t.Context(), out, nil)
				check(t, err)
				return
			}
			resume(t, co, dir, out)
		})
	}
}

// Every byte of what is signed, in two ways.
func TestEveryByteCounts(t *testing.T) {
	_, dir := bundle(t)
	for _, name := range []string{"release.note", "manifest.json", "artist.note"} {
		path := filepath.Join(dir, name)
		raw, err := os.ReadFile(path)
		check(t, err)
		for i := range raw {
			for _, flip := range []byte{1, 0x20} {
				changed := bytes.Clone(raw)
				changed[i] ^= flip
				check(t, os.WriteFile(path, changed, 0o644))
				refuse(t, dir, name)
			}
		}
		check(t, os.WriteFile(path, raw, 0o644))
	}
}
