package payment_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/payment"
)

var update = flag.Bool("update", false, "write the golden files anew")

type sheetFunc = func(io.Writer, string, string, payment.Batch, []royalty.Code, string) error

var forms = map[string]sheetFunc{"txt": payment.Sheet, "html": payment.SheetHTML}

const onionAddress = "lilasyeoqjcl6l5vvw2i7vqegvd7ss2ytbhvqkpjkmkvgmulxqjqzbqd.onion"

// fixed is a batch whose codes never change.
func fixed(t *testing.T, months int, expires bool) (payment.Batch, []royalty.Code) {
	t.Helper()
	b := payment.Batch{ID: "5f1c0a9e77d2b384", Origin: origin, Value: royalty.Cents(months) * 800, Months: months}
	if expires {
		b.Expires = day(2029, 1, 1)
	}
	var codes []royalty.Code
	for _, s := range []string{"7K2M-9QX4-B3TD-8HN0-01BC-5", "0000-0000-0000-0000-0001-1", "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-B"} {
		c, err := royalty.ParseCode(s)
		if err != nil {
			t.Fatal(s, err)
		}
		codes = append(codes, c)
		b.Hashes = append(b.Hashes, payment.Hash(c))
	}
	slices.SortFunc(b.Hashes, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	return b, codes
}

func TestSheetGolden(t *testing.T) {
	for form, write := range forms {
		for _, lang := range []string{"fr", "en"} {
			b, codes := fixed(t, map[string]int{"fr": 12, "en": 1}[lang], lang == "fr")
			var got bytes.Buffer
			if err := write(&got, lang, "Les Lilas & <Fils>", b, codes, onionAddress); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "sheet."+lang+"."+form)
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s is not as written:\n%s", golden, got.String())
			}
			for _, c := range codes {
				if strings.Count(got.String(), c.String()) != 1 {
					t.Errorf("%s: a code does not stand there once", golden)
				}
			}
		}
	}
}

// A name cannot write on the treasurer's screen, nor the page fetch anything.
func TestSheetHTMLIsClosed(t *testing.T) {
	b, codes := fixed(t, 12, true)
	var out bytes.Buffer
	if err := payment.SheetHTML(&out, "en", `<script src="http://x/">`, b, codes, onionAddress); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "src=", "url(", "@import", "<link", "href="} {
		if strings.Contains(out.String(), bad) && !strings.Contains(out.String(), "&lt;script src=") {
			t.Errorf("the page holds %q", bad)
		}
	}
	if strings.Contains(out.String(), "<script") {
		t.Error("the name became a script")
	}
}

func TestSheetRefuses(t *testing.T) {
	b, codes := fixed(t, 12, true)
	other, err := royalty.NewCode()
	if err != nil {
		t.Fatal(err)
	}
	bad := b
	bad.Value++
	for name, c := range map[string]struct {
		lang, name string
		b          payment.Batch
		codes      []royalty.Code
		onion      string
	}{
		"a language":         {"de", "Lilas", b, codes, onionAddress},
		"a batch":            {"en", "Lilas", bad, codes, onionAddress},
		"a code less":        {"en", "Lilas", b, codes[1:], onionAddress},
		"a code twice":       {"en", "Lilas", b, append(slices.Clone(codes[1:]), codes[1]), onionAddress},
		"a foreign code":     {"en", "Lilas", b, append(slices.Clone(codes[1:]), other), onionAddress},
		"no code at all":     {"en", "Lilas", b, append(slices.Clone(codes[1:]), royalty.Code{}), onionAddress},
		"no name":            {"en", "", b, codes, onionAddress},
		"a name of 2 lines":  {"en", "Li\nlas", b, codes, onionAddress},
		"no address":         {"en", "Lilas", b, codes, ""},
		"an escape sequence": {"en", "Li\x1b[2Jlas", b, codes, onionAddress},
	} {
		for form, write := range forms {
			var out bytes.Buffer
			if err := write(&out, c.lang, c.name, c.b, c.codes, c.onion); err == nil || out.Len() > 0 {
				t.Errorf("%s, %s: %d bytes, %v", name, form, out.Len(), err)
			}
		}
	}
}

type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestSheetOnAFullDisk(t *testing.T) {
	b, codes := fixed(t, 12, true)
	for form, write := range forms {
		if err := write(full{}, "fr", "Lilas", b, codes, onionAddress); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", form, err)
		}
	}
}
