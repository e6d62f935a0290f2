package publish_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/metainfo"
	"p2p.legal/peerfy/store/publish"
)

// One look tells everything: nobody mends a folder one complaint at a time.
func TestCheckListsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	co := newCoop(t)
	tone := wav(220, 1.5)
	dir := folder(t, map[string][]byte{
		"01 - Aube.wav": tone, "02 - Again.wav": tone, "04 - Late.wav": wav(440, 1.5), "blip.wav": wav(440, 0.1),
		"05 - Broken.flac": []byte("fLaC and then nothing"), "06 - Page.mp3": []byte("<html>"),
		"Album.fr.vtt": []byte("WEBVTT\n"), "cover.jpg": picture(t, 200, "jpeg"), "back.png": []byte("\x89PNG\r\n\x1a\n"),
		"rider.pdf": []byte("%PDF"), "extras/demo.wav": tone, ".DS_Store": {0},
		publish.CreditsFile: []byte(`kind: album
artist: Somebody Else
date: 20 March
genre: ambient
licence: my-own-terms
series: None
contributor: Ana Luz | performer | society: SOCIÉTÉ | basis: contract
contributor: ana luz | performer | society: none | basis: contract
split: self = 5000
split: Nobody Known = 4000
[01 - Aube.wav]
split: self = 6000
split: Les Veilleurs = 4000
excerpt: 3:00
[../01 - Aube.wav]
`),
	})
	before := tree(t, dir)
	f, problems := publish.Check(t.Context(), dir, co.config)
	if f == nil || !f.HasCredits() || !publish.Fatal(problems) {
		t.Fatal(messages(problems))
	}
	got := messages(problems)
	for _, want := range []string{
		`to mend: credits.txt: line 3: "20 March" is not a day written like 2026-03-20`,
		"to mend: credits.txt: title is missing: of the release",
		"to mend: credits.txt: date is missing",
		"to mend: credits.txt: language is missing",
		"to mend: credits.txt: series, season and episode are for kind: episode or podcast",
		"advice: credits.txt: the sleeve says Somebody Else, and the key belongs to Les Veilleurs",
		"to mend: credits.txt: the licence my-own-terms is not known",
		"to mend: credits.txt: Ana Luz is a member of SOCIÉTÉ and states no agreement of that society",
		"to mend: credits.txt: ana luz is listed twice",
		"advice: credits.txt: no contributor is author, composer or director",
		`to mend: credits.txt: "Nobody Known" cannot be paid`,
		"to mend: credits.txt: the split adds up to 9000 basis points, not 10000",
		"to mend: credits.txt: the split of [01 - Aube.wav] names les-veilleurs twice, by two names",
		"to mend: credits.txt: the section [../01 - Aube.wav] names a file that is not in this folder",
		"to mend: 01 - Aube.wav: its excerpt cannot begin at 3:00",
		"to mend: 02 - Again.wav: it is the same file as 01 - Aube.wav",
		"to mend: 04 - Late.wav: it is track 4 of disc 1, but track 3 of disc 1 is not there",
		"to mend: 05 - Broken.flac: not a FLAC file",
		"to mend: 06 - Page.mp3: not an MP3 file",
		"to mend: blip.wav: it lasts 100 ms",
		"to mend: blip.wav: it has no track number",
		"to mend: Album.fr.vtt: subtitles belong to a film",
		"advice: cover.jpg: it has 200 × 200 pixels",
		"advice: back.png: it is left out: the cover is cover.jpg",
		"advice: rider.pdf: it is left out",
		"advice: extras: the folder is left out",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("not said: %s", want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
	if after := tree(t, dir); !slices.Equal(before, after) {
		t.Errorf("the folder was changed: %q", after)
	}
	out := filepath.Join(t.TempDir(), "out")
	var refused *publish.NotReadyError
	if _, err := publish.Make(t.Context(), dir, out, co.config, co.artist.signer); !errors.As(err, &refused) || len(refused.Problems) != len(problems) {
		t.Errorf("Make: %v", err)
	}
	if left := tree(t, filepath.Dir(out)); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A folder without credits gets a template; filled in, it passes.
func TestTemplate(t *testing.T) {
	t.Parallel()
	co := newCoop(t)
	dir := folder(t, map[string][]byte{"02_Brume.wav": wav(220, 1), "01. Aube.wav": wav(330, 1)})
	ffmpeg(t, "-i", filepath.Join(dir, "01. Aube.wav"), "-metadata", "album=Lueurs", "-metadata", "artist=Les Veilleurs", "-metadata", "title=Aube !",
		"-metadata", "genre=Folk", "-metadata", "date=2026-03-20", "-metadata", "track=1", filepath.Join(dir, "x.flac"))
	check(t, os.Remove(filepath.Join(dir, "01. Aube.wav")))
	f, problems := publish.Check(t.Context(), dir, co.config)
	if f == nil || f.HasCredits() || !strings.Contains(messages(problems), "credits.txt: there is none") {
		t.Fatal(messages(problems))
	}
	template := string(f.Template())
	for _, line := range []string{"kind: album", "title: Lueurs", "artist: Les Veilleurs", "date: 2026-03-20", "genre: folk", "[x.flac]\ntitle: Aube !", "[02_Brume.wav]\ntitle: Brume"} {
		if !strings.Contains(template, line+"\n") {
			t.Errorf("the template lacks %q", line)
		}
	}
	path := filepath.Join(dir, publish.CreditsFile)
	check(t, os.WriteFile(path, []byte(template), 0o644))
	_, problems = publish.Check(t.Context(), dir, co.config)
	for _, want := range []string{"is Les Veilleurs a member of a collecting society?", "language is missing"} {
		if !strings.Contains(messages(problems), want) {
			t.Errorf("nobody asked: %s", want)
		}
	}
	filled := strings.NewReplacer("society: |", "society: none |", "language: ", "language: fr").Replace(template)
	check(t, os.WriteFile(path, []byte(filled), 0o644))
	if _, problems = publish.Check(t.Context(), dir, co.config); publish.Fatal(problems) {
		t.Errorf("the filled template is refused:\n%s\n%s", messages(problems), filled)
	}
}

// Hostile names of files are quoted, never shown as they are.
func TestHostileNames(t *testing.T) {
	co := newCoop(t)
	dir := folder(t, map[string][]byte{
		"01 - a\u202egpj.wav": wav(220, 1), "02 - b\nc.wav": wav(220, 1), "03 - \x1b[31m.wav": wav(220, 1),
		publish.CreditsFile: []byte(albumCredits),
	})
	check(t, os.Symlink("/etc/passwd", filepath.Join(dir, "04 - link.flac")))
	_, problems := publish.Check(t.Context(), dir, co.config)
	got := messages(problems)
	if strings.ContainsAny(got, "\u202e\x1b") || strings.Count(got, "give it another") != 3 {
		t.Errorf("%q", got)
	}
	if !strings.Contains(got, "04 - link.flac: this is not a plain file, and links are not followed") {
		t.Errorf("the link: %s", got)
	}
}

// Tags that hide something are named.
func TestHostileTags(t *testing.T) {
	co := newCoop(t)
	dir := album(t)
	src := filepath.Join(dir, "01 - Aube.wav")
	ffmpeg(t, "-i", src, "-metadata", "title=Aube\u202e", "-metadata", "artist="+strings.Repeat("x", 5000), filepath.Join(dir, "01 - Aube.flac"))
	check(t, os.Remove(src))
	_, problems := publish.Check(t.Context(), dir, co.config)
	got := messages(problems)
	for _, want := range []string{"01 - Aube.flac: the tag TITLE holds a character that cannot be seen", "01 - Aube.flac: the tag ARTIST has 5000 bytes"} {
		if !strings.Contains(got, want) {
			t.Errorf("not said: %s\n%s", want, got)
		}
	}
}

// A picture that asks for gigabytes is refused by its first bytes.
func TestImageBomb(t *testing.T) {
	co := newCoop(t)
	dir := album(t)
	bomb := picture(t, 1, "png")
	copy(bomb[16:], []byte{0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20}) // 20,000 × 20,000, with a wrong checksum
	check(t, os.WriteFile(filepath.Join(dir, "cover.png"), bomb, 0o644))
	if _, problems := publish.Check(t.Context(), dir, co.config); !publish.Fatal(problems) {
		t.Error(messages(problems))
	}
}

// What its right-holder has withdrawn is not published again by another: not
// the same file, and not the same sound under other tags.
func TestStayDown(t *testing.T) {
	t.Parallel()
	co, dir := bundle(t)
	b, err := publish.OpenBundle(t.Context(), dir, nil)
	check(t, err)
	down := map[catalog.Hash]bool{}
	for _, r := range b.Manifest().Roots() {
		down[r] = true
	}
	config := co.config
	config.StayDown = func(r catalog.Hash) (string, bool) { return "somebody-else", down[r] }

	master := filepath.Join(dir, "masters", b.Manifest().Torrents.Masters.Name, "01 - Aube.flac")
	raw, err := os.ReadFile(master)
	check(t, err)
	same := folder(t, map[string][]byte{"01 - Aube.flac": raw, publish.CreditsFile: []byte(singleCredits)})
	if _, problems := publish.Check(t.Context(), same, config); !strings.Contains(messages(problems), "to mend: 01 - Aube.flac: this file was withdrawn") {
		t.Errorf("the same file: %s", messages(problems))
	}

	other := folder(t, map[string][]byte{"Disguise.flac": raw, publish.CreditsFile: []byte(singleCredits)})
	ffmpeg(t, "-i", master, "-map_metadata", "-1", "-c", "copy", filepath.Join(other, "Disguise.flac"))
	h, err := os.Open(filepath.Join(other, "Disguise.flac"))
	check(t, err)
	defer h.Close()
	sums, err := metainfo.Hash(h)
	check(t, err)
	if down[sums.Root] {
		t.Fatal("the disguise is none")
	}
	out := filepath.Join(t.TempDir(), "out")
	var refused *publish.NotReadyError
	if _, err := publish.Make(t.Context(), other, out, config, co.artist.signer); !errors.As(err, &refused) || !strings.Contains(err.Error(), "Disguise.flac: its sound was withdrawn") {
		t.Errorf("the same sound: %v", err)
	}
	if left := tree(t, filepath.Dir(out)); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}

	config.StayDown = func(r catalog.Hash) (string, bool) { return "les-veilleurs", down[r] }
	if _, problems := publish.Check(t.Context(), same, config); publish.Fatal(problems) {
		t.Errorf("the right-holder's own: %s", messages(problems))
	}
}

const singleCredits = `kind: single
title: Disguise
artist: Les Veilleurs
date: 2026-04-01
language: zxx
genre: test
contributor: Jeanne Câlin | composer, performer, producer | society: none | basis: author of the work
split: self = 10000
`

// Away from the log, and without keys, a check still tells what it can, and
// says what it could not look up.
func TestCheckAlone(t *testing.T) {
	co := newCoop(t)
	credits := strings.Replace(albumCredits, "split: self = 10000", "split: self = 7000\nsplit: Clémence & the Relays = 3000", 1)
	dir := album(t)
	check(t, os.WriteFile(filepath.Join(dir, publish.CreditsFile), []byte(credits), 0o644))
	_, problems := publish.Check(t.Context(), dir, publish.Config{Media: co.config.Media})
	if publish.Fatal(problems) || !strings.Contains(messages(problems), "could not be looked up here and is taken for clemence-the-relays") {
		t.Error(messages(problems))
	}
	check(t, os.WriteFile(filepath.Join(dir, publish.CreditsFile), []byte(strings.Replace(credits, "Clémence & the Relays", "Кино", 1)), 0o644))
	if _, problems = publish.Check(t.Context(), dir, publish.Config{Media: co.config.Media}); !publish.Fatal(problems) {
		t.Error("a payee without a slug is taken for somebody")
	}
	if f, problems := publish.Check(t.Context(), filepath.Join(dir, "nowhere"), co.config); f != nil || !publish.Fatal(problems) {
		t.Errorf("no folder: %s", messages(problems))
	}
}

// Too many files for one entry of the log: the artist is told before hours of
// encoding.
func TestTooManyTracks(t *testing.T) {
	co := newCoop(t)
	files := map[string][]byte{publish.CreditsFile: []byte(albumCredits)}
	for i := range 200 {
		files[string(rune('a'+i/26))+string(rune('a'+i%26))+".wav"] = []byte("RIFF")
	}
	_, problems := publish.Check(t.Context(), folder(t, files), co.config)
	if !strings.Contains(messages(problems), "publish each disc on its own") {
		t.Error(messages(problems))
	}
}
