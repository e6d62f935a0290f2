// Package till holds what a web host needs to sell and count one month: its
// keys, the stub that every buyer gets, and the tokens that stand in the
// addresses of downloads.
//
// # What it promises
//
//   - To a member: a [Stub] is a promise that others can judge. It is signed with
//     a key that the log names before the first sale, it says by when the sale
//     stands in sales.bin, and the secret under it shows which line of that file
//     must be it. The host can read that line alone: note and secret it
//     keeps, if at all, sealed under the code of the account that bought them.
//   - To a listener: a token in an address names a release and a day, and nobody.
//     It is not stored, and two tokens of one listener have nothing in common.
//   - To whoever is counted: a month's keys lie in one file, and with the file go
//     the sealed tallies that only they open ([Destroy]).
//   - To the operator: a month's keys are never replaced. [Keys.Save] puts a
//     complete file there or none, whatever moment the machine stops.
//
// # Why it is safe
//
// The four keys have nothing to do with each other: each is random of its own.
// A thief of the file can mint passes and stubs of that month, which the close
// counts, and can read what its tallies are wrapped in, which a pass or the
// closing identity must still open. The file ends with a hash over itself: with
// a key that lost a bit, new tallies would be sealed for nobody.
//
// # Limits
//
// Keys and stubs are Ed25519 and RSA: whoever breaks these can forge. Who holds a
// token may use it until its last day: an address that is handed on works for
// others. What overwriting a file cannot do is said at [Destroy].
package till

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/royalty"
)

// Sentinels that callers branch on.
var (
	// ErrNone says that the folder holds no keys of that month: they were not
	// made yet, or are destroyed.
	ErrNone = errors.New("there are no keys of that month here")

	// ErrExists says that the folder holds keys of that month already.
	ErrExists = errors.New("there are keys of that month already")

	// ErrMalformed is wrapped by every refusal to read a text of this package.
	ErrMalformed = errors.New("malformed")

	// ErrSignature says that a stub is not signed by the key of that month.
	ErrSignature = errors.New("not signed by this month's till key")

	// ErrToken says that a token is unknown, of another month, or past its day:
	// one answer for all, so that trying teaches nothing.
	ErrToken = errors.New("the token is not valid")
)

// Keys are a month's secrets. They stay on the host from the month's opening to
// its publishing.
type Keys struct {
	Period royalty.Period
	Pass   *rsa.PrivateKey // signs passes; 2,048 bits, exponent 65,537
	Till   string          // signs stubs: a note's signer key named NAME/till/PERIOD
	Token  [32]byte        // for [NewToken]
	Tally  [32]byte        // for royalty/tally
}

const (
	passBits = 2048
	exponent = 65537

	keyPrefix = "PRIVATE+KEY+"
	algNote   = 0x01 // Ed25519, c2sp.org/signed-note
	maxName   = 255  // bytes of a key's name, or an origin
)

// New makes the keys of a month from the system's random source. The name is the
// co-operative's, as its other keys carry it; with "/till/" and the period it
// names the till key, and must have neither space nor plus sign. An RSA key takes
// a fraction of a second.
func New(p royalty.Period, name string) (*Keys, error) {
	if _, err := royalty.ParsePeriod(p.String()); err != nil {
		return nil, fmt.Errorf("making a month's keys: %w", err)
	}
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) // never fails, see crypto/rand
	till, _, err := tillKey(tillName(name, p), seed)
	if err != nil {
		return nil, fmt.Errorf("making the till key: %w", err)
	}
	pass, err := rsa.GenerateKey(rand.Reader, passBits)
	if err != nil {
		return nil, fmt.Errorf("making the pass key: %w", err)
	}
	k := &Keys{Period: p, Pass: pass, Till: till}
	rand.Read(k.Token[:])
	rand.Read(k.Tally[:])
	return k, nil
}

// TillVerifier is the verifier key of the till, as the month's opening names it.
func (k *Keys) TillVerifier() (vkey string, err error) {
	name, seed, err := parseTill(k.Till)
	if err != nil {
		return "", err
	}
	_, vkey, err = tillKey(name, seed)
	return vkey, err
}

func tillName(name string, p royalty.Period) string { return name + tillSuffix(p) }

func tillSuffix(p royalty.Period) string { return "/till/" + p.String() }

// tillKey spells the two keys of a seed.
func tillKey(name string, seed []byte) (skey, vkey string, err error) {
	pub := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	vkey, err = note.NewEd25519VerifierKey(name, pub)
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	// Reading it back refuses names that no reader would take.
	if _, err := note.NewVerifier(vkey); err != nil || checkText(name) != nil {
		return "", "", fmt.Errorf("%w: %q cannot be the name of a key", ErrMalformed, name)
	}
	rest := strings.TrimPrefix(vkey, name+"+")
	id, _, _ := strings.Cut(rest, "+")
	secret := base64.StdEncoding.EncodeToString(append([]byte{algNote}, seed...))
	return keyPrefix + name + "+" + id + "+" + secret, vkey, nil
}

// parseTill reads a signer key in its one spelling. Its errors never quote it.
func parseTill(skey string) (name string, seed []byte, err error) {
	rest, _ := strings.CutPrefix(skey, keyPrefix)
	name, rest, _ = strings.Cut(rest, "+")
	_, b64, _ := strings.Cut(rest, "+")
	b, err := base64.StdEncoding.DecodeString(b64)
	if err != nil || len(b) != 1+ed25519.SeedSize {
		return "", nil, fmt.Errorf("%w: the till key", ErrMalformed)
	}
	again, _, err := tillKey(name, b[1:])
	if err != nil || again != skey {
		return "", nil, fmt.Errorf("%w: the till key", ErrMalformed)
	}
	return name, b[1:], nil
}
