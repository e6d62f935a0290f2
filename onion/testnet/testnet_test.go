package testnet_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/onion/testnet"
)

// limit guards against hanging only.
const limit = 2 * time.Minute

// atOnce is less than the 15 seconds after which tor itself would notice that
// we are gone; the kernel takes some milliseconds.
const atOnce = 5 * time.Second

// TestMain lets a test start this program again, as one that runs a network
// until it is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("TESTNET_VICTIM"); dir != "" {
		n, err := testnet.Start(context.Background(), testnet.Config{Dir: dir})
		fmt.Println(err, n.Pids())
		select {}
	}
	os.Exit(m.Run())
}

func start(t testing.TB, dir string) *testnet.Net {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	began := time.Now()
	n, err := testnet.Start(ctx, testnet.Config{Dir: dir, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	c, err := n.Client(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("resumed: %v, a client is ready after %v", n.Resumed(), time.Since(began))
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if alive(c.Pid()) {
		t.Error("client is still there after Close")
	}
	return n
}

// alive tells whether a process runs; one that is dead but was not waited for
// by its parent does not.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(b), ") ")
	return err == nil && !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

func TestNetwork(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine")
	if err := os.WriteFile(mine, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}

	t.Run("fresh", func(t *testing.T) {
		n := start(t, dir)
		if n.Resumed() {
			t.Error("resumed from nothing")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := testnet.Start(ctx, testnet.Config{Dir: dir}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("second network in one folder: %v", err)
		}
		pids := n.Pids()
		if err := n.Close(); err != nil || len(pids) != 8 {
			t.Errorf("closing %d nodes: %v", len(pids), err)
		}
		for _, pid := range pids {
			if alive(pid) {
				t.Errorf("process %d is still there after Close", pid)
			}
		}
	})
	t.Run("no node outlives us", func(t *testing.T) { killed(t, dir) })
	t.Run("resumed", func(t *testing.T) {
		if n := start(t, dir); !n.Resumed() {
			t.Error("a good network was not resumed")
		}
	})
	t.Run("a port is taken", func(t *testing.T) {
		plan, err := os.ReadFile(filepath.Join(dir, "plan.json"))
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:"+string(regexp.MustCompile(`"DirPort": (\d+)`).FindSubmatch(plan)[1]))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if n := start(t, dir); n.Resumed() {
			t.Error("resumed although a port is taken")
		}
	})
	if b, err := os.ReadFile(mine); err != nil || string(b) != "precious" {
		t.Errorf("somebody else's file: %q, %v", b, err)
	}
}

// killed runs the network in another process, kills that, and expects all nodes
// to be gone.
func killed(t *testing.T, dir string) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TESTNET_VICTIM="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "<nil> [") {
		t.Fatalf("victim says %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait() // killed, as it should be
	began := time.Now()
	for _, word := range strings.Fields(strings.Trim(line, "<nil> []\n")) {
		var pid int
		fmt.Sscan(word, &pid)
		for alive(pid) && time.Since(began) < atOnce {
			<-time.After(10 * time.Millisecond) // not our child: there is no event
		}
		if alive(pid) {
			t.Errorf("process %d outlived us", pid)
		}
	}
	t.Logf("all gone after %v", time.Since(began))
}

func TestStartRefuses(t *testing.T) {
	for name, c := range map[string]testnet.Config{
		"no folder":   {},
		"odd folder":  {Dir: filepath.Join(t.TempDir(), "a\nb")},
		"no such tor": {Dir: filepath.Join(t.TempDir(), "net"), Tor: "/nonexistent/tor"},
	} {
		if n, err := testnet.Start(t.Context(), c); err == nil {
			n.Close()
			t.Errorf("%s: started", name)
		}
		if _, err := os.Stat(c.Dir); c.Dir != "" && err == nil {
			t.Errorf("%s: folder was made", name)
		}
	}
	if _, err := testnet.Shared(t.Context(), testnet.Config{}); err == nil {
		t.Error("shared network without a folder")
	}
}

// BenchmarkBoot tells how many seconds the network takes until a client in it
// is ready, made anew and resumed.
func BenchmarkBoot(b *testing.B) {
	boot := func(b *testing.B, dir func() string) {
		var total time.Duration
		for b.Loop() {
			began := time.Now()
			n := start(b, dir())
			total += time.Since(began)
			n.Close()
		}
		b.ReportMetric(total.Seconds()/float64(b.N), "s/start")
		b.ReportMetric(0, "ns/op") // would count the end as well
	}
	b.Run("fresh", func(b *testing.B) { boot(b, b.TempDir) })
	b.Run("resumed", func(b *testing.B) {
		dir := b.TempDir()
		start(b, dir).Close()
		boot(b, func() string { return dir })
	})
}
