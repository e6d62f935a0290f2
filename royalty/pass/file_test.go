package pass_test

import (
	"errors"
	"strings"
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
)

// stub is as royalty/till writes one; a downloaded pass file has one under it.
const stub = `peerfy/stub/v1
origin coop.example/ledger
period 2026-12
fee 800
secret-sha256 0000000000000000000000000000000000000000000000000000000000000000
in sales.bin by 2027-01-08

— coop.example/till/2026-12 FlmR4gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
secret 0000000000000000000000000000000000000000000000000000000000000000
`

// wrap breaks a text at every n characters.
func wrap(s string, n int, end string) string {
	var b strings.Builder
	for ; len(s) > n; s = s[n:] {
		b.WriteString(s[:n] + end)
	}
	return b.String() + s
}

func TestFileIsReadHoweverItWasKept(t *testing.T) {
	p := sold(t, monthKey(t), recipient)
	bare := p
	bare.Owner = royalty.Code{}
	line, whole := pass.Format(p), pass.FormatFile(p, recipient)
	owned, addressed := "owner "+ownerWord+"\n", "recipient "+recipient+"\n"
	for name, c := range map[string]struct {
		text      string
		want      pass.Pass
		recipient string
	}{
		"the line":                 {line, bare, ""},
		"the line, with its end":   {line + "\r\n", bare, ""},
		"the file":                 {whole, p, recipient},
		"the file without owner":   {pass.FormatFile(bare, ""), bare, ""},
		"of Windows":               {"\ufeff" + strings.ReplaceAll(whole, "\n", "\r\n"), p, recipient},
		"indented":                 {strings.ReplaceAll(whole, "\n", " \n\t"), p, recipient},
		"double-spaced":            {strings.ReplaceAll(whole, "\n", "\n\n"), p, recipient},
		"other order":              {addressed + owned + line, p, recipient},
		"wrapped":                  {addressed + wrap(line, 72, "\n") + "\n" + owned, p, recipient},
		"wrapped at a space":       {wrap(line, 60, " \r\n") + "\r\n", bare, ""},
		"wrapped before a name":    {line + "\nowner\n  7K2M-9QX4-B3TD-\n8HNV-0ABC-B\n", p, ""},
		"wrapped invisibly":        {wrap(line, 40, "\u200b"), bare, ""},
		"wrapped recipient":        {line + "\n" + wrap(addressed, 30, "\n"), bare, recipient},
		"capitals":                 {line + "\nOWNER 7k2m 9qx4 b3td 8hnv oabc b\nRecipient " + strings.ToUpper(recipient), p, recipient},
		"with its stub":            {whole + "\n" + stub, p, recipient},
		"stub first":               {stub + whole, p, recipient},
		"two stubs":                {stub + whole + stub, p, recipient},
		"stub wrapped":             {whole + wrap(stub, 60, "\n"), p, recipient},
		"remark at the end":        {line + "\n# bought in the café", bare, ""},
		"remark in a wrapped line": {wrap(line, 100, "\n# hm\n"), bare, ""},
	} {
		got, err := pass.ParseFile(c.text)
		if err != nil || got != c.want {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r, err := pass.FileRecipient(c.text); err != nil || r != c.recipient {
			t.Errorf("%s: the recipient is %q, %v", name, r, err)
		}
	}
}

// TestWrappedLineThatLooksLikeAField: the last five letters of a listening part
// may be "owner", and stand alone on their line.
func TestWrappedLineThatLooksLikeAField(t *testing.T) {
	line := "peerfy-pass-v1.2026-12." + strings.Repeat("A", 427-8) + "owner" + "AAA"
	for _, text := range []string{line[:442] + "\nowner\nAAA", line[:442] + "\nowner AAA"} {
		p, err := pass.ParseFile(text)
		if err != nil || pass.Format(p) != line {
			t.Errorf("%q: %v", text[400:], err)
		}
	}
}

func TestFileRefuses(t *testing.T) {
	p := sold(t, monthKey(t), recipient)
	line, owned := pass.Format(p), "owner "+ownerWord+"\n"
	another, err := royalty.NewCode()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":                 "",
		"only space":              " \n\n",
		"only remarks":            "# peerfy-pass-v1.2026-12.\n",
		"only an owner word":      owned,
		"only a stub":             stub,
		"two passes":              line + "\n" + line,
		"two passes, apart":       line + "\n" + owned + line,
		"two owner words":         owned + line + "\n" + owned,
		"a recipient and none":    "recipient " + recipient + "\n" + line + "\nrecipient\n",
		"an owner word and none":  line + "\n" + owned + "owner\n",
		"two recipients":          "recipient " + recipient + "\n" + line + "\nrecipient " + recipient,
		"another's owner word":    line + "\nowner " + another.String(),
		"a mistyped owner word":   line + "\nowner 7K2M-9QX4-B3TD-8HNV-0ABC-C",
		"another's recipient":     line + "\nrecipient age1other",
		"unknown field":           line + "\nnote mine",
		"unknown words before":    "Hello,\n" + line,
		"unknown words between":   line[:200] + "\nHello, \n" + line[200:],
		"one letter less":         line[:449],
		"one letter more":         line + "A",
		"padded":                  line + "=",
		"loose last bits":         line[:449] + "_",
		"another version":         strings.Replace(line, "v1", "v2", 1),
		"capital prefix":          strings.Replace(line, "peerfy", "Peerfy", 1),
		"no month":                strings.Replace(line, "2026-12.", "", 1),
		"another spelling":        strings.Replace(line, "2026-12", "2026-1", 1),
		"base64 with plus":        line[:30] + "+" + line[31:],
		"a request":               pass.FormatRequest("2026-12", make([]byte, 256)),
		"not UTF-8":               line + "\n# caf\xe9",
		"too long":                line + "\n#" + strings.Repeat(" ", 8<<10),
		"a letter from elsewhere": line[:30] + "А" + line[31:],
	} {
		got, err := pass.ParseFile(text)
		if !errors.Is(err, pass.ErrMalformed) || got != (pass.Pass{}) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), line[30:50]) {
			t.Errorf("%s: the error repeats the pass", name)
		}
	}
	if _, err := pass.ParseFile(line + "\nowner 7K2M"); !errors.Is(err, royalty.ErrMistyped) {
		t.Errorf("a mistyped owner word is not told: %v", err)
	}
}

// TestListeningPartHoldsNoOwnerWord: what a mirror is shown does not correct a
// month.
func TestListeningPartHoldsNoOwnerWord(t *testing.T) {
	p := sold(t, monthKey(t), recipient)
	for _, text := range []string{pass.Format(p), pass.FormatFile(pass.Pass{Period: p.Period}, "")} {
		if strings.Contains(text, "7K2M") || strings.Contains(text, "owner") {
			t.Error("it holds the owner word")
		}
	}
}
