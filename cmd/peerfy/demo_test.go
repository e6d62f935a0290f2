package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"

	"p2p.legal/peerfy/onion"
)

var pictures = flag.Bool("pictures", false, "write the README's pictures to site/testdata")

// demoRun is a `peerfy demo` of its own process, as a person starts it.
type demoRun struct {
	dir                                  string
	cmd                                  *exec.Cmd
	Onion, Socks, Preview, VKey, Voucher string
}

// startDemo runs the demo and returns when it is up.
func startDemo(t *testing.T, args ...string) *demoRun {
	t.Helper()
	d := &demoRun{dir: t.TempDir()}
	status := filepath.Join(d.dir, "status.json")
	args = append([]string{"demo", "--dir", filepath.Join(d.dir, "demo"), "--status", status}, args...)
	d.cmd = exec.Command("peerfy", args...)
	words := &bytes.Buffer{}
	d.cmd.Stderr = words
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.stop(t) })
	guard := time.AfterFunc(10*time.Minute, func() { d.cmd.Process.Kill() })
	defer guard.Stop()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "preview") { // the last line it prints
			d.readStatus(t, status)
			return d
		}
	}
	t.Fatalf("the demo did not come up:\n%s", words)
	return nil
}

func (d *demoRun) readStatus(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, d); err != nil {
		t.Fatal(err)
	}
}

// stop is Ctrl-C; afterwards nothing that the demo started may be left.
func (d *demoRun) stop(t *testing.T) {
	if d.cmd.ProcessState != nil {
		return
	}
	if err := d.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("the demo ended with %v", err)
	}
	if left := processesAbout(t, d.dir); len(left) > 0 {
		t.Errorf("Ctrl-C left processes behind: %q", left)
	}
}

// processesAbout lists the command lines that name dir.
func processesAbout(t *testing.T, dir string) (found []string) {
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte(dir)) {
			found = append(found, strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
	return found
}

// client fetches through the demo's SOCKS port, on a circuit of its own.
func (d *demoRun) client(purpose string) *http.Client {
	dialer := onion.NewDialer(d.Socks, purpose)
	return &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, addr)
		},
	}}
}

func (d *demoRun) url(path string) string { return "http://" + d.Onion + path }

// get fetches a page over the onion.
func (d *demoRun) get(t *testing.T, path string) []byte {
	t.Helper()
	resp, err := d.client(t.Name()).Get(d.url(path))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, resp.Status, err)
	}
	return b
}

// release finds the id of the release with that title.
func (d *demoRun) release(t *testing.T, title string) string {
	t.Helper()
	page := d.get(t, "/en/browse/all")
	for _, m := range regexp.MustCompile(`(?s)<a href="[^"]*r/([a-z2-7]{20})">(.*?)</a>`).FindAllSubmatch(page, -1) {
		if bytes.Contains(m[2], []byte(title)) {
			return string(m[1])
		}
	}
	t.Fatalf("no release is called %q", title)
	return ""
}

// TestDemo is the promise of `make demo`, seen from outside: a listener in a
// browser without scripts, a keyboard at 320 pixels, two members, a stranger who
// verifies the log, an ordinary torrent client, all over the onion.
func TestDemo(t *testing.T) {
	d := startDemo(t)
	t.Run("listener", func(t *testing.T) { listener(t, d) })
	t.Run("keyboard", func(t *testing.T) { keyboard(t, d) })
	t.Run("members", func(t *testing.T) { members(t, d) })
	t.Run("ledger", func(t *testing.T) { strangerVerifies(t, d) })
	t.Run("torrent", func(t *testing.T) { torrentClient(t, d) })
	t.Run("preview", func(t *testing.T) { preview(t, d) })
	d.stop(t)
}

// strangerVerifies follows the log over the onion with an implementation that
// is not ours, knowing nothing but the log's key.
func strangerVerifies(t *testing.T, d *demoRun) {
	policy, err := torchwood.ParsePolicy([]byte("log " + d.VKey + "\nquorum none\n"))
	if err != nil {
		t.Fatal(err)
	}
	fetcher, err := torchwood.NewTileFetcher(d.url("/ledger"), torchwood.WithHTTPClient(d.client("stranger")))
	if err != nil {
		t.Fatal(err)
	}
	msg, err := fetcher.ReadEndpoint(t.Context(), "checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, _, err := torchwood.VerifyCheckpoint(msg, policy)
	if err != nil {
		t.Fatal(err)
	}
	client, err := torchwood.NewClient(fetcher)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, raw := range client.AllEntries(t.Context(), checkpoint.Tree, 0) {
		kind, _, _ := strings.Cut(string(raw), "\n")
		kinds = append(kinds, kind)
	}
	if err := client.Err(); err != nil {
		t.Fatal(err)
	}
	if int64(len(kinds)) != checkpoint.N || checkpoint.N < 10 || kinds[0] != "peerfy/charter/v1" {
		t.Errorf("verified %d entries of %d: %q", len(kinds), checkpoint.N, kinds)
	}
}

// torrentClient downloads an open release with a stock client.
func torrentClient(t *testing.T, d *demoRun) {
	fetchTorrent(t, d, d.get(t, "/r/"+d.release(t, "Carnet de chantier")+".torrent"))
}

// fetchTorrent downloads with a stock client that knows only the .torrent file,
// its web seed being the site's onion.
func fetchTorrent(t *testing.T, d *demoRun, torrent []byte) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "r.torrent"), torrent, 0o600); err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(d.Socks)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "torsocks", "-a", host, "-P", port, "aria2c", "--async-dns=false", "--disable-ipv6=true", "--enable-dht=false",
		"--bt-enable-lpd=false", "--enable-peer-exchange=false", "--seed-time=0", "--summary-interval=0", "--dir", dir, filepath.Join(dir, "r.torrent"))
	cmd.Env = append(os.Environ(), "TORSOCKS_ALLOW_INBOUND=1") // it wants a port to listen on, which nobody reaches
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sums, err := filepath.Glob(filepath.Join(dir, "*", "SHA256SUMS"))
	if err != nil || len(sums) != 1 {
		t.Fatalf("%q, %v", sums, err)
	}
	check := exec.Command("sha256sum", "-c", "SHA256SUMS")
	check.Dir = filepath.Dir(sums[0])
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// preview: the loopback address shows the same shop without tor.
func preview(t *testing.T, d *demoRun) {
	resp, err := http.Get(d.Preview + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || !bytes.Contains(b, []byte("Onion Waltz")) {
		t.Errorf("%s, %v", resp.Status, err)
	}
}
