//go:build soak

package store_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"p2p.legal/peerfy/store"
)

func TestManyKills(t *testing.T) { kills(t, 2_000) }

// TestFailingSystemCalls lets the n-th write and sync of a writer fail, for many
// n, with strace. Whatever it acknowledged must be there.
func TestFailingSystemCalls(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("this test needs strace: apt install strace")
	}
	for _, call := range []string{"fdatasync", "pwrite64", "fsync", "ftruncate"} {
		for n := 1; n <= 60; n += 3 {
			t.Run(fmt.Sprintf("%s/%d", call, n), func(t *testing.T) {
				c, entries := workload(t, 30)
				cmd := exec.CommandContext(t.Context(), strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace="+call,
					"-e", fmt.Sprintf("inject=%s:error=EIO:when=%d", call, n), os.Args[0])
				cmd.Env = append(os.Environ(), childMode+"=append", childDir+"="+c.Dir)
				out, _ := cmd.Output() // it may end with an error: that is the point
				db, err := store.Open(c.Dir, store.Options{})
				if err != nil {
					t.Fatalf("%v after\n%s", err, out)
				}
				for i, raw := range entries {
					_, ok, err := db.IndexOf(raw)
					if said := bytes.Contains(out, fmt.Appendf(nil, "entry %d %d\n", i+1, i)); err != nil || said && !ok {
						t.Errorf("entry %d was acknowledged and is not there (%v)", i, err)
					}
				}
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				soundBut(t, c)
			})
		}
	}
}
