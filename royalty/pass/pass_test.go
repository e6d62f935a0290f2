package pass_test

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
)

func TestVerify(t *testing.T) {
	key := monthKey(t)
	p := sold(t, key, recipient)
	if err := pass.Verify(&key.PublicKey, origin, p); err != nil {
		t.Fatal(err)
	}
	p.Owner = royalty.Code{}
	if err := pass.Verify(&key.PublicKey, origin, p); err != nil {
		t.Errorf("without the owner word: %v", err)
	}
	again := sold(t, key, "  "+strings.ToUpper(recipient)+"\n")
	if again.ID(origin) != p.ID(origin) || again.Signature == p.Signature {
		t.Error("two signatures of one message are not one pass")
	}
	if err := pass.Verify(&key.PublicKey, origin, again); err != nil {
		t.Error(err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	key := monthKey(t)
	other, err := royalty.NewCode()
	if err != nil {
		t.Fatal(err)
	}
	negative := new(big.Int).Sub(key.N, new(big.Int).SetBytes(sliceOf(sold(t, key, recipient).Signature)))
	for name, c := range map[string]struct {
		change func(*pass.Pass)
		want   error
	}{
		"another recipient":  {func(p *pass.Pass) { p.RecipientHash = pass.RecipientHash("age1other") }, pass.ErrSignature},
		"another owner":      {func(p *pass.Pass) { p.OwnerHash = pass.OwnerHash(other) }, pass.ErrSignature},
		"hashes swapped":     {func(p *pass.Pass) { p.RecipientHash, p.OwnerHash = p.OwnerHash, p.RecipientHash }, pass.ErrSignature},
		"another month":      {func(p *pass.Pass) { p.Period = "2027-01" }, pass.ErrSignature},
		"no month":           {func(p *pass.Pass) { p.Period = "" }, pass.ErrPeriod},
		"no such month":      {func(p *pass.Pass) { p.Period = "2026-13" }, pass.ErrPeriod},
		"no signature":       {func(p *pass.Pass) { p.Signature = [256]byte{} }, pass.ErrSignature},
		"its negative":       {func(p *pass.Pass) { negative.FillBytes(p.Signature[:]) }, pass.ErrSignature},
		"another's":          {func(p *pass.Pass) { p.Signature = sold(t, key, "age1other").Signature }, pass.ErrSignature},
		"another key's":      {func(p *pass.Pass) { *p = sold(t, otherKey(), recipient) }, pass.ErrSignature},
		"above the modulus":  {func(p *pass.Pass) { addModulus(p, key) }, pass.ErrSignature},
		"signed without PSS": {func(p *pass.Pass) { rawSigned(t, p, key) }, pass.ErrSignature},
	} {
		p := sold(t, key, recipient)
		c.change(&p)
		if err := pass.Verify(&key.PublicKey, origin, p); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := sold(t, key, recipient)
	for name, pub := range map[string]*rsa.PublicKey{
		"of another month": &otherKey().PublicKey, "none": nil, "empty": {}, "with exponent 3": {N: key.N, E: 3},
	} {
		if err := pass.Verify(pub, origin, p); !errors.Is(err, pass.ErrSignature) {
			t.Errorf("a key %s: %v", name, err)
		}
	}
	if err := pass.Verify(&key.PublicKey, "other.example/ledger", p); !errors.Is(err, pass.ErrSignature) {
		t.Errorf("another origin: %v", err)
	}
}

func sliceOf(b [256]byte) []byte { return b[:] }

// addModulus gives the signature the value that is the same modulo n, where it
// still has 256 bytes.
func addModulus(p *pass.Pass, key *rsa.PrivateKey) {
	s := new(big.Int).SetBytes(p.Signature[:])
	if s.Add(s, key.N); s.BitLen() > 2048 {
		s.SetBytes(p.Signature[:]).SetBit(s, 2047, 1) // no such value: one wrong bit instead
		s.SetBit(s, 0, 1-s.Bit(0))
	}
	s.FillBytes(p.Signature[:])
}

// rawSigned has the message itself signed, which anybody may ask of BlindSign.
func rawSigned(t *testing.T, p *pass.Pass, key *rsa.PrivateKey) {
	t.Helper()
	id := p.ID(origin)
	answer, err := pass.BlindSign(key, new(big.Int).SetBytes(id[:]).FillBytes(make([]byte, 256)))
	if err != nil {
		t.Fatal(err)
	}
	p.Signature = [256]byte(answer)
}

// TestEveryByteCounts turns over one bit in each of the 320 bytes, and a letter
// at each place of the text.
func TestEveryByteCounts(t *testing.T) {
	key := monthKey(t)
	text := pass.Format(sold(t, key, recipient))
	head, data, _ := strings.Cut(text, "12.")
	raw, err := base64.RawURLEncoding.DecodeString(data)
	if err != nil || len(raw) != 320 {
		t.Fatal(len(raw), err)
	}
	for i := range raw {
		raw[i] ^= 1 << (i % 8)
		p, err := pass.ParseFile(head + "12." + base64.RawURLEncoding.EncodeToString(raw))
		if err != nil {
			t.Fatal(err)
		}
		if err := pass.Verify(&key.PublicKey, origin, p); !errors.Is(err, pass.ErrSignature) {
			t.Errorf("byte %d: %v", i, err)
		}
		raw[i] ^= 1 << (i % 8)
	}
	for i := range text {
		for _, letter := range []string{"A", "1"} {
			altered := text[:i] + letter + text[i+1:]
			p, err := pass.ParseFile(altered)
			if err == nil {
				err = pass.Verify(&key.PublicKey, origin, p)
			}
			if err == nil && altered != text {
				t.Errorf("character %d may be %s", i, letter)
			}
		}
		if _, err := pass.ParseFile(text[:i]); !errors.Is(err, pass.ErrMalformed) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
}

// TestMessage: the parts cannot move into each other.
func TestMessage(t *testing.T) {
	a, b := [32]byte{1}, [32]byte{2}
	want := sha256.Sum256([]byte("peerfy/pass/v1\x00" + origin + "\x002026-12\x00" + string(a[:]) + string(b[:])))
	if got := pass.Message(origin, "2026-12", a, b); got != want {
		t.Errorf("the message is %x", got)
	}
	seen := make(map[[32]byte]bool)
	for _, o := range []string{"", "a", "a\x002026-12", "a\x002026-11", "b"} {
		for _, p := range []royalty.Period{"2026-11", "2026-12"} {
			for _, h := range [][2][32]byte{{a, b}, {b, a}, {a, a}} {
				seen[pass.Message(o, p, h[0], h[1])] = true
			}
		}
	}
	if len(seen) != 5*2*3 {
		t.Errorf("%d messages of 30", len(seen))
	}
}

func TestRecipientHashIgnoresCase(t *testing.T) {
	if pass.RecipientHash(recipient) != sha256.Sum256([]byte(recipient)) {
		t.Error("it is not the SHA-256 of the recipient")
	}
	if pass.RecipientHash(" "+strings.ToUpper(recipient)+"\r\n") != pass.RecipientHash(recipient) {
		t.Error("case or space matters")
	}
}

func BenchmarkVerify(b *testing.B) {
	key := monthKey(b)
	p := sold(b, key, recipient)
	for b.Loop() {
		if err := pass.Verify(&key.PublicKey, origin, p); err != nil {
			b.Fatal(err)
		}
	}
}
