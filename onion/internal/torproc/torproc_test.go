package torproc_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"p2p.legal/peerfy/onion/internal/torproc"
)

// script is a stand-in for tor that does not need a network.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tor")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLook(t *testing.T) {
	if path, err := torproc.Look(""); err != nil || !filepath.IsAbs(path) {
		t.Errorf("tor of this machine: %q, %v", path, err)
	}
	for _, path := range []string{"/nonexistent/tor", t.TempDir(), "no-such-tor"} {
		if _, err := torproc.Look(path); !errors.Is(err, torproc.ErrNoTor) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want ErrNoTor with the path", path, err)
		}
	}
}

func TestQuote(t *testing.T) {
	if got, err := torproc.Quote("/srv/peer fy/é"); got != `"/srv/peer fy/é"` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	for _, bad := range []string{"", "a\"b", "a\\b", "a#b", "a\nb", "a\x00b", "a\x7fb"} {
		if got, err := torproc.Quote(bad); err == nil {
			t.Errorf("%q was written as %s", bad, got)
		}
	}
}

func TestMessage(t *testing.T) {
	for _, c := range []struct{ line, severity, text string }{
		{"Nov 21 05:12:47.850 [notice] Opened [x] y", "notice", "Opened [x] y"},
		{"Nov 21 05:12:47.850 [warn] ", "warn", ""},
		{"plain", "", "plain"},
		{"", "", ""},
	} {
		if severity, text := torproc.Message(c.line); severity != c.severity || text != c.text {
			t.Errorf("%q: %q, %q", c.line, severity, text)
		}
	}
}

func TestLinesAndEnd(t *testing.T) {
	var got []string
	long := strings.Repeat("x", 10_000)
	p, err := torproc.Start(torproc.Config{Torrc: filepath.Join(t.TempDir(), "torrc"), Line: func(s string) { got = append(got, s) },
		Tor: script(t, "echo one; echo two >&2; echo; echo "+long+"; echo \"$#:$2:$HOME\"; exit 3\n")})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Err(); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("end: %v", err)
	}
	if len(got) != 6 || got[0] != "one" || got[1] != "two" || got[2] != "" || got[3]+got[4] != long {
		t.Errorf("lines %q", got)
	}
	if last := got[len(got)-1]; !strings.HasPrefix(last, "4:") || !strings.HasSuffix(last, "torrc:") {
		t.Errorf("arguments and environment: %q", last)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("signal to a process that is gone: %v", err)
	}
	p.Stop(time.Minute)
}

// A process that ignores the request to end, or is frozen, is killed after the
// grace.
func TestStopKills(t *testing.T) {
	ready := make(chan bool, 1)
	p, err := torproc.Start(torproc.Config{Torrc: filepath.Join(t.TempDir(), "torrc"), Line: func(string) { ready <- true },
		Tor: script(t, "trap '' TERM; echo ready; while :; do read x; done </dev/zero\n")})
	if err != nil {
		t.Fatal(err)
	}
	<-ready
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	p.Stop(50 * time.Millisecond)
	if err := syscall.Kill(p.Pid(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process is still there: %v", err)
	}
}

func TestStartFails(t *testing.T) {
	if _, err := torproc.Start(torproc.Config{Tor: "/nonexistent/tor", Torrc: "/nonexistent/torrc"}); err == nil {
		t.Error("a program that is not there was started")
	}
}

func TestTryLock(t *testing.T) {
	dir := t.TempDir()
	first, err := torproc.TryLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := torproc.TryLock(dir); !errors.Is(err, torproc.ErrLocked) {
		t.Errorf("second lock: %v, want ErrLocked", err)
	}
	first.Close()
	again, err := torproc.TryLock(dir)
	if err != nil {
		t.Fatalf("lock of a folder that is free again: %v", err)
	}
	again.Close()
	if _, err := torproc.TryLock(filepath.Join(dir, "none")); err == nil || errors.Is(err, torproc.ErrLocked) {
		t.Errorf("lock of a folder that is not there: %v", err)
	}
}
