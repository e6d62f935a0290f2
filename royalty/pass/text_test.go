package pass_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
)

// pasted are the two texts that go between member and site.
var pasted = map[string]struct {
	format func(royalty.Period, []byte) string
	parse  func(string) (royalty.Period, []byte, error)
	length int
}{
	"request": {pass.FormatRequest, pass.ParseRequest, 368},
	"answer":  {pass.FormatAnswer, pass.ParseAnswer, 367},
}

func TestPasted(t *testing.T) {
	value := bytes.Repeat([]byte{0xfb, 0x01}, 128)
	for name, f := range pasted {
		text := f.format("2026-12", value)
		if len(text) != f.length || strings.ContainsAny(text, " \n") {
			t.Errorf("%s: %d characters", name, len(text))
		}
		for _, as := range []string{
			text, text + "\n", "\r\n  " + text + "\r\n", wrap(text, 64, "\r\n"), wrap(text, 7, "\n\t "), wrap(text, 1, "\n"),
			"\ufeff" + text, wrap(text, 76, "\u00a0\n"), wrap(text, 50, "\u00ad"), strings.Repeat(" ", 7000) + text,
		} {
			p, b, err := f.parse(as)
			if err != nil || p != "2026-12" || !bytes.Equal(b, value) {
				t.Errorf("%s as %q: %v", name, as, err)
			}
		}
		for i := range text {
			if _, _, err := f.parse(text[:i]); !errors.Is(err, pass.ErrMalformed) {
				t.Errorf("%s cut at %d: %v", name, i, err)
			}
		}
	}
}

func TestPastedRefuses(t *testing.T) {
	value := bytes.Repeat([]byte{0xfb, 0x01}, 128)
	for name, f := range pasted {
		text := f.format("2026-12", value)
		for what, bad := range map[string]string{
			"more":            text + "A",
			"twice":           text + "\n" + text,
			"padded":          text + "==",
			"loose last bits": text[:len(text)-1] + "B",
			"words":           "My request: " + text,
			"another prefix":  strings.Replace(text, "v1", "v2", 1),
			"no month":        strings.Replace(text, "2026-12.", "", 1),
			"month 13":        strings.Replace(text, "2026-12", "2026-13", 1),
			"255 bytes":       f.format("2026-12", value[1:]),
			"257 bytes":       f.format("2026-12", append([]byte{0}, value...)),
			"not UTF-8":       text[:100] + "\xff" + text[100:],
			"a zero byte":     text[:100] + "\x00" + text[100:],
			"too long":        text + strings.Repeat(" ", 8<<10),
			"the other kind":  strings.NewReplacer("request", "answer", "answer", "request").Replace(text),
		} {
			if p, b, err := f.parse(bad); !errors.Is(err, pass.ErrMalformed) || p != "" || b != nil {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
}
