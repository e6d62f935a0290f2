// Package pass is the right to one month: a text that a member shows to any
// site or mirror, and that everybody can verify with the month's public key.
//
// A pass is an RSA-PSS signature, of the suite
// RSABSSA-SHA384-PSS-Deterministic of RFC 9474 with 2,048 bits, over the hash of
// an origin, a period, a recipient and an owner word ([Message]). Whoever has
// the pass listens with it; it names nobody. It has two parts. The listening
// part opens the month and is what sites and mirrors are shown. The owner word
// corrects the month and is never for a mirror: the listening part holds only
// its hash, and 100 random bits are not found from their hash.
//
// To the member it promises that a pass cannot be turned into another one:
// another recipient, owner word, period or origin is another message, for which
// there is no signature. To the co-operative it promises that there are no more
// passes than answers of the host, since the host signs with a key that is used
// for one month and nothing else. [Sign] knows the message; [BlindSign] signs
// what it cannot read, and the pass that comes of it (royalty/pass/blind) has
// the same shape.
//
// That BlindSign tells nothing about the key but its answers rests on three
// things: bases and exponents are masked with fresh random numbers, so that no
// time depends on the request and the key alone; the answer is checked by the
// public key before it leaves, so that one wrong bit in the machine cannot give
// the primes away; and the key signs passes only, since a requester chooses what
// is signed.
//
// Limits: a host can sign more passes than it sold, which the close of the month
// counts. One message can have several signatures, by asking twice; they are one
// pass, since a pass is known by its message ([Pass.ID]). A pass that is lent is
// not told from its owner's. RSA will fall to a quantum computer: it could forge
// passes of a month long closed, and would still not see who was behind a blind
// one.
//
// The texts are described in format.md.
package pass

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"strings"

	"p2p.legal/peerfy/royalty"
)

// What callers tell apart.
var (
	ErrMalformed = errors.New("malformed")                          // a text that is not what was asked for
	ErrPeriod    = errors.New("not of the period")                  // of another period, or of none
	ErrSignature = errors.New("not signed by the key of the month") // also: for another origin, recipient or owner word
)

const (
	header   = "peerfy/pass/v1"
	bits     = 2048
	keyBytes = bits / 8
	saltLen  = 48 // RFC 9474, section 5: as long as the hash
)

// Pass is what a member has for one month. Passes can be compared with ==, but
// two that differ in the signature only are the same pass: compare [Pass.ID].
type Pass struct {
	Period        royalty.Period
	RecipientHash [32]byte
	OwnerHash     [32]byte
	Signature     [256]byte

	// Owner is the owner word, and not part of what is shown to a mirror. It is
	// zero where only the listening part is known.
	Owner royalty.Code
}

// Message is what a pass signs: SHA-256(`peerfy/pass/v1` 0x00 origin 0x00 period
// 0x00 recipientHash ownerHash). The two hashes have 32 bytes each and a period
// has 7, so no two choices give the same bytes.
func Message(origin string, p royalty.Period, recipientHash, ownerHash [32]byte) [32]byte {
	h := sha256.New()
	for _, s := range []string{header, origin, p.String()} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	h.Write(recipientHash[:])
	h.Write(ownerHash[:])
	return [32]byte(h.Sum(nil))
}

// RecipientHash is SHA-256 of an age recipient in lower case, without space
// around it. It does not check that there is such a recipient.
func RecipientHash(recipient string) [32]byte {
	return sha256.Sum256([]byte(canonical(recipient)))
}

func canonical(recipient string) string {
	return strings.ToLower(strings.TrimSpace(recipient))
}

// OwnerHash is SHA-256 of an owner word as [royalty.Code.String] spells it.
func OwnerHash(owner royalty.Code) [32]byte {
	return sha256.Sum256([]byte(owner.String()))
}

// ID is the name of the pass: the message that it signs for the origin. Sites
// and the accounts know a pass by it. It needs no signature to be known, so it
// proves nothing: [Verify] does.
func (p Pass) ID(origin string) [32]byte {
	return Message(origin, p.Period, p.RecipientHash, p.OwnerHash)
}

// Verify reports whether the pass is signed by the key for the origin. It wraps
// ErrPeriod if the pass names no month and ErrSignature otherwise. The key must
// be that of the pass's own period, and whether the month is running is the
// caller's to ask.
func Verify(pub *rsa.PublicKey, origin string, p Pass) error {
	if _, err := royalty.ParsePeriod(p.Period.String()); err != nil {
		return fmt.Errorf("verifying a pass: %w", ErrPeriod)
	}
	if err := CheckKey(pub); err != nil {
		return fmt.Errorf("verifying a pass: %w: %w", ErrSignature, err)
	}
	id := p.ID(origin)
	if verify(pub, id[:], p.Signature[:]) != nil {
		return fmt.Errorf("verifying a pass: %w", ErrSignature)
	}
	return nil
}

func verify(pub *rsa.PublicKey, message, signature []byte) error {
	digest := sha512.Sum384(message)
	return rsa.VerifyPSS(pub, crypto.SHA384, digest[:], signature, suite())
}

func suite() *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: saltLen, Hash: crypto.SHA384}
}
