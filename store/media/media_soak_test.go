//go:build soak

package media_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"p2p.legal/peerfy/store/media"
)

// Every format, cut at random places and with random bytes changed: each file is refused with its name or read, within
// twenty seconds, and a rendition of what was read is whole or not there.
func TestSoakDamagedFiles(t *testing.T) {
	tool := newTool(t)
	rng := rand.New(rand.NewPCG(7, 7))
	refusals := 0
	for _, name := range everyFormat {
		b := read(t, sample(t, name))
		for n := range 60 {
			damaged := bytes.Clone(b)
			if n%3 == 0 {
				damaged = damaged[:rng.IntN(len(b))]
			}
			for range rng.IntN(20) {
				if len(damaged) > 0 {
					damaged[rng.IntN(min(len(damaged), 1<<(4+rng.IntN(16))))] = byte(rng.Uint32())
				}
			}
			path, out := write(t, name, damaged), filepath.Join(t.TempDir(), "o.webm")
			began := time.Now()
			_, err := tool.Probe(t.Context(), path)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%s, case %d: %v", name, n, took)
			}
			if err != nil && !errors.Is(err, media.ErrBadFile) {
				t.Errorf("%s, case %d: %v", name, n, err)
			}
			if err != nil {
				refusals++
			}
			if _, err := media.ReadTags(path); err != nil && !errors.Is(err, media.ErrBadFile) {
				t.Errorf("%s, case %d: %v", name, n, err)
			}
			if err := tool.Opus(t.Context(), path, out, 96, nil); err != nil {
				isAlone(t, filepath.Dir(out))
			}
		}
	}
	t.Logf("%d of %d files were refused", refusals, 60*len(everyFormat))
}
