package pass

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"errors"
	"fmt"
	"math/big"
)

// Sign signs the message of a pass: 256 bytes. The salt is random, so two
// signatures of one message differ, and a host that is asked twice must give the
// same answer from what it kept.
func Sign(priv *rsa.PrivateKey, message [32]byte) ([]byte, error) {
	if err := checkPrivate(priv); err != nil {
		return nil, fmt.Errorf("signing a pass: %w", err)
	}
	digest := sha512.Sum384(message[:])
	sig, err := rsa.SignPSS(rand.Reader, priv, crypto.SHA384, digest[:], suite())
	if err != nil {
		return nil, fmt.Errorf("signing a pass: %w", err)
	}
	return sig, nil
}

// BlindSign is BlindSign of RFC 9474, section 4.3: the signature, 256 bytes, of
// what a member blinded. The same request has the same answer. What is not 256
// bytes below the key's modulus is refused with ErrMalformed.
func BlindSign(priv *rsa.PrivateKey, blinded []byte) ([]byte, error) {
	if err := checkPrivate(priv); err != nil {
		return nil, fmt.Errorf("signing a request: %w", err)
	}
	answer, err := signRaw(priv, blinded)
	if err != nil {
		return nil, fmt.Errorf("signing a request: %w", err)
	}
	return answer, nil
}

func checkPrivate(priv *rsa.PrivateKey) error {
	if priv == nil || len(priv.Primes) != 2 || priv.Precomputed.Qinv == nil {
		return errors.New("the key is not one of two primes, precomputed")
	}
	return CheckKey(&priv.PublicKey)
}

// signRaw is RSASP1 (RFC 8017, section 5.2.1) of m = blinded, as
// (m·r^e)^d · r^-1 for a random r: the powers are those of a random number,
// whatever m is.
func signRaw(priv *rsa.PrivateKey, blinded []byte) ([]byte, error) {
	n := priv.N
	m := new(big.Int).SetBytes(blinded)
	if len(blinded) != priv.Size() || m.Cmp(n) >= 0 {
		return nil, fmt.Errorf("%w: out of the key's range", ErrMalformed)
	}
	r, unmask, err := mask(n)
	if err != nil {
		return nil, err
	}
	e := big.NewInt(int64(priv.E))
	c := r.Exp(r, e, n)
	c.Mul(c, m).Mod(c, n)
	s, err := power(priv, c)
	if err != nil {
		return nil, err
	}
	s.Mul(s, unmask).Mod(s, n)
	return checked(s, m, e, n)
}

// checked is s in bytes, if its power is what was asked for. A power that went
// wrong modulo one prime only would give both away (Boneh, DeMillo, Lipton).
func checked(s, m, e, n *big.Int) ([]byte, error) {
	if new(big.Int).Exp(s, e, n).Cmp(m) != 0 {
		return nil, errors.New("the machine miscalculated: nothing is given out")
	}
	return s.FillBytes(make([]byte, (n.BitLen()+7)/8)), nil
}

// mask draws a number from 1 to n-1 with its inverse.
func mask(n *big.Int) (r, inverse *big.Int, err error) {
	for {
		r, err := rand.Int(rand.Reader, n)
		if err != nil {
			return nil, nil, fmt.Errorf("drawing a mask: %w", err)
		}
		if inverse := new(big.Int).ModInverse(r, n); inverse != nil {
			return r, inverse, nil
		}
	}
}

// power is c^d modulo n by the Chinese remainder theorem (RFC 8017, section
// 5.1.2).
func power(priv *rsa.PrivateKey, c *big.Int) (*big.Int, error) {
	p, q := priv.Primes[0], priv.Primes[1]
	m1, err := powerModulo(p, priv.Precomputed.Dp, c)
	if err != nil {
		return nil, err
	}
	m2, err := powerModulo(q, priv.Precomputed.Dq, c)
	if err != nil {
		return nil, err
	}
	m1.Sub(m1, m2).Mul(m1, priv.Precomputed.Qinv).Mod(m1, p)
	return m2.Add(m2, m1.Mul(m1, q)), nil
}

// powerModulo is c^d modulo the prime. A random multiple of prime-1, which
// changes nothing, is added to d: math/big does not promise equal times for
// equal lengths, and so no two powers have the same exponent.
func powerModulo(prime, d, c *big.Int) (*big.Int, error) {
	k, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, fmt.Errorf("drawing a mask: %w", err)
	}
	k.Mul(k, new(big.Int).Sub(prime, big.NewInt(1))).Add(k, d)
	return new(big.Int).Exp(new(big.Int).Mod(c, prime), k, prime), nil
}
