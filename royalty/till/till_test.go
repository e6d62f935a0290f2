package till_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/till"
)

func TestNew(t *testing.T) {
	a, err := till.New(december, "coop.example")
	if err != nil {
		t.Fatal(err)
	}
	b, err := till.New(december, "coop.example")
	if err != nil {
		t.Fatal(err)
	}
	if a.Pass.Equal(b.Pass) || a.Till == b.Till || a.Token == b.Token || a.Tally == b.Tally || a.Token == a.Tally {
		t.Error("two months share a key")
	}
	if a.Pass.N.BitLen() != 2048 || a.Pass.E != 65537 {
		t.Errorf("a pass key of %d bits, exponent %d", a.Pass.N.BitLen(), a.Pass.E)
	}
	if v := verifier(t, a); v.Name() != "coop.example/till/2026-12" {
		t.Errorf("the till key is called %s", v.Name())
	}
	again, err := till.Parse(a.Format())
	if err != nil {
		t.Fatal(err)
	}
	if !again.Pass.PublicKey.Equal(&a.Pass.PublicKey) || again.Till != a.Till || again.Token != a.Token || again.Tally != a.Tally || again.Period != december {
		t.Error("the keys change on the way through their file")
	}
	checkSigns(t, again.Pass, &a.Pass.PublicKey)
}

// A key made again from its primes signs as the first did.
func checkSigns(t *testing.T, key *rsa.PrivateKey, pub *rsa.PublicKey) {
	t.Helper()
	digest := sha256.Sum256([]byte("a pass"))
	sig, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := rsa.VerifyPSS(pub, crypto.SHA256, digest[:], sig, nil); err != nil {
		t.Error(err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		p    royalty.Period
		name string
	}{
		"no period":     {"", "coop.example"},
		"a path":        {"../../x", "coop.example"},
		"thirteenth":    {"2026-13", "coop.example"},
		"space":         {december, "coop example"},
		"plus":          {december, "coop+example"},
		"line feed":     {december, "coop\nexample"},
		"control":       {december, "coop\x01example"},
		"not UTF-8":     {december, "coop\xff"},
		"a long name":   {december, strings.Repeat("a", 250)},
		"leading space": {december, " coop"},
	} {
		if _, err := till.New(c.p, c.name); err == nil {
			t.Errorf("%s: made", name)
		}
	}
}

func TestKeysExample(t *testing.T) {
	k := exampleKeys(t)
	if got := string(k.Format()); got != block(t, "keys") {
		t.Errorf("the keys are\n%s", got)
	}
	if vkey, err := k.TillVerifier(); err != nil || vkey+"\n" != block(t, "vkey") {
		t.Errorf("the till is known as %s, %v", vkey, err)
	}
	checkSigns(t, k.Pass, &k.Pass.PublicKey)
}

// Damage of one byte, or a file cut short, is always named.
func TestKeysDamaged(t *testing.T) {
	text := []byte(block(t, "keys"))
	for i := range text {
		for _, flip := range []byte{1, 0x20, 0x80} {
			bad := bytes.Clone(text)
			bad[i] ^= flip
			if _, err := till.Parse(bad); !errors.Is(err, till.ErrMalformed) {
				t.Fatalf("byte %d altered by %#x: %v", i, flip, err)
			}
		}
		if _, err := till.Parse(text[:i]); !errors.Is(err, till.ErrMalformed) {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
}

// sum ends a text with the hash that it should have.
func sum(above string) string {
	return above + fmt.Sprintf("sha256 %x\n", sha256.Sum256([]byte(above)))
}

// What carries the right hash is still read strictly.
func TestKeysRefused(t *testing.T) {
	text := block(t, "keys")
	if _, err := till.Parse([]byte(strings.Replace(text, "token 7", "token 8", 1))); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged file is not called so: %v", err)
	}
	above := text[:strings.Index(text, "sha256 ")]
	lines := strings.Split(above, "\n")
	prime, other := lines[3], lines[4]
	if _, err := till.Parse([]byte(sum(above))); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"empty":          "",
		"a line more":    above + "more 1\n",
		"a line twice":   above + lines[6] + "\n",
		"line endings":   strings.ReplaceAll(above, "\n", "\r\n"),
		"upper case":     strings.Replace(above, lines[5], "token "+strings.ToUpper(lines[5][6:]), 1),
		"short token":    strings.Replace(above, lines[5], lines[5][:68], 1),
		"long token":     strings.Replace(above, lines[5], lines[5]+"00", 1),
		"period":         strings.Replace(above, "period 2026-12", "period 2026-11", 1),
		"no period":      strings.Replace(above, "period 2026-12", "period 2026-1", 1),
		"primes swapped": strings.Replace(above, prime+"\n"+other, other+"\n"+prime, 1),
		"one prime":      strings.Replace(above, other, prime, 1),
		"even prime":     strings.Replace(above, other, other[:len(other)-1]+"2", 1),
		"negative prime": strings.Replace(above, prime, "prime -"+prime[6:], 1),
		"leading zero":   strings.Replace(above, prime, "prime 0"+prime[6:], 1),
		"2,047 bits":     withPrimes(above, power(5, 1021, 171), power(1, 1023, 1155)),
		"unequal primes": withPrimes(above, power(3, 1047, 1787), power(1, 999, 1239)),
		"short prime":    strings.Replace(above, other, other[:len(other)-2], 1),
		"till id":        strings.Replace(above, "+165991e2+", "+165991e3+", 1),
		"till name":      strings.Replace(above, "coop.example", "else.example", 1),
		"version":        strings.Replace(above, "/v1", "/v2", 1),
		"too long":       above + strings.Repeat("x", till.MaxKeys),
	} {
		_, err := till.Parse([]byte(sum(bad)))
		if !errors.Is(err, till.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkSecret(t, name, text, err)
	}
}

// power is a·2ⁿ+k; those used here are primes.
func power(a int64, n uint, k int64) *big.Int {
	p := new(big.Int).Lsh(big.NewInt(a), n)
	return p.Add(p, big.NewInt(k))
}

func withPrimes(above string, p, q *big.Int) string {
	lines := strings.Split(above, "\n")
	lines[3], lines[4] = fmt.Sprintf("prime %x", p), fmt.Sprintf("prime %x", q)
	return strings.Join(lines, "\n")
}

// checkSecret fails when an error quotes a key: errors end up in logs.
func checkSecret(t *testing.T, name, text string, err error) {
	t.Helper()
	for _, word := range strings.Fields(text) {
		if len(word) > 60 && strings.Contains(err.Error(), word[len(word)-20:]) {
			t.Errorf("%s: the error quotes a secret: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	text := block(f, "keys")
	f.Add(text[:strings.Index(text, "sha256 ")])
	f.Add("peerfy/month/v1\nperiod 2026-12\n")
	f.Fuzz(func(t *testing.T, above string) {
		text := []byte(sum(above))
		k, err := till.Parse(text)
		if err != nil {
			if !errors.Is(err, till.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(k.Format(), text) {
			t.Fatalf("another spelling: %s", hex.EncodeToString(text))
		}
	})
}
