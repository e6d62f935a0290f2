package library_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/store/library"
)

var formats = map[string]func(io.Writer, string, []library.Entry) error{"M3U8": library.WriteM3U8, "XSPF": library.WriteXSPF}

// someEntries are hard on formats: markup, line ends, tags and quotation marks.
func someEntries(r *rand.Rand, n, repeat int) (entries []library.Entry) {
	words := []string{"Aurore", "a\nb", "#EXTINF:1,x", "<track>", "]]>", "&amp;", `"'`, "\u2028", "日本", "-", ""}
	word := func() string { return strings.Repeat(words[r.IntN(len(words))], repeat) }
	for _, name := range someTracks(r, n) {
		e := library.Entry{Track: name, Title: word(), Artist: word(), Album: word(), Duration: time.Duration(r.IntN(1e6)) * time.Millisecond}
		switch r.IntN(3) {
		case 0:
			e.URL = onion + "/t/" + name + ".webm"
		case 1:
			e.URL = onion + "/e/" + name + ".webm?q=128&x=<y>"
		}
		entries = append(entries, e)
	}
	return entries
}

// What is taken away can be brought back: the same tracks in the same order, under
// the same name.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for format, write := range formats {
		for i := range 60 {
			n, repeat := 1+r.IntN(60), 1
			if i == 0 {
				n, repeat = library.MaxTracks, 40 // too long with titles
			}
			entries, name := someEntries(r, n, repeat), []string{"Été <&> ]]> «\u00a0x\u00a0»", "#PLAYLIST:x", "-"}[r.IntN(3)]
			var b bytes.Buffer
			must(t, write(&b, name, entries))
			lists, unknown, err := library.Read(b.Bytes())
			if err != nil || len(lists) != 1 || len(unknown) != 0 {
				t.Fatalf("%s: %d lists, unknown %q, %v in %.300s", format, len(lists), unknown, err, b.Bytes())
			}
			var want []string
			for _, e := range entries {
				want = append(want, e.Track)
			}
			if !slices.Equal(lists[0].Tracks, want) || lists[0].Name != name {
				t.Fatalf("%s: %q came back as %q", format, name, lists[0].Name)
			}
		}
	}
}

// The longest names leave no room for titles, and one byte less leaves it.
func TestDetailsAreLeftOut(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for format, write := range formats {
		entries := someEntries(r, library.MaxTracks, 1)
		for i := range entries {
			entries[i].Title = "Aurore"
		}
		for _, long := range []bool{false, true} {
			if long {
				entries[0].Title = strings.Repeat("Aurore", 40_000)
			}
			var b bytes.Buffer
			must(t, write(&b, "x", entries))
			if b.Len() > library.MaxBytes || strings.Contains(b.String(), "Aurore") == long {
				t.Errorf("%s, long %v: %d bytes", format, long, b.Len())
			}
		}
	}
}

func TestWriteFails(t *testing.T) {
	for format, write := range formats {
		p, w := io.Pipe()
		p.CloseWithError(errors.New("gone"))
		if err := write(w, "x", nil); err == nil {
			t.Errorf("%s: no error", format)
		}
	}
}
