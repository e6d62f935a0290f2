package till_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/till"
)

func TestStubExample(t *testing.T) {
	text := block(t, "stub")
	s, err := till.ParseStub(text, exampleVerifier(t))
	if err != nil {
		t.Fatal(err)
	}
	if s.String() != text || s.Origin != origin || s.Period != december || s.Fee != 800 || s.Due().Format("2006-01-02") != "2027-01-08" {
		t.Errorf("read as %+v", s)
	}
	if sale := s.Sale(); hex.EncodeToString(sale[:])+"\n" != block(t, "sale") {
		t.Errorf("the sale is %x", sale)
	}
	if want := sha256.Sum256([]byte("peerfy/stub/v1" + string(s.Secret[:]))); s.Sale() != want {
		t.Errorf("the sale is %x, format.md says %x", s.Sale(), want)
	}
}

func TestNewStub(t *testing.T) {
	k := exampleKeys(t)
	sales := map[[32]byte]bool{}
	for range 20 {
		s, err := till.NewStub(k, origin, 800)
		if err != nil {
			t.Fatal(err)
		}
		got, err := till.ParseStub(s.String(), verifier(t, k))
		if err != nil || got != s {
			t.Fatalf("read as %+v, %v", got, err)
		}
		sales[s.Sale()] = true
	}
	if len(sales) != 20 {
		t.Errorf("20 stubs stand for %d sales", len(sales))
	}
}

func TestNewStubRefuses(t *testing.T) {
	k := exampleKeys(t)
	for name, c := range map[string]struct {
		origin string
		fee    royalty.Cents
	}{
		"nothing paid": {origin, 0},
		"less":         {origin, -800},
		"too much":     {origin, 100_001},
		"no origin":    {"", 800},
		"two lines":    {"coop\nfee 1", 800},
		"long origin":  {strings.Repeat("a", 256), 800},
		"not UTF-8":    {"\xff", 800},
		"space":        {" coop", 800},
	} {
		if _, err := till.NewStub(k, c.origin, c.fee); !errors.Is(err, till.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// No byte of a stub can be altered, none left out.
func TestStubAltered(t *testing.T) {
	text, v := block(t, "stub"), exampleVerifier(t)
	for i := range len(text) {
		for _, flip := range []byte{1, 2, 4, 0x20, 0x80} {
			bad := []byte(text)
			bad[i] ^= flip
			if _, err := till.ParseStub(string(bad), v); !errors.Is(err, till.ErrMalformed) && !errors.Is(err, till.ErrSignature) {
				t.Fatalf("byte %d altered by %#x: %v", i, flip, err)
			}
		}
		if _, err := till.ParseStub(text[:i], v); err == nil {
			t.Fatalf("%d bytes of it are taken", i)
		}
	}
}

// signedBy signs lines that a stub could have, by the example's till key unless
// others are given, with a secret that fits.
func signedBy(t *testing.T, edit func(string) string, signers ...string) string {
	t.Helper()
	if signers == nil {
		signers = []string{exampleKeys(t).Till}
	}
	secret := strings.Repeat("00", 32)
	text := fmt.Sprintf("peerfy/stub/v1\norigin %s\nperiod 2026-12\nfee 800\nsecret-sha256 %x\nin sales.bin by 2027-01-08\n", origin, sha256.Sum256(make([]byte, 32)))
	n := &note.Note{Text: edit(text)}
	var list []note.Signer
	for _, skey := range signers {
		s, err := note.NewSigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	signed, err := note.Sign(n, list...)
	if err != nil {
		t.Fatal(err)
	}
	return string(signed) + "secret " + secret + "\n"
}

// What the till has signed is still read strictly.
func TestStubRefused(t *testing.T) {
	v := exampleVerifier(t)
	replace := func(old, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, to, 1) }
	}
	if _, err := till.ParseStub(signedBy(t, replace("", "")), v); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(string) string{
		"version":      replace("/v1", "/v2"),
		"a line more":  func(s string) string { return s + "more 1\n" },
		"fee plus":     replace("fee 800", "fee +800"),
		"fee zeros":    replace("fee 800", "fee 0800"),
		"fee nothing":  replace("fee 800", "fee 0"),
		"fee huge":     replace("fee 800", "fee 99999999999999999999"),
		"due":          replace("2027-01-08", "2027-01-09"),
		"period":       replace("2026-12", "2026-13"),
		"other secret": replace("secret-sha256 6", "secret-sha256 7"),
		"origin":       replace(origin, ""),
		"order": func(s string) string {
			return strings.Replace(strings.Replace(s, "fee 800\n", "", 1), "period", "fee 800\nperiod", 1)
		},
	} {
		if _, err := till.ParseStub(signedBy(t, edit), v); !errors.Is(err, till.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole := signedBy(t, replace("", ""))
	for name, bad := range map[string]string{
		"no secret":    whole[:strings.Index(whole, "\nsecret 0")+1],
		"two secrets":  whole + whole[strings.Index(whole, "secret 0"):],
		"more below":   whole + "\n",
		"upper case":   strings.Replace(block(t, "stub"), "secret 7573ca", "secret 7573CA", 1),
		"line endings": strings.ReplaceAll(whole, "\n", "\r\n"),
		"long":         strings.Repeat("x", till.MaxStub) + whole,
		"empty":        "",
	} {
		if _, err := till.ParseStub(bad, v); !errors.Is(err, till.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A stub is good by the till key of its own month alone.
func TestStubSigner(t *testing.T) {
	keep := func(s string) string { return s }
	other, err := till.New("2026-11", "coop.example")
	if err != nil {
		t.Fatal(err)
	}
	whole := signedBy(t, keep)
	if _, err := till.ParseStub(whole, verifier(t, other)); !errors.Is(err, till.ErrSignature) {
		t.Errorf("another month's key: %v", err)
	}
	if _, err := till.ParseStub(strings.Replace(whole, "fee 800", "fee 900", 1), exampleVerifier(t)); !errors.Is(err, till.ErrSignature) {
		t.Errorf("another fee: %v", err)
	}
	if _, err := till.ParseStub(signedBy(t, keep, other.Till), verifier(t, other)); !errors.Is(err, till.ErrSignature) {
		t.Errorf("signed by another month's key: %v", err)
	}
	if _, err := till.ParseStub(signedBy(t, keep, exampleKeys(t).Till, other.Till), exampleVerifier(t)); !errors.Is(err, till.ErrMalformed) {
		t.Errorf("signed by two: %v", err)
	}
}

func FuzzParseStub(f *testing.F) {
	text, v := block(f, "stub"), exampleVerifier(f)
	f.Add(text)
	f.Add(strings.Replace(text, "800", "900", 1))
	f.Add("\nsecret ")
	f.Fuzz(func(t *testing.T, s string) {
		stub, err := till.ParseStub(s, v)
		if err == nil && (stub.String() != s || s != text) {
			t.Fatalf("taken: %q", s)
		}
	})
}
