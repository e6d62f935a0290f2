// Package seal closes texts so that only their addressee reads them, with age
// (https://age-encryption.org/v1).
//
// Two kinds of recipients are accepted, age's own: X25519 ("age1…", 62
// characters) and the post-quantum hybrid ("age1pq1…", 1,959 characters, the
// kind NewIdentity makes). Plugin, ssh and tag recipients are refused: a plugin
// would run a program of the sender's choice, the other two make a file
// recognisable. A recipient is tried when it is parsed, because some
// well-formed keys (low-order points) cannot be sealed to, and one of them must
// never stop a month's close.
//
// Open reads to the end before it returns anything: age authenticates in
// chunks, and the beginning of a cut file must not pass for the whole.
package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// ErrRecipient is wrapped by every refusal of a recipient.
var ErrRecipient = errors.New("not a recipient that can be sealed to")

// MaxPlaintext is the most bytes Open returns.
const MaxPlaintext = 64 << 20

// NewIdentity makes a post-quantum hybrid identity. Both are single lines; the
// identity is secret.
func NewIdentity() (identity, recipient string, err error) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return "", "", fmt.Errorf("making an identity: %w", err)
	}
	return id.String(), id.Recipient().String(), nil
}

// CheckRecipient says why s cannot be sealed to, with ErrRecipient.
func CheckRecipient(s string) error {
	_, err := parse(s)
	return err
}

func parse(s string) (age.Recipient, error) {
	var r age.Recipient
	var err error
	switch {
	case strings.HasPrefix(s, "age1pq1"):
		r, err = age.ParseHybridRecipient(s)
	case strings.HasPrefix(s, "age1") && len(s) == 62:
		r, err = age.ParseX25519Recipient(s)
	case strings.HasPrefix(s, "ssh-"):
		err = errors.New("it is an ssh key: make one with age-keygen")
	case strings.HasPrefix(s, "AGE-SECRET-KEY-"):
		err = errors.New("it is a secret key: give the line that begins with age1, and keep this one to yourself")
	default:
		err = errors.New("it is neither an X25519 nor a hybrid age key (plugin and tag keys are refused)")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecipient, err)
	}
	if _, err := sealTo(r, []byte("trial")); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecipient, err)
	}
	return r, nil
}

// Seal encrypts text to one recipient.
func Seal(recipient string, text []byte) ([]byte, error) {
	r, err := parse(recipient)
	if err != nil {
		return nil, err
	}
	return sealTo(r, text)
}

func sealTo(r age.Recipient, text []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, r)
	if err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	return out.Bytes(), nil
}

// Open decrypts what was sealed to identity: one of age's native identities,
// alone or with comment lines as age-keygen writes them.
func Open(identity string, sealed []byte) ([]byte, error) {
	ids, err := age.ParseIdentities(strings.NewReader(identity))
	if err != nil {
		return nil, fmt.Errorf("reading the identity: %w", err)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), ids...)
	if err != nil {
		return nil, fmt.Errorf("opening: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, MaxPlaintext+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("opening: %w", err)
	case len(text) > MaxPlaintext:
		return nil, fmt.Errorf("opening: more than %d bytes", MaxPlaintext)
	}
	return text, nil
}
