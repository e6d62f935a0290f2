package media_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.senan.xyz/taglib"

	"p2p.legal/peerfy/store/media"
)

var fullTags = media.Tags{
	Title: "Été: « l’après-midi »", Artist: "Ada & the Engines", AlbumArtist: "Ada", Album: "日本 / One", Date: "2024-05-31",
	Genre: []string{"Folk", "Chanson"}, Track: 3, TrackTotal: 12, Disc: 2, ISRC: "FRXXX2400001", Language: "fra",
	Comment: "made at home", Licence: "http://example.onion/licence",
}

func TestTagsComeBackAndTheSoundStays(t *testing.T) {
	tool := newTool(t)
	for _, name := range []string{"tone.flac", "tone.mp3", "tone.ogg", "tone.opus", "tone.m4a", "tone.wav"} {
		path := write(t, name, read(t, sample(t, name)))
		if err := media.WriteTags(path, fullTags); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := media.ReadTags(path)
		if err != nil || !reflect.DeepEqual(got, fullTags) {
			t.Errorf("%s: %v\ngot  %+v\nwant %+v", name, err, got, fullTags)
		}
		if !bytes.Equal(decoded(t, path, "s16le"), decoded(t, sample(t, name), "s16le")) {
			t.Errorf("%s: the sound changed", name)
		}
		if _, err := tool.Probe(t.Context(), path); err != nil {
			t.Error(err)
		}
		isAlone(t, filepath.Dir(path), name)
	}
}

func TestWriteTagsRemovesOthers(t *testing.T) {
	path := write(t, "tone.flac", read(t, sample(t, "tone.flac")))
	if err := taglib.WriteTags(path, map[string][]string{"OWNER": {"ada@example.org"}, "TITLE": {"old"}}, 0); err != nil {
		t.Fatal(err)
	}
	if err := media.WriteTags(path, media.Tags{Title: "new"}); err != nil {
		t.Fatal(err)
	}
	got, err := taglib.ReadTags(path)
	if err != nil || !reflect.DeepEqual(got, map[string][]string{"TITLE": {"new"}}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestReadTagsNamesEveryBadTag(t *testing.T) {
	path := write(t, "song.flac", read(t, sample(t, "tone.flac")))
	err := taglib.WriteTags(path, map[string][]string{
		"TITLE": {"a\u202eb"}, "ARTIST": {"a\x1b[31mb"}, "ALBUM": {strings.Repeat("é", 300)}, "TRACKNUMBER": {"three"}, "DISCNUMBER": {"-1"},
		"GENRE": {"ok", "ze\u200bro"}, "COMMENT": {strings.Repeat("c", 5000)}, "ISRC": {"FR1\u0007"}, "DATE": {" 2024\n"},
	}, taglib.Clear)
	if err != nil {
		t.Fatal(err)
	}
	tags, err := media.ReadTags(path)
	if !errors.Is(err, media.ErrBadFile) {
		t.Fatal(err)
	}
	lines := strings.Split(err.Error(), "\n")
	for _, tag := range []string{"TITLE", "ARTIST", "ALBUM", "TRACKNUMBER", "DISCNUMBER", "GENRE", "COMMENT", "ISRC"} {
		found := 0
		for _, line := range lines {
			if strings.HasPrefix(line, "song.flac: the tag "+tag+" ") {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%d lines about %s in:\n%v", found, tag, err)
		}
	}
	if len(lines) != 8 || strings.ContainsAny(err.Error(), "\x1b\u202e\u200b") {
		t.Errorf("%d lines:\n%q", len(lines), err)
	}
	if tags.Date != "2024" || tags.Title != "" || len(tags.Genre) != 1 {
		t.Errorf("%+v", tags)
	}
}

func TestWriteTagsRefusesWhatReadTagsWould(t *testing.T) {
	before := read(t, sample(t, "tone.flac"))
	path := write(t, "song.flac", before)
	for _, tags := range []media.Tags{
		{Title: "a\x00b"}, {Artist: "a\u2066b"}, {Album: strings.Repeat("x", 501)}, {Comment: "a\xff"}, {Track: -1}, {Track: 10000}, {Disc: -5},
		{Track: 1, TrackTotal: -3}, {Genre: strings.Split(strings.Repeat("a,", 30), ",")},
	} {
		if err := media.WriteTags(path, tags); !errors.Is(err, media.ErrBadFile) || !strings.Contains(err.Error(), "song.flac: the tag ") {
			t.Errorf("%+v: %v", tags, err)
		}
	}
	if !bytes.Equal(read(t, path), before) {
		t.Error("a refused tag changed the file")
	}
	isAlone(t, filepath.Dir(path), "song.flac")
}

func TestReadTagsOfWhatHasNone(t *testing.T) {
	for _, name := range []string{"film.mkv", "film.webm", "film.mp4", "tone.wav"} {
		if tags, err := media.ReadTags(sample(t, name)); err != nil || !reflect.DeepEqual(tags, media.Tags{}) {
			t.Errorf("%s: %+v, %v", name, tags, err)
		}
	}
	for name, content := range map[string]string{"list.m3u8": "#EXTM3U", "text.flac": "text", "empty.mp3": ""} {
		if _, err := media.ReadTags(write(t, name, []byte(content))); !errors.Is(err, media.ErrBadFile) || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Damaged headers may be refused or read as far as they go, but never end the program.
func TestReadTagsSurvivesDamage(t *testing.T) {
	for _, name := range []string{"tone.flac", "tone.mp3", "tone.ogg", "tone.opus", "tone.m4a", "tone.wav", "film.mp4"} {
		b := read(t, sample(t, name))
		for i := range 12 {
			damaged := bytes.Clone(b)
			for j := i * 8; j < i*8+8; j++ {
				damaged[j] = 0xff
			}
			if _, err := media.ReadTags(write(t, name, damaged)); err != nil && !errors.Is(err, media.ErrBadFile) {
				t.Errorf("%s, bytes %d to %d: %v", name, i*8, i*8+8, err)
			}
		}
	}
}
