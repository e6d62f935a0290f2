package publish_test

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/publish"
)

// The example of format.md is what the parser reads and writes.
func TestFormatExample(t *testing.T) {
	doc, err := os.ReadFile("format.md")
	check(t, err)
	_, rest, _ := strings.Cut(string(doc), "```credits\n")
	example, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("format.md has no example")
	}
	c, err := publish.ParseCredits([]byte(example))
	check(t, err)
	if got := string(c.Format()); got != example {
		t.Errorf("formatted again:\n%s", got)
	}
	if c.Contributors[1].Agreement != "letter of 2026-02-01, reference 17" || c.Tracks[1].Splits[0].BP != 10_000 || c.Splits[1].Payee != "Ana Luz" {
		t.Errorf("read: %+v", c)
	}
}

// Editors write CRLF, a byte order mark and, on some systems, accents in two
// pieces.
func TestCreditsAsEditorsWriteThem(t *testing.T) {
	c, err := publish.ParseCredits([]byte("\ufeff# hello\r\n\r\n  title:  De\u0301but \r\nartist:\r\n[01 - De\u0301but.wav]\r\ntitle: Début\r\n"))
	check(t, err)
	if c.Title != "Début" || c.Artist != "" || c.Tracks[0].File != "01 - Début.wav" {
		t.Errorf("read: %+v", c)
	}
}

// Every mistake is listed with its line, in one go.
func TestCreditsMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no colon", "kind album", `line 1: "kind album" is neither`},
		{"unknown key", "label: x", `line 1: there is no key "label" here; there are kind, title,`},
		{"head key in a section", "[a.wav]\nkind: album", `line 2: there is no key "kind" here; there are title, open, split, isrc, excerpt`},
		{"twice", "title: a\ntitle: b", "line 2: title stands twice"},
		{"section twice", "[a.wav]\n[a.wav]", "line 2: the section [a.wav] stands twice"},
		{"open section", "[a.wav", "line 1: a section is written [FILE NAME]"},
		{"kind", "kind: opera", `line 1: "opera" is not a kind: it is one of album, single, film, episode, podcast`},
		{"date", "date: 2026-02-30", "line 1: \"2026-02-30\" is not a day"},
		{"year", "date: 2026", "not a day written like 2026-03-20"},
		{"language", "language: français", "not a language code"},
		{"genres", "genre: a,b,c,d,e,f,g,h,i", "there are 9 genres"},
		{"number", "season: 01", "not a number from 1 to 999"},
		{"licence", "licence: CC BY", "not the id of a licence"},
		{"replaces", "replaces: x", "not the id of a release"},
		{"open", "open: oui", "open is yes or no"},
		{"contributor", "contributor: Ana", "a contributor is written"},
		{"role", "contributor: Ana | singer | society: none | basis: x", `"singer" is not a role of Ana`},
		{"society", "contributor: Ana | author | basis: x", "is Ana a member of a collecting society?"},
		{"basis", "contributor: Ana | author | society: none", "on what ground does Ana permit this?"},
		{"statement", "contributor: Ana | author | mood: good", `not "mood"`},
		{"agreement alone", "contributor: Ana | author | society: none | basis: x | agreement: y", "an agreement but no society"},
		{"split", "split: self", "a split is written"},
		{"percent", "split: self = 50 %", `"50 %" is not a number from 1 to 10000`},
		{"negative", "split: self = -1", `"-1" is not a number`},
		{"overflow", "split: self = 18446744073709551617", "is not a number"},
		{"payee twice", "split: self = 1\nsplit: SELF = 2", "line 2: SELF stands twice in the split"},
		{"isrc", "[a.wav]\nisrc: 123", "not an ISRC"},
		{"excerpt", "[a.wav]\nexcerpt: 61", "a time like 1:05"},
		{"latin-1", "title: D\xe9but", "line 1: this is not UTF-8"},
		{"NUL", "title: a\x00b", "line 1: this holds the invisible or control character U+0000"},
		{"bidi", "artist: abc\u202edef", "U+202E"},
		{"zero width", "[a\u200b.wav]", "the file name holds the invisible or control character U+200B"},
		{"5,000 bytes", "title: " + strings.Repeat("é", 2500), "this is longer than 200 bytes"},
		{"too much", strings.Repeat("#", publish.MaxCredits+1), "at most 262144 are read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := publish.ParseCredits([]byte(c.text))
			var mistakes publish.CreditsError
			if !errors.As(err, &mistakes) || !strings.Contains(err.Error(), c.want) || got == nil {
				t.Errorf("%v", err)
			}
		})
	}
	_, err := publish.ParseCredits([]byte("kind: x\n\ndate: y\nopen: z"))
	if err == nil || strings.Count(err.Error(), "\n") != 2 || !strings.Contains(err.Error(), "line 4: open") {
		t.Errorf("three mistakes: %v", err)
	}
	_, err = publish.ParseCredits(bytes.Repeat([]byte("x\n"), 1000))
	if n := strings.Count(err.Error(), "\n") + 1; n != 100 {
		t.Errorf("%d mistakes listed of 1,000, not 100", n)
	}
}

func FuzzParseCredits(f *testing.F) {
	f.Add([]byte(albumCredits))
	f.Add([]byte("[a]\nsplit: A = B = 3\nexcerpt: 0:00\nopen: no\n\ufeff[b\n"))
	f.Add([]byte("contributor: a | author | society: x | basis: y | agreement: z\nnotes: n\nnotes: m"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := publish.ParseCredits(b)
		if err != nil {
			return
		}
		text := c.Format()
		again, err := publish.ParseCredits(text)
		if err != nil {
			t.Fatalf("its own form is refused: %v\n%s", err, text)
		}
		if !reflect.DeepEqual(c, again) || !bytes.Equal(again.Format(), text) {
			t.Fatalf("not the same when read again:\n%+v\n%+v", c, again)
		}
	})
}
