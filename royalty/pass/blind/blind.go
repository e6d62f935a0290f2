// Package blind is the member's side of a blind pass: it has a pass signed by a
// host that does not see it.
//
// [Request] hides the message of a new pass behind a random factor (RFC 9474,
// section 4.2); the host signs that; [Finish] takes the factor away and has a
// signature by the host's key that the host never saw. To the member it promises
// that the host cannot tie the pass to the request, with whatever computer: for
// every request and every pass of the month there is exactly one factor that
// makes the one the other's, and all factors are equally likely. Whoever paid is
// hidden among all who were given a pass by the same key.
//
// That holds for the key that everybody has. The caller must take it from the
// month's opening in the log, never from an answer of the site, which could make
// one for each member. It does not need the key to be well made: a message that
// Finish has seen signed is the power of something by the key's exponent, and
// then the request was as likely as any other such power.
//
// Limits: what hides a member is the number of passes sold, and the time between
// buying and listening; the host sees both times, and the circuit. The recipient
// must be fresh: one that was used elsewhere says who it is.
//
// Between the two steps the member keeps a [Secret]. Nothing else is kept: the
// salt and the factor are derived again from its seed, so its text stays short,
// and Finish compares the request that comes of it with the one that was sent.
package blind

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha3"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cloudflare/circl/blindsign/blindrsa"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
)

// domain keeps the stream of a seed apart from every other use of it.
const domain = "peerfy/blind/v1"

// Secret is what a member keeps from the request to the answer. With it and the
// answer anybody has the pass, and with it and the pass knows who asked: it is
// to be destroyed when the pass is there.
type Secret struct {
	Origin    string // of the log
	Period    royalty.Period
	Key       string // modulus of the period's pass key, as pass.FormatKey spells it
	Recipient string // age, in lower case
	Owner     royalty.Code
	Seed      [32]byte // of the salt and the blinding factor
	Request   string   // what the site is given; giving it again brings the same answer
}

// Request makes a new pass of the period and hides it. pub is the period's key
// as the log has it, and recipient one that can be sealed to (royalty/seal says
// so, not this package). The secret must be on disk before the request is sent:
// the answer is of no use without it, and is paid for.
func Request(pub *rsa.PublicKey, origin string, period royalty.Period, recipient string) (request string, secret Secret, err error) {
	owner, err := royalty.NewCode()
	if err != nil {
		return "", Secret{}, fmt.Errorf("making a request: %w", err)
	}
	n, _, err := pass.FormatKey(pub)
	if err != nil {
		return "", Secret{}, fmt.Errorf("making a request: %w", err)
	}
	s := Secret{Origin: origin, Period: period, Key: n, Recipient: strings.ToLower(strings.TrimSpace(recipient)), Owner: owner}
	rand.Read(s.Seed[:])
	if err := s.check(); err != nil {
		return "", Secret{}, fmt.Errorf("making a request: %w", err)
	}
	blinded, _, err := s.blind()
	if err != nil {
		return "", Secret{}, fmt.Errorf("making a request: %w", err)
	}
	s.Request = pass.FormatRequest(period, blinded)
	return s.Request, s, nil
}

// Finish makes the pass of the site's answer. Errors wrap [pass.ErrMalformed] for a text that is no answer,
// [pass.ErrPeriod] for the answer of another month, and [pass.ErrSignature] for
// what is not a signature of this request: the evidence of a host that answers
// falsely is the stub of the sale.
func Finish(secret Secret, answer string) (pass.Pass, error) {
	p, err := finish(secret, answer)
	if err != nil {
		return pass.Pass{}, fmt.Errorf("finishing a pass: %w", err)
	}
	return p, nil
}

func finish(secret Secret, answer string) (pass.Pass, error) {
	period, signed, err := pass.ParseAnswer(answer)
	if err != nil {
		return pass.Pass{}, err
	}
	if period != secret.Period {
		return pass.Pass{}, fmt.Errorf("%w: the answer is of %s, the request of %s", pass.ErrPeriod, period, secret.Period)
	}
	blinded, unblind, err := secret.blind()
	if err != nil {
		return pass.Pass{}, err
	}
	if pass.FormatRequest(period, blinded) != secret.Request {
		return pass.Pass{}, errors.New("the request was made for another key, or by another version")
	}
	signature, err := unblind(signed)
	if err != nil {
		return pass.Pass{}, fmt.Errorf("%w: %w", pass.ErrSignature, err)
	}
	p := secret.pass()
	p.Signature = [256]byte(signature) // good: unblinding verifies it
	return p, nil
}

// pass is the pass without its signature.
func (s Secret) pass() pass.Pass {
	return pass.Pass{
		Period: s.Period, Owner: s.Owner,
		RecipientHash: pass.RecipientHash(s.Recipient), OwnerHash: pass.OwnerHash(s.Owner),
	}
}

// blind is what the host is given to sign, the same at every call, and what
// makes a signature of its answer.
func (s Secret) blind() (blinded []byte, unblind func([]byte) ([]byte, error), err error) {
	pub, err := s.key()
	if err != nil {
		return nil, nil, err
	}
	id := s.pass().ID(s.Origin)
	return hide(pub, s.stream(id), id[:])
}

// stream is cSHAKE256 (NIST SP 800-185) of the seed and the message: no two
// messages are hidden by one factor, even if a seed were used twice.
func (s Secret) stream(id [32]byte) io.Reader {
	h := sha3.NewCSHAKE256(nil, []byte(domain))
	h.Write(s.Seed[:])
	h.Write(id[:])
	return h
}

// hide is Blind of RFC 9474 with the message as it is (the deterministic
// variant: its salt and the owner word are random enough). It reads 48 bytes of
// salt, then 256 bytes until they are below the modulus, which are the factor.
func hide(pub *rsa.PublicKey, random io.Reader, message []byte) (blinded []byte, unblind func([]byte) ([]byte, error), err error) {
	client, err := blindrsa.NewClient(blindrsa.SHA384PSSDeterministic, pub)
	if err != nil {
		return nil, nil, fmt.Errorf("blinding: %w", err)
	}
	blinded, state, err := client.Blind(random, message)
	if err != nil {
		return nil, nil, fmt.Errorf("blinding: %w", err)
	}
	return blinded, func(signed []byte) ([]byte, error) { return client.Finalize(state, signed) }, nil
}
