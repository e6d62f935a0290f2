package search_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"p2p.legal/peerfy/store/search"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"L'été à Besançon":        "l ete a besancon",
		"Cœur, ŒUVRE et Ægir":     "coeur oeuvre et aegir",
		"Straße STRASSE ẞ":        "strasse strasse ss",
		"Bjørk Łukasz Đorđe þing": "bjork lukasz dorde thing",
		"AC/DC R.E.M.":            "ac dc r e m",
		"ﬁn Ⅳ ½ ２０":               "fin iv 1 2 20",
		"nai\u0308ve na\u00efve":  "naive naive",
		"Ελλάδα Москва":           "ελλαδα москва",
		"東京の夜":                    "東 京 の 夜",
		"  --  ":                  "",
		"a\x00b\tc\u200bd":        "a b c d",
		"I\u0307stanbul ıstanbul": "istanbul istanbul",
	} {
		if got := strings.Join(search.Words(text), " "); got != want {
			t.Errorf("%q is %q, wanted %q", text, got, want)
		}
	}
	if long := search.Words(strings.Repeat("é", 500)); len(long) != 1 || len(long[0]) > 64 {
		t.Errorf("a long word: %d bytes", len(long[0]))
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range append(hostile, "L'été à Besançon", "Straße", "東京の夜") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		words := search.Words(s)
		for _, w := range words {
			if w == "" || len(w) > 64 || !utf8.ValidString(w) {
				t.Errorf("%q is not a word", w)
			}
		}
		if len(s) < 64 {
			if again := search.Words(strings.Join(words, " ")); !slices.Equal(again, words) {
				t.Errorf("%q becomes %q, then %q", s, words, again)
			}
		}
	})
}
