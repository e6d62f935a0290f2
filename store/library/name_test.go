package library_test

import (
	"strings"
	"testing"

	"p2p.legal/peerfy/store/library"
)

func TestCutName(t *testing.T) {
	for title, want := range map[string]string{
		"Aurore":                               "Aurore",
		"Deux\u00a0: l\u2019été":               "Deux\u00a0: l\u2019été",
		" a\tb\r\nc\u202e ":                    "a b  c",
		"":                                     "?",
		"\u200b\n":                             "?",
		"a\xffb":                               "ab",
		strings.Repeat("x", 100):               strings.Repeat("x", 100),
		strings.Repeat("x", 101):               strings.Repeat("x", 97) + "…",
		strings.Repeat("é", 51):                strings.Repeat("é", 48) + "…",
		strings.Repeat("x", 96) + " " + "yyyy": strings.Repeat("x", 96) + "…",
	} {
		if got := library.CutName(title); got != want {
			t.Errorf("%q is cut to %q, want %q", title, got, want)
		}
	}
}

func FuzzCutName(f *testing.F) {
	f.Add("Aurore")
	f.Add(strings.Repeat("é", 60))
	f.Fuzz(func(t *testing.T, title string) {
		l := new(library.Library)
		name := library.CutName(title)
		if _, err := l.NewList(name); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if again := library.CutName(name); again != name {
			t.Fatalf("%q is cut again to %q", name, again)
		}
	})
}
