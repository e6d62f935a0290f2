package onion_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/onion"
)

// Each of these is refused at once, in one sentence, before anything is made.
func TestStartRefuses(t *testing.T) {
	key := newKey(t)
	top := privateDir(t)
	target := filepath.Join(top, "s")
	for name, c := range map[string]struct {
		config onion.Config
		says   string
	}{
		"no key":                 {onion.Config{Target: target}, "no key"},
		"no folder":              {onion.Config{Key: key, Target: target}, "no usable folder"},
		"folder path too long":   {onion.Config{Key: key, Target: target, Dir: filepath.Join(top, strings.Repeat("x", 100))}, "too long"},
		"folder path with quote": {onion.Config{Key: key, Target: target, Dir: filepath.Join(top, `a"b`)}, "cannot be written"},
		"no target":              {onion.Config{Key: key, Dir: filepath.Join(top, "d")}, "neither"},
		"relative target":        {onion.Config{Key: key, Dir: filepath.Join(top, "d"), Target: "s"}, "neither"},
		"target elsewhere":       {onion.Config{Key: key, Dir: filepath.Join(top, "d"), Target: "192.0.2.1:80"}, "neither"},
		"target by name":         {onion.Config{Key: key, Dir: filepath.Join(top, "d"), Target: "localhost:80"}, "neither"},
		"target path too long":   {onion.Config{Key: key, Dir: filepath.Join(top, "d"), Target: "/" + strings.Repeat("x", 110)}, "too long"},
		"target with newline":    {onion.Config{Key: key, Dir: filepath.Join(top, "d"), Target: "/a\nb"}, "cannot be written"},
		"no such tor":            {onion.Config{Key: key, Dir: filepath.Join(top, "d"), Target: target, Tor: "/nonexistent/tor"}, "no tor program"},
		"not a tor":              {onion.Config{Key: key, Dir: filepath.Join(top, "d"), Target: target, Tor: "/bin/echo"}, "no version"},
		"foreign control port":   {onion.Config{Key: key, Target: "127.0.0.1:80", Tor: "control:192.0.2.1:9051"}, "control port"},
		"control port to socket": {onion.Config{Key: key, Target: target, Tor: "control:127.0.0.1:9051"}, "not a port on loopback"},
	} {
		s, err := onion.Start(t.Context(), c.config)
		if err == nil {
			s.Close()
			t.Errorf("%s: started", name)
			continue
		}
		if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q, want one line with %q", name, err, c.says)
		}
	}
	if left, err := os.ReadDir(top); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// What tor itself refuses is told in tor's words, and nothing is left running
// or locked.
func TestStartTellsTorsWords(t *testing.T) {
	c := onion.Config{Key: newKey(t), Dir: filepath.Join(privateDir(t), "tor"), Target: "127.0.0.1:80", Torrc: "NoSuchOption 1\n"}
	for range 2 {
		began := time.Now()
		_, err := onion.Start(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), "NoSuchOption") {
			t.Errorf("error %v, want tor's words", err)
		}
		t.Logf("refused after %v: %v", time.Since(began), err)
	}
	if st, err := os.Stat(c.Dir); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("folder %v, %v; want mode 700", st.Mode(), err)
	}
}

// Two services cannot share a folder; the one that was first is not disturbed.
func TestStartRefusesFolderInUse(t *testing.T) {
	// A network of which no authority answers: this tor stays alone.
	torrc := "TestingTorNetwork 1\nDirAuthority nobody orport=9 no-v2 v3ident=" + strings.Repeat("A", 40) + " 127.0.0.1:9 " + strings.Repeat("B", 40) + "\n"
	c := onion.Config{Key: newKey(t), Dir: filepath.Join(privateDir(t), "tor"), Target: "127.0.0.1:80", Torrc: torrc, SocksTCP: true}
	first, err := onion.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if _, err := onion.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second service: %v", err)
	}
	if st := first.State(); st.Pid == 0 || st.Restarts != 0 || st.Published || st.PerCircuit {
		t.Errorf("first service: %+v", st)
	}
	if addr := first.SocksAddr(); !strings.HasPrefix(addr, "127.0.0.1:") {
		t.Errorf("SOCKS at %q, want a port on loopback", addr)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	again, err := onion.Start(t.Context(), c)
	if err != nil {
		t.Fatalf("folder is not free after Close: %v", err)
	}
	again.Close()
}

func TestProbe(t *testing.T) {
	info, err := onion.Probe(t.Context(), "")
	if err != nil || !filepath.IsAbs(info.Path) || strings.Count(info.Version, ".") < 3 {
		t.Errorf("got %+v, %v", info, err)
	}
	if _, err := onion.Probe(t.Context(), "/nonexistent/tor"); !errors.Is(err, onion.ErrNoTor) {
		t.Errorf("got %v, want ErrNoTor", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := onion.Probe(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
}

func TestDialerWithoutTor(t *testing.T) {
	address := known[0] + ":80"
	if _, err := onion.NewDialer("", "x").DialContext(t.Context(), "tcp", address); !errors.Is(err, onion.ErrDown) {
		t.Errorf("got %v, want ErrDown", err)
	}
	if _, err := onion.NewDialer("unix:/nonexistent/socks", "x").DialContext(t.Context(), "tcp", address); err == nil {
		t.Error("dialed through a socket that is not there")
	}
	for _, c := range [][2]string{{"udp", address}, {"tcp", known[0]}, {"tcp", "example.com:80"}, {"tcp", "[::1]:80"}} {
		if _, err := onion.NewDialer("unix:/nonexistent/socks", "x").DialContext(t.Context(), c[0], c[1]); err == nil || strings.Contains(err.Error(), "nonexistent") {
			t.Errorf("%s: %v, want a refusal before any dialing", c, err)
		}
	}
}
