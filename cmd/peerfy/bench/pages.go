package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"p2p.legal/peerfy/store"
)

const rounds = 5 // alternating; the median counts

// onionOf is the Host that the site in dir answers to.
func onionOf(dir string) (string, error) {
	db, err := store.Open(dir, store.Options{ReadOnly: true})
	if err != nil {
		return "", err
	}
	defer db.Close()
	return db.Charter().Onion, nil
}

// serve starts the site on the large catalogue, on a unix socket.
func (b *bench) serve(ctx context.Context) (*server, error) {
	socket := filepath.Join(os.TempDir(), fmt.Sprintf("peerfy-bench-%d.sock", os.Getpid()))
	return launch(ctx, socket, b.peerfy, "serve", "--dir", b.catalogue(), "--tor", "none", "--listen", "unix:"+socket, "--quiet")
}

// pages: CPU of a finished listing page, against nginx serving the same bytes.
func (b *bench) pages(ctx context.Context) error {
	host, err := onionOf(b.catalogue())
	if err != nil {
		return err
	}
	ours, err := b.serve(ctx)
	if err != nil {
		return err
	}
	defer ours.close()
	const page = "/browse/all"
	body, err := get(ours.socket, host, page)
	if err != nil {
		return err
	}
	peer, err := b.nginx(ctx, body)
	if err != nil {
		return err
	}
	defer peer.close()
	floor, err := b.bareServer(ctx, body)
	if err != nil {
		return err
	}
	defer floor.close()
	const n = 40_000
	var mine, theirs, least []time.Duration
	var ratios []float64
	for range rounds {
		m, err := ours.cost(host, page, n)
		if err != nil {
			return err
		}
		t, err := peer.cost(host, "/page", n)
		if err != nil {
			return err
		}
		f, err := floor.cost(host, "/page", n)
		if err != nil {
			return err
		}
		least = append(least, f)
		mine, theirs, ratios = append(mine, m), append(theirs, t), append(ratios, float64(m)/float64(t))
	}
	b.row(fmt.Sprintf("CPU a request, finished listing page, %d bytes gzipped; nginx serving the same", len(body)),
		median(mine).String(), median(theirs).String(), fmt.Sprintf("%.1f x", median(ratios)), "at most 3 x")
	b.row("  the same bytes from net/http alone, with two headers: what a Go server costs at least", median(least).String(), median(theirs).String(),
		fmt.Sprintf("%.1f x", float64(median(least))/float64(median(theirs))), "")
	return nil
}

// bareServer serves body with net/http and nothing of ours.
func (b *bench) bareServer(ctx context.Context, body []byte) (*server, error) {
	dir, err := os.MkdirTemp("", "peerfy-bare-")
	if err != nil {
		return nil, err
	}
	path, socket := filepath.Join(dir, "page"), filepath.Join(dir, "s")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return launch(ctx, socket, self, "-bare", socket, path)
}

func serveBare(socket, path string) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(body) // a client that has gone is no error
	}))
}

// nginx serves body at /page on a unix socket, with one worker.
func (b *bench) nginx(ctx context.Context, body []byte) (*server, error) {
	dir, err := os.MkdirTemp("", "peerfy-nginx-")
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "s")
	conf := strings.NewReplacer("DIR", dir, "SOCKET", socket).Replace(`
daemon off; worker_processes 1; pid DIR/pid; error_log stderr crit;
events { worker_connections 256; }
http {
  access_log off; sendfile on; open_file_cache max=100; keepalive_requests 1000000000; server_tokens off;
  client_body_temp_path DIR/a; proxy_temp_path DIR/b; fastcgi_temp_path DIR/c; uwsgi_temp_path DIR/d; scgi_temp_path DIR/e;
  server { listen unix:SOCKET; root DIR; default_type text/html; add_header Content-Encoding gzip; }
}`)
	if err := os.WriteFile(filepath.Join(dir, "page"), body, 0o644); err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "conf")
	if err := os.WriteFile(path, []byte(conf), 0o644); err != nil {
		return nil, err
	}
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	return launch(ctx, socket, program, "-c", path, "-e", "stderr")
}

// start: from exec to the first page, and what is resident then.
func (b *bench) start(ctx context.Context) error {
	host, err := onionOf(b.catalogue())
	if err != nil {
		return err
	}
	var times []time.Duration
	var memory []int64
	for range 11 {
		began := time.Now()
		s, err := b.serve(ctx)
		if err != nil {
			return err
		}
		if _, err := get(s.socket, host, "/"); err != nil {
			s.close()
			return err
		}
		times = append(times, time.Since(began))
		rss, err := resident(s.cmd.Process.Pid)
		if err != nil {
			return err
		}
		memory = append(memory, rss)
		if err := s.close(); err != nil {
			return err
		}
	}
	what := fmt.Sprintf("exec to first page, %d releases", b.releases)
	b.row(what, median(times).Round(time.Millisecond).String(), "", "", "at most 150 ms")
	b.row(what+": resident", fmt.Sprintf("%.0f MB", float64(median(memory))/1e6), "", "", "at most 100 MB")
	return nil
}
