package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"p2p.legal/peerfy/onion"
	"p2p.legal/peerfy/onion/testnet"
	"p2p.legal/peerfy/site"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/storetest"
)

// boot: how long the private Tor network takes, fresh and resumed.
func (b *bench) boot(ctx context.Context) error {
	var fresh, resumed []time.Duration
	for range 3 {
		dir, err := os.MkdirTemp("", "peerfy-net-")
		if err != nil {
			return err
		}
		for _, times := range []*[]time.Duration{&fresh, &resumed} {
			began := time.Now()
			n, err := testnet.Start(ctx, testnet.Config{Dir: dir})
			if err != nil {
				return err
			}
			client, err := n.Client(ctx, filepath.Join(dir, "client"))
			if err != nil {
				return errors.Join(err, n.Close())
			}
			*times = append(*times, time.Since(began)) // a visitor can go in
			if err := errors.Join(client.Close(), n.Close()); err != nil {
				return err
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	b.row("private Tor network until a client is ready, fresh", median(fresh).Round(100*time.Millisecond).String(), "", "", "at most 20 s")
	b.row("private Tor network until a client is ready, resumed", median(resumed).Round(100*time.Millisecond).String(), "", "", "at most 6 s")
	return nil
}

const bulk = 16 << 20

// onion: the site and a plain file server, each behind its own onion service on
// one private network, fetched by turns by one client.
func (b *bench) onion(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "peerfy-onion-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	n, err := testnet.Start(ctx, testnet.Config{Dir: filepath.Join(dir, "net")})
	if err != nil {
		return err
	}
	defer n.Close()
	client, err := n.Client(ctx, filepath.Join(dir, "client"))
	if err != nil {
		return err
	}
	defer client.Close()
	plain, err := plainFiles(ctx, n, filepath.Join(dir, "plain"))
	if err != nil {
		return err
	}
	defer plain.Close()
	stop, address, large, err := b.demoSite(ctx, n, filepath.Join(dir, "site"))
	if err != nil {
		return err
	}
	defer stop()
	return b.compareOnions(ctx, client.Addr(), "http://"+address, large, "http://"+plain.Address())
}

// plainFiles is what the site is compared with: net/http's file server.
func plainFiles(ctx context.Context, n *testnet.Net, dir string) (*onion.Service, error) {
	files := filepath.Join(dir, "files")
	if err := os.MkdirAll(files, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(files, "page"), make([]byte, 5000), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(files, "bulk"), make([]byte, bulk), 0o600); err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "s")
	l, err := onion.Listen(socket)
	if err != nil {
		return nil, err
	}
	go http.Serve(l, http.FileServer(http.Dir(files))) // ends with the program
	key, err := onion.NewKey()
	if err != nil {
		return nil, err
	}
	s, err := onion.Start(ctx, onion.Config{Dir: filepath.Join(dir, "tor"), Key: key, Target: socket, Torrc: n.Torrc(), Seed: n.Seed, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return s, s.Ready(ctx)
}

// fetched is how long the first byte and the whole took.
type fetched struct{ first, whole time.Duration }

func fetch(ctx context.Context, socks, isolation, url string, limit int64) (f fetched, err error) {
	d := onion.NewDialer(socks, isolation)
	t := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return d.DialContext(ctx, network, addr)
	}}
	defer t.CloseIdleConnections()
	return fetchWith(ctx, &http.Client{Transport: t}, url, limit)
}

func fetchWith(ctx context.Context, client *http.Client, url string, limit int64) (f fetched, err error) {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return f, err
	}
	began := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return f, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return f, fmt.Errorf("%s: %s", url, resp.Status)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil {
		return f, err
	}
	f.first = time.Since(began)
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, limit))
	f.whole = time.Since(began)
	return f, err
}

// compareOnions fetches pages cold (a new circuit) and warm (the same circuit,
// a new stream), and one large file, by turns.
func (b *bench) compareOnions(ctx context.Context, socks, site, large, plain string) error {
	var cold, warm [2][]time.Duration
	var rate [2][]float64
	for i := range 10 {
		for j, url := range []string{site + "/", plain + "/page"} {
			circuit := fmt.Sprintf("page-%d-%d", i, j)
			c, err := fetch(ctx, socks, circuit, url, bulk)
			if err != nil {
				return err
			}
			w, err := fetch(ctx, socks, circuit, url, bulk)
			if err != nil {
				return err
			}
			cold[j], warm[j] = append(cold[j], c.first), append(warm[j], w.first)
		}
	}
	for i := range 3 {
		for j, url := range []string{site + large, plain + "/bulk"} {
			f, err := fetch(ctx, socks, fmt.Sprintf("bulk-%d-%d", i, j), url, bulk)
			if err != nil {
				return err
			}
			rate[j] = append(rate[j], bulk/1e6/f.whole.Seconds())
		}
	}
	ratio := func(a, b time.Duration) string { return fmt.Sprintf("%.2f x", float64(a)/float64(b)) }
	round := func(d time.Duration) string { return d.Round(time.Millisecond).String() }
	b.row("first byte through the private network, new circuit; plain file server", round(median(cold[0])), round(median(cold[1])), ratio(median(cold[0]), median(cold[1])), "")
	b.row("first byte, circuit there", round(median(warm[0])), round(median(warm[1])), ratio(median(warm[0]), median(warm[1])), "")
	b.row("one large file, one circuit", fmt.Sprintf("%.1f MB/s", median(rate[0])), fmt.Sprintf("%.1f MB/s", median(rate[1])), fmt.Sprintf("%.2f x", median(rate[0])/median(rate[1])), "")
	return nil
}

// demoSite is a site of one release with a large open file, behind its own
// onion service on the network n. path leads to the large file.
func (b *bench) demoSite(ctx context.Context, n *testnet.Net, dir string) (close func(), address, path string, err error) {
	c, err := storetest.Create(dir)
	if err != nil {
		return nil, "", "", err
	}
	id, err := c.AddRelease(storetest.Work{Open: true, Tracks: []string{"Long", "Short"}, MasterSize: bulk})
	if err != nil {
		return nil, "", "", err
	}
	m, err := c.DB.Manifest(id)
	if err != nil {
		return nil, "", "", err
	}
	key, err := onion.NewKey()
	if err != nil {
		return nil, "", "", err
	}
	address = onion.Address(key.Public().(ed25519.PublicKey))
	log := slog.New(slog.DiscardHandler)
	members, err := store.OpenMembers(dir, store.Options{})
	if err != nil {
		return nil, "", "", err
	}
	h, err := site.New(site.Config{DB: c.DB, Members: members, Onion: address, Log: log})
	if err != nil {
		return nil, "", "", err
	}
	socket := filepath.Join(dir, "s")
	l, err := onion.Listen(socket)
	if err != nil {
		return nil, "", "", err
	}
	srv := site.Server(h, log, onion.ConnContext)
	go srv.Serve(l) // ends with close
	s, err := onion.Start(ctx, onion.Config{Dir: filepath.Join(dir, "tor"), Key: key, Target: socket, Torrc: n.Torrc(), Seed: n.Seed, Log: log})
	if err != nil {
		return nil, "", "", err
	}
	close = func() { s.Close(); srv.Close(); h.Close(); members.Close(); c.DB.Close() }
	return close, address, "/o/" + m.Tracks[0].Master.Root.String(), s.Ready(ctx)
}
