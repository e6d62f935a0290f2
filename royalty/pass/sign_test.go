package pass_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	mrand "math/rand/v2"
	"sync"
	"testing"

	"p2p.legal/peerfy/royalty/pass"
)

// TestVector: the host's half of RFC 9474 gives the RFC's answer, and what comes
// of it is a signature to us.
func TestVector(t *testing.T) {
	v := vector(t)
	key := vectorKey(t, v)
	got, err := pass.SignRaw(key, v["blinded_msg"])
	if err != nil || !bytes.Equal(got, v["blind_sig"]) {
		t.Errorf("the answer is %x, %v", got, err)
	}
	if err := pass.VerifyMessage(&key.PublicKey, v["msg"], v["sig"]); err != nil {
		t.Error(err)
	}
	v["msg"][0] ^= 1
	if pass.VerifyMessage(&key.PublicKey, v["msg"], v["sig"]) == nil {
		t.Error("another message is verified")
	}
	if _, err := pass.BlindSign(key, v["blinded_msg"]); err == nil {
		t.Error("a month key of 4,096 bits signs")
	}
}

// TestBlindSign compares with the plain power, at the edges of the range too,
// and asks twice.
func TestBlindSign(t *testing.T) {
	key := monthKey(t)
	last := new(big.Int).Sub(key.N, big.NewInt(1))
	numbers := []*big.Int{big.NewInt(0), big.NewInt(1), big.NewInt(2), last, key.Primes[0], key.Primes[1]}
	source := mrand.NewChaCha8([32]byte{1})
	for range 20 {
		b := make([]byte, 256)
		source.Read(b)
		numbers = append(numbers, new(big.Int).Mod(new(big.Int).SetBytes(b), key.N))
	}
	for _, m := range numbers {
		want := new(big.Int).Exp(m, key.D, key.N).FillBytes(make([]byte, 256))
		for range 2 {
			got, err := pass.BlindSign(key, m.FillBytes(make([]byte, 256)))
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("the answer to %x is %x, %v", m, got, err)
			}
		}
	}
}

func TestBlindSignRefusesWhatIsOutOfRange(t *testing.T) {
	key := monthKey(t)
	high := new(big.Int).Add(key.N, big.NewInt(1))
	for name, b := range map[string][]byte{
		"nothing": nil, "255 bytes": make([]byte, 255), "257 bytes": make([]byte, 257),
		"the modulus": key.N.Bytes(), "above the modulus": high.Bytes(), "all bits": bytes.Repeat([]byte{255}, 256),
	} {
		if got, err := pass.BlindSign(key, b); !errors.Is(err, pass.ErrMalformed) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFaultGivesNothingOut: with one of the two halves wrong, the greatest common
// divisor of the answer's error and the modulus would be a prime.
func TestFaultGivesNothingOut(t *testing.T) {
	for name, spoil := range map[string]func(*rsa.PrivateKey){
		"modulo p":  func(k *rsa.PrivateKey) { k.Precomputed.Dp = new(big.Int).Add(k.Precomputed.Dp, big.NewInt(2)) },
		"modulo q":  func(k *rsa.PrivateKey) { k.Precomputed.Dq = new(big.Int).Add(k.Precomputed.Dq, big.NewInt(2)) },
		"the joint": func(k *rsa.PrivateKey) { k.Precomputed.Qinv = new(big.Int).Add(k.Precomputed.Qinv, big.NewInt(1)) },
	} {
		key := monthKey(t)
		spoil(key)
		if got, err := pass.BlindSign(key, bytes.Repeat([]byte{7}, 256)); err == nil || got != nil {
			t.Errorf("%s: a wrong answer is given out", name)
		}
	}
}

func TestSignersRefuseOtherKeys(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	bare := monthKey(t)
	bare.Precomputed = rsa.PrecomputedValues{}
	for name, key := range map[string]*rsa.PrivateKey{"none": nil, "1,024 bits": small, "not precomputed": bare} {
		if _, err := pass.Sign(key, [32]byte{1}); err == nil {
			t.Errorf("%s: it signs", name)
		}
		if _, err := pass.BlindSign(key, make([]byte, 128)); err == nil {
			t.Errorf("%s: it signs blindly", name)
		}
	}
}

// TestSignersTogether is for the race detector: a host signs for many at once.
func TestSignersTogether(t *testing.T) {
	key, m := monthKey(t), bytes.Repeat([]byte{7}, 256)
	want, err := pass.BlindSign(key, m)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got, err := pass.BlindSign(key, m); err != nil || !bytes.Equal(got, want) {
				t.Errorf("the answer differs: %v", err)
			}
			if _, err := pass.Sign(key, [32]byte(m)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func BenchmarkBlindSign(b *testing.B) {
	key, m := monthKey(b), bytes.Repeat([]byte{7}, 256)
	for b.Loop() {
		if _, err := pass.BlindSign(key, m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	key := monthKey(b)
	for b.Loop() {
		if _, err := pass.Sign(key, [32]byte{1}); err != nil {
			b.Fatal(err)
		}
	}
}
