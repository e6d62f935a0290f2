package pass_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"sync"
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
)

const (
	origin    = "coop.example/ledger"
	recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
	ownerWord = "7K2M-9QX4-B3TD-8HNV-0ABC-B"
)

// monthKey is the RSA key of RFC 9500, section 2.1: public, for tests only.
func monthKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	b, err := os.ReadFile("testdata/rfc9500.pem")
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

// otherKey is that of another month.
var otherKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func owner(t testing.TB) royalty.Code {
	t.Helper()
	c, err := royalty.ParseCode(ownerWord)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sold is a pass as the site makes one in simple mode.
func sold(t testing.TB, key *rsa.PrivateKey, recipient string) pass.Pass {
	t.Helper()
	p := pass.Pass{Period: "2026-12", RecipientHash: pass.RecipientHash(recipient), OwnerHash: pass.OwnerHash(owner(t)), Owner: owner(t)}
	sig, err := pass.Sign(key, p.ID(origin))
	if err != nil {
		t.Fatal(err)
	}
	p.Signature = [256]byte(sig)
	return p
}

// vector is that of RFC 9474 for our suite, by the RFC's names.
func vector(t testing.TB) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("testdata/rfc9474.txt")
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string][]byte)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "#" {
			continue
		}
		if values[name], err = hex.DecodeString(value); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

// vectorKey is the RFC's key, of 4,096 bits.
func vectorKey(t testing.TB, v map[string][]byte) *rsa.PrivateKey {
	t.Helper()
	number := func(name string) *big.Int { return new(big.Int).SetBytes(v[name]) }
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: number("n"), E: int(number("e").Int64())},
		D:         number("d"), Primes: []*big.Int{number("p"), number("q")},
	}
	key.Precompute()
	if err := key.Validate(); err != nil {
		t.Fatal(err)
	}
	return key
}
