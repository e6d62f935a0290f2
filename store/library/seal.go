package library

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"

	"p2p.legal/peerfy/royalty"
)

// A sealed library is a nonce, the AES-256-GCM (NIST SP 800-38D) ciphertext and its
// tag. The key is that of one library only, so that a sealed library put under
// another's name does not open; the nonce is random, which is safe for 2^32 changes.
const (
	sealedBlock = 4 << 10
	overhead    = 12 + 16 // nonce and tag
	maxSealed   = (MaxBytes + overhead + sealedBlock - 1) / sealedBlock * sealedBlock
)

// Name is the name under which the library of a code is stored. It tells nothing
// about the code, nor about the key that opens the library.
func Name(code royalty.Code) [32]byte { return code.Key("library-name") }

// Seal closes a library so that only its code opens it: a multiple of 4 KiB, at
// most 252 KiB, other bytes each time. It refuses what Unseal would not take:
// ErrMalformed, ErrFull.
func Seal(code royalty.Code, l *Library) ([]byte, error) {
	text := l.Encode()
	if _, err := Decode(text); err != nil {
		return nil, fmt.Errorf("sealing a library: %w", err)
	}
	aead, err := sealer(code)
	if err != nil {
		return nil, err
	}
	padded := make([]byte, sealedLen(len(text))-overhead)
	copy(padded, text)
	return aead.Seal(nil, nil, padded, nil), nil
}

// Unseal opens what Seal closed. Errors: ErrSealed for another code, and for any
// byte that was altered, added or taken away.
func Unseal(code royalty.Code, sealed []byte) (*Library, error) {
	if len(sealed) > maxSealed {
		return nil, fmt.Errorf("%w: %d bytes", ErrSealed, len(sealed))
	}
	aead, err := sealer(code)
	if err != nil {
		return nil, err
	}
	padded, err := aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, ErrSealed
	}
	text := bytes.TrimRight(padded, "\x00")
	if sealedLen(len(text)) != len(sealed) {
		return nil, fmt.Errorf("%w: %d bytes for %d of text", ErrSealed, len(sealed), len(text))
	}
	l, err := Decode(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	return l, nil
}

// sealedLen is how long a text of n bytes is when sealed.
func sealedLen(n int) int { return (n + overhead + sealedBlock - 1) / sealedBlock * sealedBlock }

func sealer(code royalty.Code) (cipher.AEAD, error) {
	key := code.Key("library-seal")
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("preparing a library's key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("preparing a library's key: %w", err)
	}
	return aead, nil
}
