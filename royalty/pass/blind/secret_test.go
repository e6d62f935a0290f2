package blind_test

import (
	"errors"
	"strings"
	"testing"

	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/pass/blind"
)

func TestSecretIsReadHoweverItWasKept(t *testing.T) {
	_, s := request(t, monthKey(t))
	text := blind.FormatSecret(s)
	_, bare, _ := strings.Cut(text, "peerfy/secret")
	for name, as := range map[string]string{
		"as written": text, "without remarks": "peerfy/secret" + bare, "of Windows": "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n"),
		"with lines between": strings.ReplaceAll(text, "\n", "\n\n# hm\n"), "without the last line's end": strings.TrimSuffix(text, "\n"),
	} {
		if got, err := blind.ParseSecret(as); err != nil || got != s {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSecretRefuses(t *testing.T) {
	_, s := request(t, monthKey(t))
	text := blind.FormatSecret(s)
	lines := strings.SplitAfter(text, "\n")[2:10]
	if _, err := blind.ParseSecret(strings.Join(lines, "")); err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		without := strings.Replace(text, line, "", 1)
		swapped := strings.Replace(without, lines[(i+1)%8], lines[(i+1)%8]+line, 1)
		for name, bad := range map[string]string{
			"missing": without, "twice": text + line, "swapped": swapped, "indented": strings.Replace(text, line, " "+line, 1),
			"cut": strings.Replace(text, line, line[:len(line)-3]+"\n", 1), "longer": strings.Replace(text, line, strings.TrimSpace(line)+"A\n", 1),
			"doubly spaced": strings.Replace(text, line, strings.Replace(line, " ", "  ", 1)+" \n", 1),
		} {
			// A recipient may be any of age's, and an origin any name.
			if free := i == 1 || i == 4; free && (name == "cut" || name == "longer" && i == 1) {
				continue
			}
			if got, err := blind.ParseSecret(bad); !errors.Is(err, pass.ErrMalformed) || got != (blind.Secret{}) {
				t.Errorf("%.12q %s: %v", line, name, err)
			}
		}
	}
	for name, bad := range map[string]string{
		"nothing": "", "too long": text + strings.Repeat("#\n", 4<<10), "not UTF-8": text + "# \xff\n",
		"another period":   strings.Replace(text, "period 2026-12", "period 2026-11", 1),
		"small letters":    strings.Replace(text, s.Owner.String(), strings.ToLower(s.Owner.String()), 1),
		"capital letters":  strings.Replace(text, recipient, strings.ToUpper(recipient), 1),
		"return in a seed": strings.Replace(text, "seed ", "seed \r", 1),
	} {
		if _, err := blind.ParseSecret(bad); !errors.Is(err, pass.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseSecret(f *testing.F) {
	_, s := request(f, monthKey(f))
	f.Add(blind.FormatSecret(s))
	f.Fuzz(func(t *testing.T, text string) {
		s, err := blind.ParseSecret(text)
		if err != nil {
			return
		}
		again, err := blind.ParseSecret(blind.FormatSecret(s))
		if err != nil || again != s {
			t.Fatalf("written as\n%s\n%v", blind.FormatSecret(s), err)
		}
	})
}
