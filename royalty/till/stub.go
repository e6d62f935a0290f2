package till

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/royalty"
)

// MaxStub is the most bytes of a stub.
const MaxStub = 2 << 10

const (
	stubHeader = "peerfy/stub/v1"
	secretLine = "secret "
	dueLine    = "sales.bin by "
	dateLayout = "2006-01-02"
)

// Stub is the evidence of one sale, for the member. A stub comes from NewStub or
// ParseStub and is always whole.
type Stub struct {
	Origin string // of the co-operative's log
	Period royalty.Period
	Fee    royalty.Cents // what was paid, tax included
	Secret [32]byte      // only the member has it

	signed string // the note
}

// NewStub makes the stub of one sale with a fresh secret. What the host keeps of
// it is [Stub.Sale].
func NewStub(k *Keys, origin string, fee royalty.Cents) (Stub, error) {
	s := Stub{Origin: origin, Period: k.Period, Fee: fee}
	if err := errors.Join(checkText(origin), checkFee(fee)); err != nil {
		return Stub{}, fmt.Errorf("making a stub: %w", err)
	}
	rand.Read(s.Secret[:])
	signer, err := note.NewSigner(k.Till)
	if err != nil {
		return Stub{}, fmt.Errorf("reading the till key: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: s.text()}, signer)
	if err != nil {
		return Stub{}, fmt.Errorf("signing a stub: %w", err)
	}
	s.signed = string(signed)
	return s, nil
}

// String is the text that the member keeps: the signed note and, under it, the
// secret.
func (s Stub) String() string { return s.signed + fmt.Sprintf("%s%x\n", secretLine, s.Secret) }

// Sale is the line of the month's sales.bin that stands for this sale:
// SHA-256("peerfy/stub/v1" ‖ secret). It tells nothing about the secret.
func (s Stub) Sale() [32]byte {
	return sha256.Sum256(append([]byte(stubHeader), s.Secret[:]...))
}

// Due is the day, in UTC, on which the sale must stand in sales.bin: the 8th of
// the month after the period.
func (s Stub) Due() time.Time { return s.Period.End().AddDate(0, 0, 7) }

// text is what the till signs.
func (s Stub) text() string {
	return fmt.Sprintf("%s\norigin %s\nperiod %s\nfee %d\nsecret-sha256 %x\nin %s%s\n",
		stubHeader, s.Origin, s.Period, s.Fee, sha256.Sum256(s.Secret[:]), dueLine, s.Due().Format(dateLayout))
}

// ParseStub reads what [Stub.String] writes, in its one spelling, and checks it:
// the signature by the till key of the period that the stub names, and the secret
// against its hash. Errors wrap ErrMalformed or ErrSignature.
func ParseStub(text string, till note.Verifier) (Stub, error) {
	s, err := parseStub(text, till)
	if err != nil {
		return Stub{}, fmt.Errorf("reading a stub: %w", err)
	}
	return s, nil
}

func parseStub(text string, till note.Verifier) (Stub, error) {
	if len(text) > MaxStub {
		return Stub{}, fmt.Errorf("%w: %d bytes, at most %d", ErrMalformed, len(text), MaxStub)
	}
	i := strings.LastIndex(text, "\n"+secretLine)
	if i < 0 {
		return Stub{}, fmt.Errorf("%w: no secret under the note", ErrMalformed)
	}
	signed := text[:i+1]
	body, err := openNote(signed, till)
	if err != nil {
		return Stub{}, err
	}
	s, err := parseText(body)
	if err != nil {
		return Stub{}, err
	}
	s.signed = signed
	s.Secret, err = hash(strings.TrimSuffix(text[i+1+len(secretLine):], "\n"))
	if err != nil || s.String() != text || s.text() != body {
		return Stub{}, fmt.Errorf("%w: not in the one spelling, or the secret is another", ErrMalformed)
	}
	if !strings.HasSuffix(till.Name(), tillSuffix(s.Period)) {
		return Stub{}, fmt.Errorf("%w: of %s", ErrSignature, s.Period)
	}
	return s, nil
}

// openNote returns the text of a note that the verifier, and nobody else, signed.
func openNote(signed string, v note.Verifier) (text string, err error) {
	n, err := note.Open([]byte(signed), note.VerifierList(v))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified), errors.As(err, &invalid):
		return "", ErrSignature
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	// note.Open takes several spellings of base64, and signatures by others.
	sig := n.Sigs[0]
	b, err := base64.StdEncoding.DecodeString(sig.Base64)
	again := fmt.Sprintf("%s\n— %s %s\n", n.Text, sig.Name, base64.StdEncoding.EncodeToString(b))
	if err != nil || again != signed {
		return "", fmt.Errorf("%w: not one signature in its one spelling", ErrMalformed)
	}
	return n.Text, nil
}

// parseText reads the lines of the note; the caller compares the spelling.
func parseText(body string) (Stub, error) {
	v, err := fields(body, stubHeader, "origin", "period", "fee", "secret-sha256", "in")
	if err != nil {
		return Stub{}, err
	}
	s := Stub{Origin: v[0]}
	p, e1 := royalty.ParsePeriod(v[1])
	fee, e2 := strconv.ParseInt(v[2], 10, 64)
	s.Period, s.Fee = p, royalty.Cents(fee)
	if err := errors.Join(e1, e2, checkText(s.Origin), checkFee(s.Fee)); err != nil {
		return Stub{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return s, nil
}

// checkFee allows what a charter allows.
func checkFee(fee royalty.Cents) error {
	if fee < 1 || fee > 100_000 {
		return fmt.Errorf("%w: a fee of %d cents, not between 1 and 100,000", ErrMalformed, int64(fee))
	}
	return nil
}
