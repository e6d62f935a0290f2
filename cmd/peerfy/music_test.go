package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"p2p.legal/peerfy/store"
)

// TestMusicFolder: `demo --music` takes a person's own files, without credits
// and hardly any tags, through the real pipeline, and leaves the folder alone.
// The music is that of a free game, from Debian.
func TestMusicFolder(t *testing.T) {
	music := filepath.Join(t.TempDir(), "music")
	album := filepath.Join(music, "Planet Blupi")
	if err := os.MkdirAll(album, 0o700); err != nil {
		t.Fatal(err)
	}
	originals, err := filepath.Glob("/usr/share/planetblupi/music/*.ogg")
	if err != nil || len(originals) < 2 {
		t.Fatalf("planetblupi-music-ogg is not installed: %q, %v", originals, err)
	}
	for _, path := range originals[:2] {
		cut := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-t", "5", "-i", path, "-c", "copy", filepath.Join(album, filepath.Base(path)))
		if out, err := cut.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	words := &bytes.Buffer{}
	d := &demo{env: &env{ctx: t.Context(), stdout: words, stderr: words}, dir: filepath.Join(t.TempDir(), "coop"), music: music}
	if err := d.publishAll(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, words)
	}
	db, err := store.Open(d.dir, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	cards, total, _, err := db.List(store.Filter{}, store.Newest, 0, 10)
	if err != nil || total != 1 || cards[0].Title != "Planet Blupi" || cards[0].Tracks != 2 {
		t.Errorf("published %d: %+v, %v\n%s", total, cards, err, words)
	}
	if left, err := os.ReadDir(album); err != nil || len(left) != 2 {
		t.Errorf("the person's folder now holds %v, %v", left, err)
	}
}
