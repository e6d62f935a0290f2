package onion_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"p2p.legal/peerfy/onion"
)

// TestMain lets a test start this program again, as one that serves until it is
// killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("ONION_VICTIM"); dir != "" {
		victim(dir)
	}
	os.Exit(m.Run())
}

func victim(dir string) {
	torrc, err := os.ReadFile(filepath.Join(dir, "network"))
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := onion.NewKey()
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := onion.Start(context.Background(), onion.Config{Dir: filepath.Join(dir, "tor"), Key: key, Target: "127.0.0.1:80", Torrc: string(torrc)})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.State().Pid)
	select {}
}

// atOnce is less than the 15 seconds after which tor itself would notice that
// we are gone; the kernel takes some milliseconds.
const atOnce = 5 * time.Second

// A tor does not outlive the program that started it, even if that had no time
// to say goodbye.
func (g *stage) torDiesWithUs(t *testing.T) {
	dir := privateDir(t)
	if err := os.WriteFile(filepath.Join(dir, "network"), []byte(g.net.Torrc()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ONION_VICTIM="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	var pid int
	if _, scanErr := fmt.Sscan(line, &pid); scanErr != nil || pid == 0 {
		t.Errorf("victim says %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // killed, as it should be
	began := time.Now()
	for alive(pid) && time.Since(began) < atOnce {
		<-time.After(10 * time.Millisecond) // not our child: there is no event
	}
	if alive(pid) {
		t.Error("tor outlived us")
	}
	t.Logf("gone %v after us", time.Since(began))
}

// alive tells whether a process runs; one that is dead but was not waited for
// by its parent does not.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(b), ") ")
	return err == nil && !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// record is a log that is kept, at every level, and can be read again.
type record struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(b)
}

func (r *record) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// checkPrivate looks for what a log must not hold: a visitor's address in any
// form, or the number of a circuit.
func (r *record) checkPrivate(t *testing.T, circuits ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.b.String()
	if !strings.Contains(all, "tor is gone") || !strings.Contains(all, "Bootstrapped 100%") {
		t.Error("the log does not hold what happened, so that it proves nothing")
	}
	for line := range strings.Lines(all) {
		address := regexp.MustCompile(`fc00:|::1|\b\d+\.\d+\.\d+\.\d+:\d+`).FindString(line)
		if address != "" {
			t.Errorf("log holds address %q: %s", address, line)
		}
		for _, id := range circuits {
			if regexp.MustCompile(`(circuit|id)\S*[= ]` + id + `\b`).MatchString(line) {
				t.Errorf("log holds circuit %s: %s", id, line)
			}
		}
	}
}
