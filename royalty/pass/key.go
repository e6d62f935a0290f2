package pass

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
)

const (
	exponent     = 65537
	exponentText = "AQAB"
)

// CheckKey says why a key is not one that passes are verified with: a modulus of
// exactly 2,048 bits, odd, and the exponent 65537. That the modulus has two
// large prime factors cannot be seen.
func CheckKey(pub *rsa.PublicKey) error {
	switch {
	case pub == nil || pub.N == nil || pub.N.Sign() < 0 || pub.N.BitLen() != bits:
		return errors.New("the key has not 2,048 bits")
	case pub.N.Bit(0) == 0:
		return errors.New("the key has an even modulus")
	case pub.E != exponent:
		return fmt.Errorf("the key has the exponent %d, not %d", pub.E, exponent)
	}
	return nil
}

// FormatKey writes a key that [CheckKey] takes as an opening of the log names
// it: modulus and exponent as in a JSON Web Key (RFC 7518, section 6.3.1).
func FormatKey(pub *rsa.PublicKey) (n, e string, err error) {
	if err := CheckKey(pub); err != nil {
		return "", "", fmt.Errorf("writing a pass key: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(pub.N.Bytes()), exponentText, nil
}

// ParseKey reads what [FormatKey] writes, in its one spelling. Errors wrap
// ErrMalformed.
func ParseKey(n, e string) (*rsa.PublicKey, error) {
	b, err := decode(n, keyBytes)
	if err != nil || e != exponentText {
		return nil, fmt.Errorf("reading a pass key: %w", ErrMalformed)
	}
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(b), E: exponent}
	if err := CheckKey(pub); err != nil {
		return nil, fmt.Errorf("reading a pass key: %w: %w", ErrMalformed, err)
	}
	return pub, nil
}

// decode reads base64url without padding, in its one spelling. The decoder skips
// line ends: a text that has some is of the length, and its bytes are not.
func decode(s string, size int) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != size || len(s) != base64.RawURLEncoding.EncodedLen(size) {
		return nil, ErrMalformed
	}
	return b, nil
}
