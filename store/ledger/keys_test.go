package ledger_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"p2p.legal/peerfy/store/ledger"
)

func TestKeys(t *testing.T) {
	skey, vkey, err := ledger.GenerateKey("coop.example/éditrice")
	if err != nil {
		t.Fatal(err)
	}
	s, err := ledger.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := s.Sign([]byte("text\n"))
	if err != nil || !v.Verify([]byte("text\n"), sig) || s.KeyHash() != v.KeyHash() || s.Name() != v.Name() {
		t.Errorf("package note refuses our signature: %v", err)
	}
	if got, err := ledger.VerifierKey(skey); err != nil || got != vkey {
		t.Errorf("vkey %s, %v, want %s", got, err, vkey)
	}
	if other, _, _ := ledger.GenerateKey("coop.example/éditrice"); other == skey {
		t.Error("the same key twice")
	}
}

// The example of the signed-note specification.
func TestSpecificationKey(t *testing.T) {
	v, err := ledger.NewVerifier("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
	if err != nil {
		t.Fatal(err)
	}
	msg := "This is an example message.\n\n" +
		"— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
	if _, err := note.Open([]byte(msg), note.VerifierList(v)); err != nil {
		t.Error(err)
	}
}

func TestKeyNames(t *testing.T) {
	for _, name := range []string{"", "a b", "a+b", "a\u00a0b", "a\nb", "a\x00", "a\xff", "a\u202e", "a\u0085"} {
		if _, _, err := ledger.GenerateKey(name); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, _, err := ledger.GenerateKey(strings.Repeat("a", 256)); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("long name: %v", err)
	}
	if _, _, err := ledger.GenerateKey(strings.Repeat("a", 255)); err != nil {
		t.Errorf("longest name: %v", err)
	}
}

func TestKeysRefused(t *testing.T) {
	k := logKey(t)
	name, rest, _ := strings.Cut(k.vkey, "+")
	id, b64, _ := strings.Cut(rest, "+")
	cosign, err := ledger.CosignatureKey(k.vkey)
	if err != nil {
		t.Fatal(err)
	}
	for why, vkey := range map[string]string{
		"nothing":         "",
		"a word":          "coop",
		"another name":    "x" + k.vkey,
		"upper-case id":   name + "+" + strings.ToUpper(id) + "+" + b64,
		"another id":      name + "+00000000+" + b64,
		"no base64":       name + "+" + id + "+!",
		"padding":         name + "+" + id + "+" + b64 + "=",
		"newline":         k.vkey + "\n",
		"newline inside":  name + "+" + id + "+" + b64[:8] + "\n" + b64[8:],
		"cosignature key": cosign,
		"nothing for key": name + "+" + id + "+",
		"no key":          name + "+" + id + "+AQ==",
	} {
		if v, err := ledger.NewVerifier(vkey); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("vkey, %s: %v, %v", why, v, err)
		}
	}
	for why, skey := range map[string]string{
		"nothing":      "",
		"vkey":         k.vkey,
		"another name": strings.Replace(k.skey, "coop", "coup", 1),
		"lower case":   strings.ToLower(k.skey),
		"newline":      k.skey + "\n",
	} {
		_, err := ledger.NewSigner(skey)
		if !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("skey, %s: %v", why, err)
		}
		if _, err := ledger.NewCosigner(skey); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("cosigner, %s: %v", why, err)
		}
		if err != nil && strings.Contains(err.Error(), k.skey[len(k.skey)-20:]) {
			t.Errorf("%s: the error tells the secret: %v", why, err)
		}
	}
	if _, err := ledger.NewCosignatureVerifier(k.vkey); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("a note key as cosignature key: %v", err)
	}
	if _, err := ledger.NewVerifier(strings.Repeat("a+", 1000)); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("long key: %v", err)
	}
}

// The encodings of the points of small order and of numbers that are no usual
// encoding (least significant byte first), and one y off the curve.
func TestTrapPoints(t *testing.T) {
	for _, point := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000", // identity
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // order 2
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"0000000000000000000000000000000000000000000000000000000000000000", // order 4
		"0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p+1
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"0200000000000000000000000000000000000000000000000000000000000000", // not on the curve
	} {
		key, err := hex.DecodeString(point)
		if err != nil {
			t.Fatal(err)
		}
		vkey, err := note.NewEd25519VerifierKey("trap", key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ledger.NewVerifier(vkey); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %v", point, err)
		}
		if _, err := ledger.PointKey("trap", key); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %v", point, err)
		}
	}
}

// With such a point for a key, one signature fits any text: what the check is
// good for.
func TestTrapPointVerifies(t *testing.T) {
	key := make([]byte, 32)
	key[0] = 1
	sig := append(append([]byte{}, key...), make([]byte, 32)...)
	if !ed25519.Verify(key, []byte("anything"), sig) {
		t.Error("the identity as a key no longer signs everything; the check may be needless")
	}
}

func TestPointKey(t *testing.T) {
	for i := range 64 {
		name := fmt.Sprintf("key%d", i)
		skey, vkey, err := ledger.GenerateKey(name)
		if err != nil {
			t.Fatal(err)
		}
		b64 := vkey[strings.LastIndex(vkey, name)+len(name)+10:]
		b, err := base64.StdEncoding.DecodeString(b64)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ledger.PointKey(name, b[1:]); err != nil || got != vkey {
			t.Errorf("%s: %s, %v", skey, got, err)
		}
	}
	if _, err := ledger.PointKey("a b", make([]byte, 32)); err == nil {
		t.Error("bad name accepted")
	}
	if _, err := ledger.PointKey("a", make([]byte, 31)); err == nil {
		t.Error("short key accepted")
	}
	if _, _, err := ledger.KeyFromSeed("a", make([]byte, 31)); err == nil {
		t.Error("short seed accepted")
	}
}

func TestDistinctKeys(t *testing.T) {
	a, b := testKey(t, "a", 1).vkey, testKey(t, "b", 2).vkey
	again := testKey(t, "c", 1).vkey
	_, cosign := cosigner(t, "d", 2)
	if err := ledger.DistinctKeys(a, b); err != nil {
		t.Error(err)
	}
	for _, keys := range [][]string{{a, a}, {a, b, again}, {b, cosign}, {a, "x"}} {
		if err := ledger.DistinctKeys(keys...); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%v: %v", keys, err)
		}
	}
}

// A signer never signs what would read as a cosignature.
func TestSignerKeepsApart(t *testing.T) {
	if _, err := logKey(t).Sign([]byte("cosignature/v1\ntime 1\nx\n")); err == nil {
		t.Error("signed")
	}
}

func FuzzNewVerifier(f *testing.F) {
	k := logKey(f)
	f.Add(k.vkey)
	f.Add(k.skey)
	f.Add("PRIVATE+KEY+a+b+c")
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := ledger.NewVerifier(s); err == nil {
			w, err := note.NewVerifier(s)
			if err != nil || w.Name() != v.Name() || w.KeyHash() != v.KeyHash() {
				t.Fatalf("%q: package note says %v", s, err)
			}
		}
		if _, err := ledger.NewSigner(s); err == nil {
			if _, err := note.NewSigner(s); err != nil {
				t.Fatalf("%q: package note says %v", s, err)
			}
		}
	})
}
