package metainfo_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"p2p.legal/peerfy/store/metainfo"
)

func TestCheckNameRefusesWhatSomeSystemCannotHold(t *testing.T) {
	for _, s := range []string{
		"", ".", "..", "...", "a.", "a ", " a", "a/b", `a\b`, "a:b", "a*", "a?", `"a"`, "<a>", "a|b",
		"a\x00b", "a\nb", "a\x1b[31mb", "a\x7fb", "a\u0085b", "a\xffb", "a\u00a0",
		"a\u202eflac.exe", "a\u2066b", "a\u200fb", "a\u200bb", "\ufeffa", "a\u2028b", "a\u00adb", "a\U000e0041b",
		"CON", "nul.flac", "Com1.txt", "lpt².x", "AUX .flac", "CONIN$", strings.Repeat("a", 201), strings.Repeat("é", 2500),
	} {
		if err := metainfo.CheckName(s); !errors.Is(err, metainfo.ErrName) {
			t.Errorf("%.40q: %v", s, err)
		} else if len(err.Error()) > 200 || strings.ContainsFunc(err.Error(), metainfo.Hidden) {
			t.Errorf("%.40q: the message itself is long or hides something: %q", s, err)
		}
	}
}

func TestCheckNameAcceptsNamesOfWorks(t *testing.T) {
	for _, s := range []string{
		"01 - Title.flac", "Ada - One (2024) [FLAC]", "été.flac", "日本語", "...And So On", "-rf", "CONCERT.flac", "COM10",
		"It’s \u00a0fine!", strings.Repeat("a", 200), "🎵",
	} {
		if err := metainfo.CheckName(s); err != nil {
			t.Error(err)
		}
	}
}

func TestCleanName(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"AC/DC: Live", "AC-DC- Live"},
		{"Who?", "Who"},
		{`say "yes" <3>`, "say 'yes' (3)"},
		{"  a \t b\n", "a b"},
		{"end...", "end"},
		{"../../etc/passwd", "..-..-etc-passwd"},
		{"a\u202eb\u200b\x00", "ab"},
		{"nul.flac", "_nul.flac"},
		{"...", "_"},
		{"\xff?", "_"},
		{strings.Repeat("é", 150) + ".flac", strings.Repeat("é", 97) + ".flac"},
		{strings.Repeat("a", 300), strings.Repeat("a", 200)},
	} {
		if got := metainfo.CleanName(c.in); got != c.want {
			t.Errorf("CleanName(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"", "a", ". .", "NUL .x", "_", strings.Repeat("ab.", 80), "é" + strings.Repeat(". ", 120) + ".flac"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean := metainfo.CleanName(s)
		if err := metainfo.CheckName(clean); err != nil {
			t.Errorf("CleanName(%q): %v", s, err)
		}
		if again := metainfo.CleanName(clean); again != clean {
			t.Errorf("cleaned twice: %q, then %q", clean, again)
		}
		if metainfo.CheckName(s) == nil && utf8.RuneCountInString(clean) > utf8.RuneCountInString(s) {
			t.Errorf("a good name %q grew to %q", s, clean)
		}
	})
}
