package i18n_test

import (
	"strings"
	"testing"

	"p2p.legal/peerfy/templates/i18n"
)

func TestMatch(t *testing.T) {
	for accept, want := range map[string]i18n.Lang{
		"":                                    i18n.En,
		"fr":                                  i18n.Fr,
		"FR-ca":                               i18n.Fr,
		"en-US,en;q=0.5":                      i18n.En, // Tor Browser
		"fr-FR,fr;q=0.8,en-US;q=0.5,en;q=0.3": i18n.Fr,
		"de,en;q=0.3,fr;q=0.7":                i18n.Fr,
		"de;q=0.9, fr ; q=0.1":                i18n.Fr,
		"fr;q=0":                              i18n.En,
		"fr;q=0,*":                            i18n.En,
		"en;q=0.8,fr;q=0.80":                  i18n.En,
		"fr;q=2,en;q=0.1":                     i18n.En,
		"fr;q=0.1234":                         i18n.En,
		"french":                              i18n.En,
		";;;,,,q=1":                           i18n.En,
		strings.Repeat("de,", 1000) + "fr":    i18n.En, // past what is read
	} {
		if got := i18n.Match(accept); got != want {
			t.Errorf("Match(%.60q) = %s, want %s", accept, got, want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"", "fr", "en-US,en;q=0.5", "fr;q=0.001,*;q=1", "\x00;q=é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		if l := i18n.Match(accept); l != i18n.Fr && l != i18n.En {
			t.Errorf("Match(%q) = %q", accept, l)
		}
	})
}
