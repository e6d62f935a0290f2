package publish_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/media"
	"p2p.legal/peerfy/store/metainfo"
	"p2p.legal/peerfy/store/publish"
)

// An album goes from the artist's folder into the log, and what the artist
// handed in is still there to the last sample.
func TestAlbum(t *testing.T) {
	co, dir := bundle(t)
	b, err := publish.OpenBundle(t.Context(), dir, nil)
	check(t, err)
	m := b.Manifest()
	want := []string{
		"artist.note", "manifest.json",
		"masters/Les Veilleurs - Premières lueurs (2026) [FLAC]/01 - Aube.flac",
		"masters/Les Veilleurs - Premières lueurs (2026) [FLAC]/02 - Brume.flac",
		"masters/Les Veilleurs - Premières lueurs (2026) [FLAC]/AUTHORISATION.txt",
		"masters/Les Veilleurs - Premières lueurs (2026) [FLAC]/LICENCE.txt",
		"masters/Les Veilleurs - Premières lueurs (2026) [FLAC]/SHA256SUMS",
		"masters/Les Veilleurs - Premières lueurs (2026) [FLAC]/cover.png",
		"release.note",
		"renditions/Les Veilleurs - Premières lueurs (2026) [Opus]/01 - Aube.128.webm",
		"renditions/Les Veilleurs - Premières lueurs (2026) [Opus]/01 - Aube.96.ogg",
		"renditions/Les Veilleurs - Premières lueurs (2026) [Opus]/01 - Aube.96.webm",
		"renditions/Les Veilleurs - Premières lueurs (2026) [Opus]/01 - Aube.excerpt.webm",
		"renditions/Les Veilleurs - Premières lueurs (2026) [Opus]/02 - Brume.128.webm",
		"renditions/Les Veilleurs - Premières lueurs (2026) [Opus]/02 - Brume.96.ogg",
		"renditions/Les Veilleurs - Premières lueurs (2026) [Opus]/02 - Brume.96.webm",
		"renditions/Les Veilleurs - Premières lueurs (2026) [Opus]/02 - Brume.excerpt.webm",
		"renditions/Les Veilleurs - Premières lueurs (2026) [Opus]/Premières lueurs.128.webm",
		"renditions/Les Veilleurs - Premières lueurs (2026) [Opus]/Premières lueurs.96.webm",
		"renditions/Les Veilleurs - Premières lueurs (2026) [Opus]/cover-480.jpg",
		"renditions/Les Veilleurs - Premières lueurs (2026) [Opus]/cover-96.jpg",
	}
	if got := tree(t, dir); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the bundle holds\n%s", strings.Join(got, "\n"))
	}
	if m.Tracks[0].Duration != 2000 || m.Tracks[1].Start != 2000 || m.Tracks[0].ISRC != "FRAB12600001" || !m.Open() {
		t.Errorf("tracks: %+v", m.Tracks)
	}
	if m.Genres[0] != "ambient" || m.Licence != "test-1" || m.Tracks[0].Splits[0] != (catalog.Split{Payee: "les-veilleurs", BP: 10_000}) {
		t.Errorf("manifest: %+v", m)
	}
	co.accept(t, b)
	if c := b.Conflicts(co.state); len(c) != 1 || !strings.Contains(c[0], "already") {
		t.Errorf("a second acceptance: %q", c)
	}
	record, _ := co.state.Artist("les-veilleurs")
	text, err := os.ReadFile(filepath.Join(dir, want[4]))
	check(t, err)
	check(t, m.CheckAuthorisation(text, co.state.Charter(), record))
}

// Other programs agree with what we wrote: sha256sum about every file, aria2c
// about the torrent, and ffmpeg about the samples of the master.
func TestOtherPrograms(t *testing.T) {
	_, dir := bundle(t)
	b, err := publish.OpenBundle(t.Context(), dir, nil)
	check(t, err)
	masters := filepath.Join(dir, "masters", b.Manifest().Torrents.Masters.Name)

	sum := exec.Command("sha256sum", "--strict", "-c", "SHA256SUMS")
	sum.Dir = masters
	out, err := sum.CombinedOutput()
	if err != nil || strings.Count(string(out), ": OK") != 5 {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}

	torrent := filepath.Join(t.TempDir(), "masters.torrent")
	check(t, os.WriteFile(torrent, metainfo.Torrent(b.Infos()[0], nil), 0o644))
	aria := exec.Command("aria2c", "--check-integrity=true", "--hash-check-only=true", "--enable-dht=false",
		"--enable-dht6=false", "--bt-enable-lpd=false", "--seed-time=0", "--dir", filepath.Join(dir, "masters"), torrent)
	if out, err := aria.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("Verification finished successfully")) {
		t.Errorf("aria2c: %v\n%s", err, out)
	}

	source := filepath.Join(t.TempDir(), "source.wav")
	check(t, os.WriteFile(source, wav(220, 2), 0o644))
	if a, b := samples(t, source), samples(t, filepath.Join(masters, "01 - Aube.flac")); a != b {
		t.Errorf("the master's samples are %s, the artist's %s", b, a)
	}
	tags, err := media.ReadTags(filepath.Join(masters, "02 - Brume.flac"))
	check(t, err)
	if got := fmt.Sprintf("%+v", tags); got != "{Title:Brume Artist:Les Veilleurs AlbumArtist:Les Veilleurs Album:Premières lueurs Date:2026-03-20 Genre:[ambient folk électronique] Track:2 TrackTotal:2 Disc:0 ISRC: Language:fr Comment: Licence:test-1}" {
		t.Errorf("tags: %s", got)
	}
}

func samples(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-i", path, "-map", "0:a", "-f", "md5", "-").Output()
	check(t, err)
	return string(out)
}
