package library_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/library"
)

const onion = "http://vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion"

// A track is found behind every address that leads to one.
func TestReadAddresses(t *testing.T) {
	for _, line := range []string{
		second, onion + "/t/" + second + ".webm", onion + "/t/" + second + ".webm?q=128", onion + "/t/" + second + ".webm#t=5",
		"https://mirror.example/e/" + second + ".webm", "/t/" + second + ".webm", "t/" + second + ".webm", onion + "/e/" + second + ".opus",
		onion + "/r/" + release + "/play?track=2", onion + "/r/" + release + "/play?q=128&track=2&at=90", "  " + second + "\t",
	} {
		lists, unknown, err := library.Read([]byte(line + "\r\n"))
		if err != nil || len(lists) != 1 || !slices.Equal(lists[0].Tracks, []string{second}) || unknown != nil {
			t.Errorf("%s: %v %q %v", line, lists, unknown, err)
		}
	}
	for _, line := range []string{
		release, onion + "/r/" + release, onion + "/r/" + release + "/play", onion + "/r/" + release + "/play?track=all",
		onion + "/r/" + release + "/play?track=0", onion + "/r/" + release + "/play?track=-1", onion + "/r/" + release + "/play?track=99999999999999999999",
		onion + "/seed/abc/Aurore/" + second + ".webm", onion + "/x/" + second + ".webm", onion + "/t/" + second + "/fr.vtt",
		onion + "/t/" + strings.ToUpper(second) + ".webm", "file:///t/" + second + ".webm", "javascript:t/" + second, onion + "/t/" + release + "-2.webm",
		"http://[/t/" + second, "%zz/t/" + second, onion + "/r/AAAA/play?track=2",
	} {
		lists, unknown, err := library.Read([]byte(line))
		if !errors.Is(err, library.ErrMalformed) || lists != nil || !slices.Equal(unknown, []string{line}) {
			t.Errorf("%s: %v %q %v", line, lists, unknown, err)
		}
	}
}

func TestReadM3U8(t *testing.T) {
	text := "\ufeff#EXTM3U\r\n#EXTENC:UTF-8\r\n#PLAYLIST: Pluie\u202e d\u2019été \r\n#EXTINF:180,Les Veilleurs - Aurore\r\n" + first +
		"\r\n\r\nC:\\Music\\a\x00b.mp3\r\n#x\r\n" + onion + "/e/" + third + ".webm"
	lists, unknown, err := library.Read([]byte(text))
	must(t, err)
	if len(lists) != 1 || lists[0].Name != "Pluie d\u2019été" || !slices.Equal(lists[0].Tracks, []string{first, third}) {
		t.Errorf("read %q", lists)
	}
	if !slices.Equal(unknown, []string{`C:\Music\ab.mp3`}) {
		t.Errorf("unknown %q", unknown)
	}
	lists, _, err = library.Read([]byte("#PLAYLIST:\n" + first))
	if err != nil || lists[0].Name != "M3U8" {
		t.Errorf("without a name: %q %v", lists, err)
	}
}

func TestReadUnknown(t *testing.T) {
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, "%d%s\n", i, strings.Repeat("é", 300))
	}
	b.WriteString(first)
	_, unknown, err := library.Read([]byte(b.String()))
	must(t, err)
	if len(unknown) != 20 || !strings.HasPrefix(unknown[19], "19é") || len(unknown[0]) > 200 || !strings.HasSuffix(unknown[0], "é…") {
		t.Errorf("unknown are %d: %q", len(unknown), unknown)
	}
}

// A library that went through an editor or a form is the same.
func TestReadJSON(t *testing.T) {
	l, _ := shelf(t)
	spaced := "\ufeff\r\n" + strings.NewReplacer(",", ",\r\n\t", "{", "{ ", ":", ": ").Replace(string(l.Encode())) + "\r\n"
	lists, unknown, err := library.Read([]byte(spaced))
	must(t, err)
	if len(lists) != 1 || lists[0].Name != "Dimanche matin" || len(lists[0].Tracks) != 3 || unknown != nil {
		t.Errorf("read %q, %q", lists, unknown)
	}
}

// The longest of each format can be read.
func TestReadLimits(t *testing.T) {
	tracks := strings.Repeat(first+"\n", library.MaxTracks)
	if lists, _, err := library.Read([]byte(tracks)); err != nil || len(lists[0].Tracks) != library.MaxTracks {
		t.Error(err)
	}
	if _, _, err := library.Read([]byte(tracks + second)); !errors.Is(err, library.ErrFull) {
		t.Errorf("one track more: %v", err)
	}
	long := first + "\n#" + strings.Repeat("x", 256<<10-len(first)-2)
	if _, _, err := library.Read([]byte(long)); err != nil {
		t.Error(err)
	}
	if _, _, err := library.Read([]byte(long + "x")); !errors.Is(err, library.ErrFull) {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	l, _ := shelf(f)
	f.Add(l.Encode())
	f.Add([]byte("#EXTM3U\n#PLAYLIST:x\n#EXTINF:1,y\n" + onion + "/t/" + first + ".webm\n/r/" + release + "/play?track=3\nhello"))
	f.Add([]byte(`<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><title>x</title><trackList><track><location>/e/` + first + `.webm</location></track></trackList></playlist>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		lists, unknown, err := library.Read(data)
		if err != nil && !errors.Is(err, library.ErrMalformed) && !errors.Is(err, library.ErrFull) {
			t.Fatal(err)
		}
		for _, one := range lists {
			if err := catalog.CheckText(one.Name, library.MaxName); err != nil || len(one.Tracks) > library.MaxTracks {
				t.Fatalf("%q with %d tracks: %v", one.Name, len(one.Tracks), err)
			}
			for _, track := range one.Tracks {
				if _, _, err := catalog.ParseTrackID(track); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(unknown) > 20 {
			t.Fatalf("%d lines are unknown", len(unknown))
		}
		for _, line := range unknown {
			if err := catalog.CheckText(line, 200); err != nil {
				t.Fatalf("%q %v", line, err)
			}
		}
		// What can be read can be kept.
		shelf := new(library.Library)
		if _, err := shelf.Import(data); err == nil {
			if _, err := library.Decode(shelf.Encode()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
