package publish_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/media"
	"p2p.legal/peerfy/store/publish"
)

// film makes two seconds of moving picture with sound.
func film(t *testing.T, path string) {
	t.Helper()
	codecs := map[string][]string{
		".mkv":  {"-c:v", "ffv1", "-c:a", "flac"},
		".mp4":  {"-c:v", "mpeg4", "-c:a", "aac"},
		".webm": {"-c:v", "libvpx", "-c:a", "libopus"},
	}[filepath.Ext(path)]
	args := []string{"-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=2", "-f", "lavfi", "-i", "sine=330:d=2"}
	ffmpeg(t, append(append(args, codecs...), path)...)
}

const people = `contributor: Jeanne Câlin | author, director, producer | society: none | basis: author of the work
split: self = 10000
`

// accepted makes, opens and accepts a folder, and answers with its files.
func accepted(t *testing.T, dir string) (*publish.Bundle, string) {
	t.Helper()
	co := newCoop(t)
	out := filepath.Join(t.TempDir(), "out")
	co.make(t, dir, out)
	b, err := publish.OpenBundle(t.Context(), out, nil)
	check(t, err)
	co.accept(t, b)
	return b, strings.Join(tree(t, out), "\n")
}

func wantFiles(t *testing.T, got string, names ...string) {
	t.Helper()
	for _, n := range names {
		if !strings.Contains("\n"+got+"\n", "\n"+n+"\n") {
			t.Errorf("not there: %s in\n%s", n, got)
		}
	}
}

// A film without a cover gets a picture out of the film; subtitles come along
// in every form that editors write.
func TestFilm(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string][]byte{
		"marée.fr.srt":      []byte("1\r\n00:00:00,500 --> 00:00:01,500\r\n<i>La mer</i>\r\n"),
		"marée.en.vtt":      []byte("WEBVTT\n\nSTYLE\n::cue { background: url(http://example.com/) }\n\n00:00.500 --> 00:01.500\nThe sea\n"),
		publish.CreditsFile: []byte("kind: film\ntitle: La marée monte\nartist: Les Veilleurs\ndate: 2023-01-02\nlanguage: fr\ngenre: animation\nlicence: cc-by-sa-4.0\n" + people),
	})
	film(t, filepath.Join(dir, "marée.mkv"))
	b, files := accepted(t, dir)
	wantFiles(t, files,
		"masters/La marée monte (2023) [MKV]/La marée monte (2023).mkv", "masters/La marée monte (2023) [MKV]/La marée monte (2023).fr.vtt",
		"masters/La marée monte (2023) [MKV]/La marée monte (2023).en.vtt", "masters/La marée monte (2023) [MKV]/cover.jpg",
		"renditions/La marée monte (2023) [WebM]/La marée monte (2023).360.webm", "renditions/La marée monte (2023) [WebM]/La marée monte (2023).480.webm",
		"renditions/La marée monte (2023) [WebM]/La marée monte (2023).excerpt.webm", "renditions/La marée monte (2023) [WebM]/cover-480.jpg")
	m := b.Manifest()
	if m.Whole != nil || m.Open() || len(m.Tracks[0].Subtitles) != 2 || m.Tracks[0].Renditions[1].Label != "480" || m.Tracks[0].Renditions[1].Kbps < 1 {
		t.Errorf("%+v", m)
	}
	if strings.Contains(fmt.Sprint(b.Review()), "no cover") {
		t.Error("the film has no poster")
	}
}

func TestEpisode(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string][]byte{
		"cover.jpg":         picture(t, 600, "jpeg"),
		publish.CreditsFile: []byte("kind: episode\ntitle: L'île\nseries: Кино\nseason: 1\nepisode: 2\nartist: Les Veilleurs\ndate: 2026-01-02\nlanguage: fr\ngenre: drama\n" + people),
	})
	film(t, filepath.Join(dir, "x.webm"))
	b, files := accepted(t, dir)
	wantFiles(t, files, "masters/Кино - S01E02 - L'île [WebM master]/Кино - S01E02 - L'île.webm", "renditions/Кино - S01E02 - L'île [WebM]/Кино - S01E02 - L'île.360.webm")
	if s := b.Manifest().Series; s == nil || !catalog.IsSlug(s.Slug) || s.Season != 1 || s.Episode != 2 {
		t.Errorf("%+v", s)
	}
}

func TestPodcast(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string][]byte{publish.CreditsFile: []byte("kind: podcast\ntitle: Carnet nº 7\nseries: Carnet\nepisode: 7\nartist: Les Veilleurs\ndate: 2026-01-02\nlanguage: fr\ngenre: talk\n" +
		people + "[episode.mp3]\nexcerpt: no\n")})
	ffmpeg(t, "-f", "lavfi", "-i", "sine=330:d=2", "-metadata", "track=9/12", filepath.Join(dir, "episode.mp3"))
	b, files := accepted(t, dir)
	wantFiles(t, files, "masters/Carnet - E07 - Carnet nº 7 [MP3]/01 - Carnet nº 7.mp3", "renditions/Carnet - E07 - Carnet nº 7 [Opus]/01 - Carnet nº 7.96.ogg")
	if tr := b.Manifest().Tracks[0]; tr.Excerpt != nil || tr.Number != 1 || len(tr.Renditions) != 3 {
		t.Errorf("%+v", tr)
	}
}

// Every kind of file that artists have, on two discs, each kept as it is.
func TestEveryFormat(t *testing.T) {
	t.Parallel()
	co := newCoop(t)
	dir := folder(t, map[string][]byte{"CD1/01 - wav.wav": wav(220, 1), publish.CreditsFile: []byte(strings.Split(albumCredits, "[01")[0] + "[CD2/01 - e.flac]\ntitle: AC/DC: \"Live\"?\n")})
	check(t, os.MkdirAll(filepath.Join(dir, "CD2"), 0o755))
	for _, name := range []string{"CD1/02 - b.mp3", "CD1/03 - c.ogg", "CD1/04 - d.opus", "CD2/01 - e.flac", "CD2/02 - f.m4a"} {
		args := []string{"-f", "lavfi", "-i", "sine=330:d=1.2"}
		if strings.HasSuffix(name, ".ogg") {
			args = append(args, "-c:a", "libvorbis")
		}
		ffmpeg(t, append(args, filepath.Join(dir, name))...)
	}
	out := filepath.Join(t.TempDir(), "out")
	b := co.make(t, dir, out)
	base := "masters/Les Veilleurs - Premières lueurs (2026) [FLAC+MP3+Ogg+Opus+M4A]/"
	wantFiles(t, strings.Join(tree(t, out), "\n"), base+"1-01 - wav.flac", base+"1-02 - b.mp3", base+"1-03 - c.ogg", base+"1-04 - d.opus", base+"2-01 - AC-DC- 'Live'.flac", base+"2-02 - f.m4a")
	for i, track := range b.Manifest().Tracks {
		tags, err := media.ReadTags(filepath.Join(out, base, track.Master.Path))
		check(t, err)
		if tags.Title != track.Title || tags.Track != track.Number || tags.Disc != track.Disc || tags.Licence != "test-1" {
			t.Errorf("track %d: %+v", i+1, tags)
		}
		if i > 0 && track.Start <= b.Manifest().Tracks[i-1].Start {
			t.Errorf("track %d starts at %d", i+1, track.Start)
		}
	}
}

const blupiCredits = `kind: album
title: Planète Blupi
artist: Les Veilleurs
date: 1997-01-01
language: zxx
genre: game
licence: gpl-3.0
notes: Music of the game Planet Blupi.
contributor: Daniel Roux | composer, producer | society: none | basis: published under the GNU General Public License
contributor: Mathieu Schroeter | publisher | society: none | basis: published under the GNU General Public License
split: self = 10000
[01.ogg]
title: Premier thème
[02.ogg]
title: Second thème
`

// Real music, as Debian ships it, with credits as an artist would write them:
// checked whole, and published from its first seconds.
func TestRealMusic(t *testing.T) {
	t.Parallel()
	co := newCoop(t)
	const source = "/usr/share/planetblupi/music"
	whole := folder(t, map[string][]byte{publish.CreditsFile: []byte(strings.Split(blupiCredits, "[02")[0])})
	raw, err := os.ReadFile(filepath.Join(source, "music004.ogg"))
	check(t, err)
	check(t, os.WriteFile(filepath.Join(whole, "01.ogg"), raw, 0o644))
	if _, problems := publish.Check(t.Context(), whole, co.config); publish.Fatal(problems) {
		t.Error(messages(problems))
	}
	dir := folder(t, map[string][]byte{publish.CreditsFile: []byte(blupiCredits), "front.jpg": picture(t, 1400, "jpeg")})
	for i, name := range []string{"music005.ogg", "music006.ogg"} {
		ffmpeg(t, "-i", filepath.Join(source, name), "-t", "5", "-c", "copy", filepath.Join(dir, fmt.Sprintf("%02d.ogg", i+1)))
	}
	b, files := accepted(t, dir)
	wantFiles(t, files, "masters/Les Veilleurs - Planète Blupi (1997) [Ogg]/01 - Premier thème.ogg")
	if m := b.Manifest(); m.Licence != "gpl-3.0" || len(m.Contributors) != 2 || m.Tracks[1].Start < 4900 {
		t.Errorf("%+v", m)
	}
}
