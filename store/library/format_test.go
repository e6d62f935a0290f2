package library_test

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/store/library"
)

//go:embed format.md
var format string

// block is what format.md shows under a name, without its last line end.
func block(t testing.TB, name string) string {
	t.Helper()
	m := regexp.MustCompile("(?s)```" + name + "\n(.*?)\n```").FindStringSubmatch(format)
	if m == nil {
		t.Fatalf("format.md shows no %s", name)
	}
	return m[1]
}

// The example reads, opens and leaves as format.md says.
func TestExample(t *testing.T) {
	l, err := library.Decode([]byte(block(t, "json")))
	must(t, err)
	if string(l.Encode()) != block(t, "json") || l.Lists[0].Name != `Dimanche "matin"` || l.Places[0].At != 83*time.Second || l.Follows[0].Seen != 12 {
		t.Errorf("read %v", l)
	}
	typed, name, _ := strings.Cut(block(t, "keys"), "\n")
	code, err := royalty.ParseCode(typed)
	must(t, err)
	if got := library.Name(code); hex.EncodeToString(got[:]) != name {
		t.Errorf("the record name is %x", got)
	}
	sealed, err := os.ReadFile("testdata/example.library")
	must(t, err)
	opened, err := library.Unseal(code, sealed)
	must(t, err)
	if !bytes.Equal(opened.Encode(), l.Encode()) {
		t.Errorf("sealed is %s", opened.Encode())
	}
}

func TestExampleOfAList(t *testing.T) {
	l, err := library.Decode([]byte(block(t, "json")))
	must(t, err)
	one := l.Lists[0]
	entries := []library.Entry{
		{Title: "Aurore", Artist: "Les Veilleurs", Album: "Veillées", Duration: 180 * time.Second},
		{Title: "Midi & demi", Artist: "Les Veilleurs", Album: "Veillées", Duration: 240*time.Second + 600*time.Millisecond},
	}
	for i := range entries {
		entries[i].Track, entries[i].URL = one.Tracks[i], "http://peerfy.onion/t/"+one.Tracks[i]+".webm"
	}
	for name, write := range map[string]func(io.Writer, string, []library.Entry) error{"m3u8": library.WriteM3U8, "xspf": library.WriteXSPF} {
		var b strings.Builder
		must(t, write(&b, one.Name, entries))
		if b.String() != block(t, name)+"\n" {
			t.Errorf("%s is written as\n%s", name, b.String())
		}
		lists, _, err := library.Read([]byte(block(t, name)))
		if err != nil || lists[0].Name != one.Name || !slices.Equal(lists[0].Tracks, one.Tracks) {
			t.Errorf("%s is read as %q, %v", name, lists, err)
		}
	}
}
