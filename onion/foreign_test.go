package onion_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"p2p.legal/peerfy/onion"
	"p2p.legal/peerfy/onion/internal/torproc"
)

// machinesTor is a tor like that of a distribution: not ours, with a control
// port and a cookie.
func machinesTor(t *testing.T, w *world, dir string) *torproc.Process {
	t.Helper()
	if err := w.net.Seed(dir); err != nil {
		t.Fatal(err)
	}
	torrc := w.net.Torrc() + fmt.Sprintf("DataDirectory %s\nSocksPort auto\nControlPort unix:%s/control\nCookieAuthentication 1\nLog notice stdout\n__OwningControllerProcess %d\n",
		dir, dir, os.Getpid())
	path := filepath.Join(dir, "torrc")
	if err := os.WriteFile(path, []byte(torrc), 0o600); err != nil {
		t.Fatal(err)
	}
	up := make(chan bool, 1)
	tor, err := torproc.Look("")
	if err != nil {
		t.Fatal(err)
	}
	p, err := torproc.Start(torproc.Config{Tor: tor, Torrc: path, Line: func(s string) {
		if strings.Contains(s, "Bootstrapped 100%") {
			select {
			case up <- true:
			default:
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	select {
	case <-up:
	case <-p.Done():
		t.Fatal("tor ended at its start")
	}
	return p
}

func TestExistingControlPort(t *testing.T) {
	w := newWorld(t)
	dir := privateDir(t)
	config := onion.Config{Key: newKey(t), Tor: "control:" + filepath.Join(dir, "control"), Log: testLog(t)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: site(nil), ConnContext: onion.ConnContext}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	defer func() {
		srv.Close()
		<-served
	}()
	config.Target = l.Addr().String()
	if _, err := onion.Start(t.Context(), config); err == nil {
		t.Fatal("started without a tor")
	}

	first := machinesTor(t, w, dir)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	s, err := onion.Start(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	if st := s.State(); st.PerCircuit || st.Pid != 0 || !st.PoW || st.Version == "" {
		t.Errorf("state %+v", st)
	}
	url := "http://" + s.Address()
	if got, _ := fetch(t, w.visitor(t, ""), url); got != "0 false" {
		t.Errorf("page %q, want no circuit number", got)
	}
	own := &http.Client{Transport: &http.Transport{DialContext: s.Dialer("x").DialContext}, Timeout: limit}
	defer own.CloseIdleConnections()
	fetch(t, own, url)

	// The same key cannot be published twice by one tor: said at once.
	if _, err := onion.Start(ctx, config); err == nil || !strings.Contains(err.Error(), "collision") {
		t.Errorf("second service: %v", err)
	}

	// That tor is restarted by its own keeper.
	first.Kill()
	machinesTor(t, w, dir)
	if err := s.Await(ctx, func(st onion.State) bool { return st.Restarts > 0 && st.Published }); err != nil {
		t.Fatal(err)
	}
	fetch(t, w.visitor(t, "later"), url)

	// Close takes the service back, and leaves that tor running.
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Ready(ctx); !errors.Is(err, onion.ErrClosed) {
		t.Errorf("Ready after Close: %v", err)
	}
	again, err := onion.Start(ctx, config)
	if err != nil {
		t.Fatalf("publishing again: %v", err)
	}
	again.Close()
}
