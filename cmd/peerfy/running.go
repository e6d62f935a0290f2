package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"p2p.legal/peerfy/onion"
	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/site"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/search"
)

// runConfig says how a co-operative's folder is to be served.
type runConfig struct {
	dir    string
	tor    string // path, "control:ADDR", "" to look it up, or "none"
	listen string // also on 127.0.0.1:PORT or unix:PATH; "" for nowhere else
	log    *slog.Logger

	torrc string                     // of a private network
	seed  func(dataDir string) error // of a private network
}

// running is a site that is up: what was started, to be stopped in reverse.
type running struct {
	db      *store.DB
	members *store.Members
	site    *site.Site
	service atomic.Pointer[onion.Service] // nil without tor; set once the site is served
	preview string                        // address of --listen, "" for none
	fail    chan error                    // what ended a server

	stops []func() error // each waits for what it stops
}

// start brings everything up, in the order in which each needs the other. On
// an error it stops what it had started.
func start(ctx context.Context, c runConfig) (_ *running, err error) {
	r := &running{fail: make(chan error, 4)}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if r.db, err = openStore(c.dir); err != nil {
		return nil, err
	}
	r.onStop(r.db.Close)
	hostKey, err := hostKey(c.dir)
	if err != nil {
		return nil, err
	}
	if r.members, err = store.OpenMembers(c.dir, store.Options{Log: c.log}); err != nil {
		return nil, storeError(c.dir, err)
	}
	r.onStop(r.members.Close)
	if _, err := soldAt(c.dir); err != nil {
		return nil, err
	}
	for _, sub := range []string{"run", "tor"} {
		if err := os.MkdirAll(filepath.Join(c.dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	index, err := search.Open(filepath.Join(c.dir, "search"), r.db, c.log)
	if err != nil {
		return nil, fmt.Errorf("opening the search index: %w", err)
	}
	r.onStop(index.Close)
	preview, err := r.listen(c)
	if err != nil {
		return nil, err
	}
	if preview != nil {
		r.onStop(func() error { preview.Close(); return nil }) // the server closes it too
	}
	if r.site, err = site.New(r.siteConfig(c, index, hostKey)); err != nil {
		return nil, err
	}
	r.onStop(func() error { r.site.Close(); return nil })
	if err := r.serveAdmin(c); err != nil {
		return nil, err
	}
	if preview != nil {
		r.serve(preview, r.site, c.log, nil)
	}
	r.keepFresh(ctx, c)
	return r, r.serveOnion(ctx, c)
}

func (r *running) siteConfig(c runConfig, index *search.Index, hostKey [32]byte) site.Config {
	limiter := onion.NewLimiter(onion.Limits{Evict: r.evict})
	status := r.onionStatus
	if c.tor == "none" {
		status = nil
	}
	return site.Config{
		DB: r.db, Search: index, Onion: r.db.Charter().Onion, Hosts: r.hosts(), Log: c.log,
		SealNotice: func(text []byte) ([]byte, error) { return seal.Seal(r.db.Charter().Notices, text) },
		Limit: func(ctx context.Context) (leave func(), wait time.Duration, ok bool) {
			if ctx.Value(stranger{}) == nil {
				return func() {}, 0, true // over --listen, from this machine
			}
			return limiter.Enter(ctx)
		},
		Status:  status,
		Members: r.members, HostKey: hostKey, Month: (&months{folder: filepath.Join(c.dir, monthsDir)}).keys,
		Sold: func() []string {
			lines, err := soldAt(c.dir) // each time: it may be written while we run
			if err != nil {
				c.log.Error("where vouchers are sold cannot be told", "error", err)
			}
			return lines
		},
	}
}

func (r *running) onionStatus() site.StatusInfo {
	service := r.service.Load()
	if service == nil {
		return site.StatusInfo{}
	}
	state := service.State()
	return site.StatusInfo{Published: state.Published, PerCircuit: state.PerCircuit, Restarts: state.Restarts}
}

// stranger marks the context of connections that come through tor.
type stranger struct{}

func fromTor(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(onion.ConnContext(ctx, c), stranger{}, true)
}

// hosts are what a request over --listen may name, beside the onion address.
func (r *running) hosts() []string {
	_, port, err := net.SplitHostPort(r.preview)
	if err != nil {
		return nil
	}
	return []string{r.preview, net.JoinHostPort("localhost", port)}
}

// evict cuts a circuit that goes on asking although it was refused many times.
func (r *running) evict(circuit uint32) {
	if service := r.service.Load(); service != nil {
		service.CloseCircuit(circuit) // if tor is just down, so is the circuit
	}
}

func (r *running) onStop(f func() error) { r.stops = append(r.stops, f) }

// close stops everything in reverse order and waits for it.
func (r *running) close() error {
	var err error
	for i := len(r.stops) - 1; i >= 0; i-- {
		err = errors.Join(err, r.stops[i]())
	}
	r.stops = nil
	return err
}

// serve runs an HTTP server on l until close; running downloads get a moment.
func (r *running) serve(l net.Listener, h http.Handler, log *slog.Logger, connContext func(context.Context, net.Conn) context.Context) {
	srv := site.Server(h, log, connContext)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			r.fail <- err
		}
	}()
	r.onStop(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		err := srv.Shutdown(ctx)
		if err != nil {
			err = srv.Close()
		}
		<-done
		return err
	})
}

// serveAdmin lets other commands of the same owner reach the database that
// this process holds.
func (r *running) serveAdmin(c runConfig) error {
	path := adminSocket(c.dir)
	removeStale(path)
	l, err := net.Listen("unix", path)
	if err != nil {
		return missing("a --dir with a shorter path", "the admin socket cannot be made: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, l.Close())
	}
	r.serve(l, adminHandler(r.db, r.members), c.log, nil)
	return nil
}

// listen opens the place on loopback or a unix socket that was asked for; nil
// when none was.
func (r *running) listen(c runConfig) (net.Listener, error) {
	if c.listen == "" {
		return nil, nil
	}
	network, addr := "tcp", c.listen
	if path, ok := strings.CutPrefix(c.listen, "unix:"); ok {
		network, addr = "unix", path
	} else if host, _, err := net.SplitHostPort(addr); err != nil || !isLoopback(host) {
		return nil, usage("--listen %s: only loopback (127.0.0.1:PORT) or unix:PATH", c.listen)
	}
	if network == "unix" {
		removeStale(addr)
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		return nil, missing("another port, or 127.0.0.1:0", "cannot listen on %s: %w", c.listen, err)
	}
	r.preview = l.Addr().String()
	return l, nil
}

// removeStale removes the socket that a killed process left behind. One that
// answers, or that cannot be removed, shows when it is listened on.
func removeStale(path string) {
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		os.Remove(path)
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serveOnion publishes the site through tor.
func (r *running) serveOnion(ctx context.Context, c runConfig) error {
	if c.tor == "none" {
		return nil
	}
	key, err := onionKey(filepath.Join(c.dir, "keys"))
	if err != nil {
		return err
	}
	target, l, err := onionListener(c)
	if err != nil {
		return missing("a --dir with a shorter path", "%w", err)
	}
	r.serve(l, r.site, c.log, fromTor)
	service, err := onion.Start(ctx, onion.Config{
		Dir: filepath.Join(c.dir, "tor"), Key: key, Tor: c.tor, Target: target,
		Torrc: c.torrc, Seed: c.seed, Log: c.log,
	})
	if errors.Is(err, onion.ErrNoTor) {
		return missing("apt-get install tor, then peerfy doctor --dir "+c.dir, "%w", err)
	}
	if err != nil {
		return refused("peerfy doctor --dir "+c.dir, "%w", err)
	}
	r.service.Store(service)
	r.onStop(service.Close)
	return nil
}

// onionListener is a unix socket for a tor of our own, and a port on loopback
// for a tor that runs already.
func onionListener(c runConfig) (target string, l net.Listener, err error) {
	if strings.HasPrefix(c.tor, "control:") {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return "", nil, err
		}
		return l.Addr().String(), l, nil
	}
	target, err = filepath.Abs(filepath.Join(c.dir, "run", "site.sock"))
	if err != nil {
		return "", nil, err
	}
	l, err = onion.Listen(target)
	return target, l, err
}

// keepFresh cosigns the checkpoint with the time, now and once a day.
func (r *running) keepFresh(ctx context.Context, c runConfig) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	r.onStop(func() error { cancel(); <-done; return nil })
	go func() {
		defer close(done)
		for {
			pause := 24 * time.Hour
			if err := freshen(r.db, c.dir); err != nil {
				c.log.Error("the checkpoint could not be freshened", "err", err)
				pause = time.Hour
			}
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
		}
	}()
}

func freshen(db *store.DB, dir string) error {
	skey, err := secret(filepath.Join(dir, "keys"), roleFresh)
	if err != nil {
		return err
	}
	s, err := ledger.NewCosigner(skey)
	if err != nil {
		return err
	}
	now := time.Now()
	if last, ok := db.Freshened(); ok && now.Before(last.Add(-time.Hour)) {
		return fmt.Errorf("the clock shows a time before the last freshness, %s", last.UTC().Format(time.DateOnly))
	}
	return db.Freshen(s, now)
}

// writeStatus writes what a program wants to know, whole or not at all.
func writeStatus(path string, status map[string]any) error {
	if path == "" {
		return nil
	}
	b, err := json.MarshalIndent(status, "", "  ")
	if err != nil {
		return err
	}
	partial := path + ".partial"
	if err := os.WriteFile(partial, append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(partial, path)
}
