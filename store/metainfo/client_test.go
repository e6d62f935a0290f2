package metainfo_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/store/metainfo"
)

// A stock client reads our torrent and fetches the whole release from a web seed, with names that need
// escaping, a folder, an empty file and pieces that run over file ends.
func TestAria2DownloadsFromAWebSeed(t *testing.T) {
	const name = "Ada - Été (2024) [FLAC]"
	contents := map[string]string{
		"01 - Up & away #1.flac": string(random(600_001)),
		"CD 2/01 - 日本.flac":      string(random(40_000)),
		"LICENCE.txt":            "free",
		"empty.txt":              "",
	}
	shelf := t.TempDir()
	var files []metainfo.File
	for path, content := range contents {
		files = append(files, file(path, content))
		full := filepath.Join(shelf, name, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	site := httptest.NewServer(http.FileServer(http.Dir(shelf)))
	defer site.Close()
	torrent := filepath.Join(t.TempDir(), "release.torrent")
	if err := os.WriteFile(torrent, metainfo.Torrent(build(t, name, files...), []string{site.URL + "/"}), 0o600); err != nil {
		t.Fatal(err)
	}

	list := aria2(t, "--show-files", torrent)
	for path := range contents {
		if !strings.Contains(list, name+"/"+path) {
			t.Errorf("aria2 does not list %s:\n%s", path, list)
		}
	}
	out := t.TempDir()
	aria2(t, "--dir="+out, "--seed-time=0", "--interface=127.0.0.1", "--enable-dht=false", "--enable-dht6=false",
		"--bt-enable-lpd=false", "--enable-peer-exchange=false", "--file-allocation=none", "--check-integrity=true", torrent)
	for path, content := range contents {
		got, err := os.ReadFile(filepath.Join(out, name, path))
		if err != nil || !bytes.Equal(got, []byte(content)) {
			t.Errorf("%s: %d bytes arrived of %d, %v", path, len(got), len(content), err)
		}
	}
}

func aria2(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "aria2c", append([]string{"--no-conf=true", "--quiet=false", "--summary-interval=0"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("aria2c (Debian package aria2) %s: %v\n%s", args, err, out)
	}
	return string(out)
}
