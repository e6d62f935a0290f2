package blind_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"strings"
	"sync"
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/pass/blind"
)

const (
	origin    = "coop.example/ledger"
	period    = royalty.Period("2026-12")
	recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
)

// monthKey is the RSA key of RFC 9500, section 2.1: public, for tests only.
func monthKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	b, err := os.ReadFile("../testdata/rfc9500.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var otherKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func request(t testing.TB, key *rsa.PrivateKey) (string, blind.Secret) {
	t.Helper()
	text, secret, err := blind.Request(&key.PublicKey, origin, period, recipient)
	if err != nil {
		t.Fatal(err)
	}
	return text, secret
}

// answer is the host's part.
func answer(t testing.TB, key *rsa.PrivateKey, request string) string {
	t.Helper()
	p, blinded, err := pass.ParseRequest(request)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := pass.BlindSign(key, blinded)
	if err != nil {
		t.Fatal(err)
	}
	return pass.FormatAnswer(p, signed)
}

// TestBlindPassLooksLikeAnyOther goes the whole way and puts the pass beside one
// that the site signed knowingly.
func TestBlindPassLooksLikeAnyOther(t *testing.T) {
	key := monthKey(t)
	text, secret := request(t, key)
	kept, err := blind.ParseSecret(blind.FormatSecret(secret))
	if err != nil || kept != secret || kept.Request != text {
		t.Fatal(err)
	}
	got, err := blind.Finish(kept, "\r\n "+answer(t, key, text)+"\n")
	if err != nil {
		t.Fatal(err)
	}
	simple := pass.Pass{Period: period, RecipientHash: got.RecipientHash, OwnerHash: got.OwnerHash, Owner: got.Owner}
	sig, err := pass.Sign(key, simple.ID(origin))
	if err != nil {
		t.Fatal(err)
	}
	simple.Signature = [256]byte(sig)
	for _, p := range []pass.Pass{got, simple} {
		if err := pass.Verify(&key.PublicKey, origin, p); err != nil {
			t.Error(err)
		}
		if p.RecipientHash != pass.RecipientHash(recipient) || p.OwnerHash != pass.OwnerHash(secret.Owner) {
			t.Error("not of this recipient and owner word")
		}
		if len(pass.Format(p)) != 450 || !strings.HasPrefix(pass.Format(p), "peerfy-pass-v1.2026-12.") {
			t.Error("another shape")
		}
	}
	if got.ID(origin) != simple.ID(origin) || len(pass.FormatFile(got, "")) != len(pass.FormatFile(simple, "")) {
		t.Error("one is not like the other")
	}
}

// TestVector: the member's half of RFC 9474, as our library does it, reads the
// random bytes in the order that format.md says.
func TestVector(t *testing.T) {
	v := make(map[string][]byte)
	text, err := os.ReadFile("../testdata/rfc9474.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name != "#" {
			if v[name], err = hex.DecodeString(value); err != nil {
				t.Fatal(err)
			}
		}
	}
	n := new(big.Int).SetBytes(v["n"])
	factor := new(big.Int).ModInverse(new(big.Int).SetBytes(v["inv"]), n)
	tooHigh := bytes.Repeat([]byte{255}, len(v["n"])) // is left out
	random := bytes.NewReader(append(append(v["salt"], tooHigh...), factor.FillBytes(make([]byte, len(v["n"])))...))
	blinded, unblind, err := blind.Hide(&rsa.PublicKey{N: n, E: 65537}, random, v["msg"])
	if err != nil || !bytes.Equal(blinded, v["blinded_msg"]) {
		t.Fatalf("the request is %x, %v", blinded, err)
	}
	if sig, err := unblind(v["blind_sig"]); err != nil || !bytes.Equal(sig, v["sig"]) {
		t.Errorf("the signature is %x, %v", sig, err)
	}
}

// TestHostSeesNothing takes two requests and the two passes that came of them:
// for every pair there is a factor that makes the one of the other, so that
// neither pass is likelier than the other to be of a request.
func TestHostSeesNothing(t *testing.T) {
	key := monthKey(t)
	n, e := key.N, big.NewInt(int64(key.E))
	var requests, encoded []*big.Int
	for range 2 {
		text, secret := request(t, key)
		_, blinded, err := pass.ParseRequest(text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := blind.Finish(secret, answer(t, key, text))
		if err != nil {
			t.Fatal(err)
		}
		requests = append(requests, new(big.Int).SetBytes(blinded))
		encoded = append(encoded, new(big.Int).Exp(new(big.Int).SetBytes(p.Signature[:]), e, n))
	}
	for i, z := range requests {
		for j, m := range encoded {
			factor := new(big.Int).ModInverse(m, n)
			factor.Mul(factor, z).Mod(factor, n).Exp(factor, key.D, n)
			hidden := new(big.Int).Exp(factor, e, n)
			if hidden.Mul(hidden, m).Mod(hidden, n).Cmp(z) != 0 {
				t.Errorf("request %d cannot be of pass %d", i, j)
			}
		}
	}
}

// TestRequestsAreUniform counts what stands in the requests of one recipient.
// The first byte is left out: it is bounded by the modulus. The bounds are eight
// standard deviations of what chance does.
func TestRequestsAreUniform(t *testing.T) {
	const count = 1000
	key := monthKey(t)
	seen := make(map[string]bool)
	var bytesSeen [256]int
	var bitsSeen [256][8]int
	for range count {
		text, s := request(t, key)
		_, blinded, err := pass.ParseRequest(text)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(blinded)], seen[string(s.Seed[:])], seen[s.Owner.String()] = true, true, true
		for i, b := range blinded[1:] {
			bytesSeen[b]++
			for bit := range 8 {
				bitsSeen[i+1][bit] += int(b>>bit) & 1
			}
		}
	}
	if len(seen) != 3*count {
		t.Errorf("%d requests, seeds and owner words of %d differ", len(seen), 3*count)
	}
	chi, want := 0.0, float64(count*255)/256
	for _, n := range bytesSeen {
		chi += (float64(n) - want) * (float64(n) - want) / want
	}
	if chi > 255+8*22.6 {
		t.Errorf("chi squared is %.0f for 255 degrees of freedom", chi)
	}
	for i, bits := range bitsSeen[1:] {
		for bit, n := range bits {
			if n < count/2-8*16 || n > count/2+8*16 {
				t.Errorf("byte %d has bit %d set in %d of %d", i+1, bit, n, count)
			}
		}
	}
}

// TestFinishRefuses: every answer but the right one, with its reason.
func TestFinishRefuses(t *testing.T) {
	key := monthKey(t)
	text, secret := request(t, key)
	right := answer(t, key, text)
	_, signed, err := pass.ParseAnswer(right)
	if err != nil {
		t.Fatal(err)
	}
	otherText, _ := request(t, key)
	_, blinded, err := pass.ParseRequest(text)
	if err != nil {
		t.Fatal(err)
	}
	theirs := new(big.Int).Mod(new(big.Int).SetBytes(blinded), otherKey().N).FillBytes(make([]byte, 256))
	for name, c := range map[string]struct {
		answer string
		want   error
	}{
		"nothing":       {"", pass.ErrMalformed},
		"cut off":       {right[:300], pass.ErrMalformed},
		"the request":   {text, pass.ErrMalformed},
		"another month": {pass.FormatAnswer("2027-01", signed), pass.ErrPeriod},
		"another's":     {answer(t, key, otherText), pass.ErrSignature},
		"another key's": {answer(t, otherKey(), pass.FormatRequest(period, theirs)), pass.ErrSignature},
		"what was sent": {pass.FormatAnswer(period, blinded), pass.ErrSignature},
		"zero":          {pass.FormatAnswer(period, make([]byte, 256)), pass.ErrSignature},
	} {
		if p, err := blind.Finish(secret, c.answer); !errors.Is(err, c.want) || p != (pass.Pass{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range signed {
		signed[i] ^= 1 << (i % 8)
		if _, err := blind.Finish(secret, pass.FormatAnswer(period, signed)); !errors.Is(err, pass.ErrSignature) {
			t.Fatalf("byte %d: %v", i, err)
		}
		signed[i] ^= 1 << (i % 8)
	}
	if _, err := blind.Finish(secret, right); err != nil {
		t.Error(err)
	}
}

// TestFinishRefusesAnotherSecret: a secret that was altered, or is held against
// another month's key, is told before the answer is blamed.
func TestFinishRefusesAnotherSecret(t *testing.T) {
	key := monthKey(t)
	text, secret := request(t, key)
	right := answer(t, key, text)
	_, other := request(t, key)
	for name, change := range map[string]func(*blind.Secret){
		"origin":    func(s *blind.Secret) { s.Origin = "other.example/ledger" },
		"recipient": func(s *blind.Secret) { s.Recipient = "age1pq1qqq" },
		"owner":     func(s *blind.Secret) { s.Owner = other.Owner },
		"seed":      func(s *blind.Secret) { s.Seed[31] ^= 1 },
		"request":   func(s *blind.Secret) { s.Request = other.Request },
		"key":       func(s *blind.Secret) { s.Key, _, _ = pass.FormatKey(&otherKey().PublicKey) },
		"no key":    func(s *blind.Secret) { s.Key = "" },
	} {
		altered := secret
		change(&altered)
		if _, err := blind.Finish(altered, right); err == nil || errors.Is(err, pass.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRequestRefuses(t *testing.T) {
	good := &monthKey(t).PublicKey
	for name, c := range map[string]struct {
		pub               *rsa.PublicKey
		origin, recipient string
		period            royalty.Period
	}{
		"no key":              {nil, origin, recipient, period},
		"a small exponent":    {&rsa.PublicKey{N: good.N, E: 3}, origin, recipient, period},
		"no origin":           {good, "", recipient, period},
		"an origin's end":     {good, origin + "\n", recipient, period},
		"an origin of zeros":  {good, "a\x00b", recipient, period},
		"an origin not UTF-8": {good, "a\xff", recipient, period},
		"no month":            {good, origin, recipient, ""},
		"month 13":            {good, origin, recipient, "2026-13"},
		"no recipient":        {good, origin, "", period},
		"an identity":         {good, origin, "AGE-SECRET-KEY-1QQQ", period},
		"an ssh key":          {good, origin, "ssh-ed25519 AAAA", period},
		"two recipients":      {good, origin, recipient + "\n" + recipient, period},
	} {
		if text, s, err := blind.Request(c.pub, c.origin, c.period, c.recipient); err == nil || text != "" || s != (blind.Secret{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, s, err := blind.Request(good, origin, period, " "+strings.ToUpper(recipient)+"\n")
	if err != nil || s.Recipient != recipient {
		t.Error(s.Recipient, err)
	}
}

func TestRequestHoldsNothingOfTheSecret(t *testing.T) {
	text, s := request(t, monthKey(t))
	id := pass.Message(origin, period, pass.RecipientHash(recipient), pass.OwnerHash(s.Owner))
	_, blinded, err := pass.ParseRequest(text)
	if err != nil {
		t.Fatal(err)
	}
	hash := pass.RecipientHash(recipient)
	for name, b := range map[string][]byte{"message": id[:8], "recipient": hash[:8], "seed": s.Seed[:8]} {
		if bytes.Contains(blinded, b) || strings.Contains(text, base64.RawURLEncoding.EncodeToString(b)[:10]) {
			t.Errorf("it holds the %s", name)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	key := monthKey(b)
	for b.Loop() {
		request(b, key)
	}
}

func BenchmarkFinish(b *testing.B) {
	key := monthKey(b)
	text, secret := request(b, key)
	right := answer(b, key, text)
	for b.Loop() {
		if _, err := blind.Finish(secret, right); err != nil {
			b.Fatal(err)
		}
	}
}
