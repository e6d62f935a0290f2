package onion_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"p2p.legal/peerfy/onion"
	"p2p.legal/peerfy/onion/testnet"
)

// limit guards against hanging only.
const limit = 2 * time.Minute

// world is one private Tor network with one client, shared by the tests of this
// file.
type world struct {
	net    *testnet.Net
	client *testnet.Client
}

// sharedDir is the folder that test runs on this machine keep their networks
// in.
func sharedDir() string {
	if dir := os.Getenv("PEERFY_TESTNET"); dir != "" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "peerfy", "testnet")
}

func newWorld(t testing.TB) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	n, err := testnet.Shared(ctx, testnet.Config{Dir: sharedDir(), Log: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	c, err := n.Client(ctx, filepath.Join(privateDir(t), "client"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &world{n, c}
}

func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// visitor is an HTTP client through the client's tor, with circuits of its own.
func (w *world) visitor(t testing.TB, isolation string) *http.Client {
	tr := &http.Transport{DialContext: onion.NewDialer(w.client.Addr(), t.Name()+isolation).DialContext}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: limit}
}

// site is a small site that tells circuits, and never stops telling at /long.
func site(svc func() *onion.Service) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		id, ok := onion.CircuitID(r.Context())
		fmt.Fprintf(w, "%d %v\n", id, ok)
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		var id uint32
		fmt.Sscan(r.FormValue("id"), &id)
		fmt.Fprintln(w, svc().CloseCircuit(id))
	})
	return mux
}

// serve publishes a site and returns when it is published.
func (w *world) serve(t testing.TB, key ed25519.PrivateKey, h http.Handler, log *slog.Logger) *onion.Service {
	t.Helper()
	dir := privateDir(t)
	l, err := onion.Listen(filepath.Join(dir, "wéb site", "s"))
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h, ConnContext: onion.ConnContext}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	began := time.Now()
	s, err := onion.Start(t.Context(), onion.Config{Dir: filepath.Join(dir, "tör dir"), Key: key, Target: filepath.Join(dir, "wéb site", "s"),
		Torrc: w.net.Torrc(), Seed: w.net.Seed, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("published after %v", time.Since(began))
	return s
}

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	key, err := onion.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// fetch gets a page, trying again while the service is being found, and returns
// it with the time it took.
func fetch(t testing.TB, c *http.Client, url string) (string, time.Duration) {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for {
		body, err := get(ctx, c, url)
		if err == nil {
			return body, time.Since(began)
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", url, err)
		case <-time.After(100 * time.Millisecond): // tor keeps no queue of those who wait for a service
		}
	}
}

func get(ctx context.Context, c *http.Client, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return strings.TrimSpace(string(b)), err
}

// stage is one service with all that the tests of it need.
type stage struct {
	*world
	service  *onion.Service
	key      ed25519.PrivateKey
	url      string
	log      record
	visitors []string // numbers of circuits that came
}

func TestService(t *testing.T) {
	g := &stage{world: newWorld(t), key: newKey(t)}
	g.service = g.serve(t, g.key, site(func() *onion.Service { return g.service }), g.log.logger())
	g.url = "http://" + g.service.Address()
	t.Run("reachable at the address of its key", g.reachable)
	t.Run("one circuit one number", g.numbers)
	t.Run("a circuit can be cut", g.cut)
	t.Run("dials onions through its own tor, and nothing else", g.dials)
	t.Run("back after tor was killed", func(t *testing.T) { recovers(t, g.service, g.world, g.url, syscall.SIGKILL) })
	t.Run("back after tor froze", func(t *testing.T) { recovers(t, g.service, g.world, g.url, syscall.SIGSTOP) })
	t.Run("tor dies with us", g.torDiesWithUs)
	t.Run("nothing left after Close", g.ends)
	g.log.checkPrivate(t, g.visitors...)
}

func (g *stage) reachable(t *testing.T) {
	if want := onion.Address(g.key.Public().(ed25519.PublicKey)); g.service.Address() != want {
		t.Errorf("address %s, want %s", g.service.Address(), want)
	}
	_, took := fetch(t, g.visitor(t, ""), g.url)
	t.Logf("first page after %v", took)
	st := g.service.State()
	if !st.Published || !st.PerCircuit || !st.PoW || st.Restarts != 0 || st.Version == "" || st.Pid == 0 {
		t.Errorf("state %+v", st)
	}
}

func (g *stage) numbers(t *testing.T) {
	a, b := g.visitor(t, "a"), g.visitor(t, "b")
	a1, _ := fetch(t, a, g.url)
	a.CloseIdleConnections() // a new connection, on the same circuit
	a2, _ := fetch(t, a, g.url)
	b1, _ := fetch(t, b, g.url)
	if a1 != a2 || a1 == b1 || !strings.HasSuffix(a1, "true") || !strings.HasSuffix(b1, "true") {
		t.Errorf("first visitor %q, then %q; second %q", a1, a2, b1)
	}
	g.visitors = append(g.visitors, strings.Fields(a1)[0], strings.Fields(b1)[0])
}

func (g *stage) cut(t *testing.T) {
	victim := g.visitor(t, "victim")
	id, _ := fetch(t, victim, g.url)
	resp, err := victim.Get(g.url + "/long")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.CopyN(io.Discard, resp.Body, 1<<16); err != nil {
		t.Fatal(err)
	}
	if got, _ := fetch(t, g.visitor(t, "other"), g.url+"/cut?id="+strings.Fields(id)[0]); got != "<nil>" {
		t.Errorf("CloseCircuit: %s", got)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("endless download ended without an error")
	}
	if err := g.service.CloseCircuit(4_000_000_000); err != nil {
		t.Errorf("cutting a circuit that is gone: %v", err)
	}
}

func (g *stage) dials(t *testing.T) {
	d := g.service.Dialer("sync")
	c := &http.Client{Transport: &http.Transport{DialContext: d.DialContext}, Timeout: limit}
	defer c.CloseIdleConnections()
	fetch(t, c, g.url)
	for _, host := range []string{"example.com", "127.0.0.1", "localhost", "expyuzz4wqqyqhjn.onion", "www." + g.service.Address()} {
		if _, err := d.DialContext(t.Context(), "tcp", host+":80"); !errors.Is(err, onion.ErrNotOnion) {
			t.Errorf("%s: %v, want ErrNotOnion", host, err)
		}
	}
}

func (g *stage) ends(t *testing.T) {
	pid := g.service.State().Pid
	if err := g.service.Close(); err != nil {
		t.Error(err)
	}
	g.service.Wait()
	if alive(pid) {
		t.Error("tor is still there")
	}
	if err := g.service.Ready(t.Context()); !errors.Is(err, onion.ErrClosed) {
		t.Errorf("Ready after Close: %v", err)
	}
	if err := g.service.CloseCircuit(1); !errors.Is(err, onion.ErrDown) {
		t.Errorf("CloseCircuit after Close: %v", err)
	}
	if got := g.service.State(); got.Published || got.Bootstrap != 0 || got.Pid != 0 || g.service.SocksAddr() != "" {
		t.Errorf("state after Close: %+v, SOCKS at %q", got, g.service.SocksAddr())
	}
}

// away are the times within which the service is promised to be back.
var away = map[syscall.Signal]time.Duration{syscall.SIGKILL: 10 * time.Second, syscall.SIGSTOP: 20 * time.Second}

// recovers sends tor a signal and measures how long the service was away: until
// it was published again, and until a visitor who had been there before, and
// tries the old introduction points first, was back.
func recovers(t *testing.T, s *onion.Service, w *world, url string, sig syscall.Signal) (published, back time.Duration) {
	t.Helper()
	before := s.State()
	c := w.visitor(t, "before")
	fetch(t, c, url)
	c.CloseIdleConnections()
	began := time.Now()
	if err := syscall.Kill(before.Pid, sig); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := s.Await(ctx, func(st onion.State) bool { return st.Restarts > before.Restarts && st.Published }); err != nil {
		t.Fatal(err)
	}
	published = time.Since(began)
	fetch(t, c, url)
	back = time.Since(began)
	t.Logf("%v: published again after %v, visited after %v (promised: %v)", sig, published, back, away[sig])
	return published, back
}

// One visitor floods and is refused, and in the end cut off, while the other is
// served.
func TestLimiterOverTor(t *testing.T) {
	w := newWorld(t)
	var s *onion.Service
	var mu sync.Mutex
	evicted := map[uint32]bool{}
	l := onion.NewLimiter(onion.Limits{Rate: 1, Burst: 10, EvictAfter: 20, Evict: func(id uint32) {
		mu.Lock()
		evicted[id] = true
		mu.Unlock()
		if err := s.CloseCircuit(id); err != nil {
			t.Error(err)
		}
	}})
	s = w.serve(t, newKey(t), l.Handler(site(nil), func(rw http.ResponseWriter, _ *http.Request, after time.Duration) {
		rw.Header().Set("Retry-After", fmt.Sprint(int(after.Seconds())))
		http.Error(rw, "slowly", http.StatusTooManyRequests)
	}), testLog(t))
	url := "http://" + s.Address()
	good, bad := w.visitor(t, "good"), w.visitor(t, "bad")
	badID, _ := fetch(t, bad, url)
	goodID, _ := fetch(t, good, url)
	cut := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(evicted) > 0
	}
	served, refused := flood(t, bad, url, cut)
	t.Logf("flood: %d served and %d refused before it was cut off", served, refused)
	if refused < 15 || served > 25 { // burst and rate; the visitor is slower than it would like to be
		t.Errorf("flood: %d served and %d refused before it was cut off", served, refused)
	}
	if body, _ := fetch(t, good, url); body != goodID {
		t.Errorf("the other visitor got %q, want %q", body, goodID)
	}
	mu.Lock()
	defer mu.Unlock()
	if got := fmt.Sprint(slices.Collect(maps.Keys(evicted))); got != "["+strings.Fields(badID)[0]+"]" {
		t.Errorf("evicted %s, want %s", got, badID)
	}
}

// flood asks for a page again and again, four at a time, until the circuit was
// cut.
func flood(t *testing.T, c *http.Client, url string, cut func() bool) (served, refused int) {
	t.Helper()
	status := make(chan int)
	for range 4 {
		go func() {
			for !cut() && t.Context().Err() == nil {
				resp, err := c.Get(url)
				if err != nil {
					continue // cut off
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				status <- resp.StatusCode
			}
			status <- 0
		}()
	}
	for ended := 0; ended < 4; {
		switch <-status {
		case 0:
			ended++
		case http.StatusTooManyRequests:
			refused++
		default:
			served++
		}
	}
	return served, refused
}
