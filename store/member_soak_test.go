//go:build soak

package store_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"p2p.legal/peerfy/store"
)

func TestManyMemberKills(t *testing.T) { memberKills(t, 250) }

func TestManyMemberTruncations(t *testing.T) { memberTruncations(t, 2_000) }

func TestManyMemberFlips(t *testing.T) { memberFlips(t, 3_000) }

func TestMembersAgainstModelLong(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { modelRun(t, seed, 2_000) })
	}
}

// TestMembersFailingSystemCalls lets the n-th write and sync of a worker fail,
// for many n, with strace. What it leaves must add up.
func TestMembersFailingSystemCalls(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("this test needs strace: apt install strace")
	}
	for _, call := range []string{"fdatasync", "pwrite64", "fsync", "ftruncate"} {
		for n := 1; n <= 60; n += 3 {
			dir := laneFolder(t)
			cmd := exec.CommandContext(t.Context(), strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace="+call,
				"-e", fmt.Sprintf("inject=%s:error=EIO:when=%d", call, n), os.Args[0], "-test.run=^TestMemberChild$")
			cmd.Env = append(os.Environ(), memberMode+"=brief", childDir+"="+dir)
			out, _ := cmd.Output() // it may end with an error: that is the point
			said := map[string]int{}
			for line := range strings.Lines(string(out)) {
				if len(strings.Fields(line)) == 3 { // not its last words
					hear(t, line, said)
				}
			}
			m, err := store.OpenMembers(dir, store.Options{})
			if err != nil {
				t.Fatalf("%s %d: %v after\n%s", call, n, err, out)
			}
			for lane := range lanes {
				laneKept(t, m, lane, said)
			}
			balanced(t, m)
			ok(t, m.Close())
		}
	}
}
