package royalty_test

import (
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"p2p.legal/peerfy/royalty"
)

const (
	dataSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	allSymbols  = dataSymbols + "*~$=U"
)

// spelled makes a code of the drawn symbols with this test's own check symbol.
func spelled(r *rand.Rand) string {
	var s []byte
	sum := 0
	for range 20 {
		v := r.IntN(32)
		s = append(s, dataSymbols[v])
		sum = (sum*32 + v) % 37
	}
	return string(append(s, allSymbols[sum]))
}

func TestNewCode(t *testing.T) {
	shape := regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-Z]$`)
	seen := map[royalty.Code]bool{}
	for range 2000 {
		c, err := royalty.NewCode()
		if err != nil {
			t.Fatal(err)
		}
		if !shape.MatchString(c.String()) || seen[c] {
			t.Fatalf("drew %q (again: %v)", c, seen[c])
		}
		seen[c] = true
		for _, typed := range []string{c.String(), strings.ToLower(c.String())} {
			if again, err := royalty.ParseCode(typed); err != nil || again != c {
				t.Fatalf("%q was read as %q, %v", typed, again, err)
			}
		}
	}
}

// Every one of the 20 symbols takes all its 32 values.
func TestCodeUsesAllItsBits(t *testing.T) {
	var seen [20][256]bool
	for range 2000 {
		c, err := royalty.NewCode()
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range []byte(strings.ReplaceAll(c.String(), "-", ""))[:20] {
			seen[i][b] = true
		}
	}
	for i := range seen {
		for _, b := range []byte(dataSymbols) {
			if !seen[i][b] {
				t.Errorf("symbol %d is never %c", i+1, b)
			}
		}
	}
}

// However it is copied, one code is read.
func TestParseCodeForgives(t *testing.T) {
	const want = "7K2M-9QX4-B3TD-8HN0-01BC-5"
	var wide strings.Builder
	for _, r := range want {
		switch {
		case r == '-':
			wide.WriteRune('－')
		default:
			wide.WriteRune(r - '!' + '！')
		}
	}
	plain := strings.ReplaceAll(want, "-", "")
	for name, typed := range map[string]string{
		"printed":     want,
		"lower":       strings.ToLower(want),
		"bare":        plain,
		"spaced out":  " " + strings.Join(strings.Split(plain, ""), " ") + "\r\n",
		"O, I, L":     strings.NewReplacer("0", "O", "1", "I").Replace(want),
		"o, i, l":     strings.NewReplacer("0", "o", "1", "l").Replace(want),
		"full-width":  wide.String(),
		"wide lower":  strings.ReplaceAll(want, "K", "ｋ"),
		"wide O":      strings.ReplaceAll(want, "0", "ｏ"),
		"en dashes":   strings.ReplaceAll(want, "-", "–"),
		"minus signs": strings.ReplaceAll(want, "-", "−"),
		"soft":        strings.ReplaceAll(want, "-", "\u00ad"),
		"hyphens":     strings.ReplaceAll(want, "-", "\u2011"),
		"nbsp":        strings.ReplaceAll(want, "-", "\u00a0"),
		"ideographic": strings.ReplaceAll(want, "-", "\u3000"),
		"invisible":   "\ufeff" + strings.ReplaceAll(want, "-", "\u200b"),
	} {
		c, err := royalty.ParseCode(typed)
		if err != nil || c.String() != want {
			t.Errorf("%s: %q was read as %q, %v", name, typed, c, err)
		}
	}
}

func TestParseCodeRefuses(t *testing.T) {
	const good = "7K2M-9QX4-B3TD-8HN0-01BC-5"
	for name, typed := range map[string]string{
		"empty":         "",
		"short":         good[:len(good)-2],
		"long":          good + "0",
		"zero":          "0000-0000-0000-0000-0000-0",
		"U":             "UK2M-9QX4-B3TD-8HN0-01BC-5",
		"sign":          "*K2M-9QX4-B3TD-8HN0-01BC-5",
		"long s":        strings.ReplaceAll(good, "K", "\u017f"),
		"Kelvin":        strings.ReplaceAll(good, "K", "\u212a"),
		"digit":         strings.ReplaceAll(good, "7", "\u0667"),
		"underlines":    strings.ReplaceAll(good, "-", "_"),
		"too much":      good + strings.Repeat(" ", 256),
		"not UTF-8":     "\xff" + good[1:],
		"two codes":     good + " " + good,
		"NUL":           good + "\x00",
		"check is wide": strings.ReplaceAll(good, "5", "\u2573"),
	} {
		c, err := royalty.ParseCode(typed)
		if !errors.Is(err, royalty.ErrMistyped) || c != (royalty.Code{}) {
			t.Errorf("%s: %q was read as %q, %v", name, typed, c, err)
		}
	}
	// A refusal is logged and shown: it must not hold most of a secret.
	_, err := royalty.ParseCode(good[:len(good)-1] + "Y")
	for i := 0; i+4 <= len(good); i += 5 {
		if strings.Contains(err.Error(), good[i:i+4]) {
			t.Errorf("the refusal repeats the code: %v", err)
		}
	}
}

// No single wrong symbol, and no two neighbours changing places, pass, the check
// symbol included; also for codes that end in a sign, which NewCode never draws.
func TestCheckSymbol(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tried := 0
	refuse := func(b []byte, what string) {
		tried++
		if _, err := royalty.ParseCode(string(b)); !errors.Is(err, royalty.ErrMistyped) {
			t.Fatalf("%s passes: %s (%v)", what, b, err)
		}
	}
	for range 300 {
		code := spelled(r)
		if _, err := royalty.ParseCode(code); err != nil {
			t.Fatalf("%s: %v", code, err)
		}
		for i := range code {
			for _, x := range []byte(allSymbols) {
				if b := []byte(code); b[i] != x {
					b[i] = x
					refuse(b, "a substitution")
				}
			}
			if b := []byte(code); i > 0 && b[i] != b[i-1] {
				b[i], b[i-1] = b[i-1], b[i]
				refuse(b, "a swap")
			}
		}
	}
	t.Logf("%d slips, all noticed", tried)
}

// The zero Code is none.
func TestZeroCode(t *testing.T) {
	if s := (royalty.Code{}).String(); s != "" {
		t.Errorf("it prints as %q", s)
	}
}

// The derivation is for ever: data is sealed under it. The value was computed
// with Python's hmac module from RFC 5869.
func TestKey(t *testing.T) {
	c, err := royalty.ParseCode("7K2M-9QX4-B3TD-8HN0-01BC-5")
	if err != nil {
		t.Fatal(err)
	}
	key := c.Key("account")
	const want = "c3575e718fef9b4af728b7bb16b24a757b807680648a86ff6a4b14755f7cb5c8"
	if got := hex.EncodeToString(key[:]); got != want {
		t.Errorf("account key %s, want %s", got, want)
	}
	other, err := royalty.NewCode()
	if err != nil {
		t.Fatal(err)
	}
	keys := map[[32]byte]bool{key: true, c.Key("library"): true, c.Key(""): true, other.Key("account"): true}
	if len(keys) != 4 {
		t.Error("two uses or two codes have one key")
	}
}

func FuzzParseCode(f *testing.F) {
	f.Add("7K2M-9QX4-B3TD-8HN0-01BC-5")
	f.Add("７ｋ2M–9QX4 B3TD−8HNO OIBC\u00ad$")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := royalty.ParseCode(s)
		if err != nil {
			if !errors.Is(err, royalty.ErrMistyped) || c != (royalty.Code{}) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if again, err := royalty.ParseCode(c.String()); err != nil || again != c || c == (royalty.Code{}) {
			t.Fatalf("%q was read as %q, then %q", s, c, again)
		}
	})
}
