package pass_test

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
	"testing"

	"p2p.legal/peerfy/royalty/pass"
)

func TestKey(t *testing.T) {
	pub := &monthKey(t).PublicKey
	n, e, err := pass.FormatKey(pub)
	if err != nil || len(n) != 342 || e != "AQAB" {
		t.Fatal(n, e, err)
	}
	again, err := pass.ParseKey(n, e)
	if err != nil || !again.Equal(pub) {
		t.Error(again, err)
	}
}

func TestKeyRefuses(t *testing.T) {
	pub := monthKey(t).PublicKey
	n, _, err := pass.FormatKey(&pub)
	if err != nil {
		t.Fatal(err)
	}
	text := func(change func(b []byte) []byte) string {
		return base64.RawURLEncoding.EncodeToString(change(pub.N.Bytes()))
	}
	for name, c := range map[string][2]string{
		"nothing":               {"", ""},
		"no exponent":           {n, ""},
		"exponent 3":            {n, "Aw"},
		"padded exponent":       {n, "AAEAAQ"},
		"even":                  {text(func(b []byte) []byte { b[255] &^= 1; return b }), "AQAB"},
		"2,047 bits":            {text(func(b []byte) []byte { b[0] &^= 0x80; return b }), "AQAB"},
		"2,040 bits":            {text(func(b []byte) []byte { return b[1:] }), "AQAB"},
		"2,056 bits":            {text(func(b []byte) []byte { return append(b, 1) }), "AQAB"},
		"leading zero":          {text(func(b []byte) []byte { return append([]byte{0}, b...) }), "AQAB"},
		"padded base64":         {n + "=", "AQAB"},
		"line end":              {n + "\n", "AQAB"},
		"line end inside":       {n[:341] + "\n" + n[341:], "AQAB"},
		"line end for a letter": {n[:340] + "\n" + n[341:], "AQAB"},
		"loose last bits":       {n[:341] + string(n[341]+1), "AQAB"},
		"base64 plus":           {strings.Repeat("+", 342), "AQAB"},
	} {
		if _, err := pass.ParseKey(c[0], c[1]); !errors.Is(err, pass.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, bad := range map[string]*rsa.PublicKey{
		"none": nil, "empty": {}, "negative": {N: new(big.Int).Neg(pub.N), E: pub.E}, "exponent": {N: pub.N, E: 3},
	} {
		if _, _, err := pass.FormatKey(bad); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}
