package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Signature types of c2sp.org/signed-note.
const (
	algNote        = 0x01 // Ed25519 over the note's text
	algCosignature = 0x04 // Ed25519 over a timestamp and a checkpoint
)

const (
	skeyPrefix = "PRIVATE+KEY+"

	// maxKeyTail is what may follow a key's name, with room to spare.
	maxKeyTail = 128
)

// GenerateKey makes a new Ed25519 key: skey is the secret one, for [NewSigner]
// and [NewCosigner]; vkey is the public one, for [NewVerifier]. A name has at
// most 255 bytes, no plus sign and no space; by custom it is a URL without
// scheme, such as "coop.example/editor".
func GenerateKey(name string) (skey, vkey string, err error) {
	if err := checkName(name); err != nil {
		return "", "", err
	}
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("making a key: %w", err)
	}
	return KeyFromSeed(name, priv.Seed())
}

// KeyFromSeed returns the key of a name and a secret seed of 32 bytes (RFC 8032,
// section 5.1.5). The seed must come from a secure random source, except in
// tests and examples that want the same key each time.
func KeyFromSeed(name string, seed []byte) (skey, vkey string, err error) {
	if err := checkName(name); err != nil {
		return "", "", err
	}
	if len(seed) != ed25519.SeedSize {
		return "", "", malformed("seed: %d bytes, wanted %d", len(seed), ed25519.SeedSize)
	}
	priv := ed25519.NewKeyFromSeed(seed)
	return formatSigner(name, priv), formatVerifier(name, algNote, priv.Public().(ed25519.PublicKey)), nil
}

// PointKey returns the vkey of type 0x01 of a public key that another system
// made, such as the one in an onion address.
func PointKey(name string, pub ed25519.PublicKey) (vkey string, err error) {
	if len(pub) != ed25519.PublicKeySize {
		return "", malformed("key: %d bytes, wanted %d", len(pub), ed25519.PublicKeySize)
	}
	if err := checkName(name); err != nil {
		return "", err
	}
	if err := checkPoint(pub); err != nil {
		return "", err
	}
	return formatVerifier(name, algNote, pub), nil
}

// NewVerifier reads a vkey of type 0x01. Beyond what package note checks it
// wants the one usual spelling, and refuses keys that are no point of the curve
// or one of small order: such a key would accept signatures that nobody made.
func NewVerifier(vkey string) (note.Verifier, error) {
	k, err := parseVerifier(vkey, algNote)
	if err != nil {
		return nil, err
	}
	return &verifier{k}, nil
}

// NewSigner reads an skey. Its signer refuses to sign a text that would read as
// a cosignature.
func NewSigner(skey string) (note.Signer, error) {
	name, priv, err := parseSigner(skey)
	if err != nil {
		return nil, err
	}
	return &signer{newPublicKey(name, algNote, priv.Public().(ed25519.PublicKey)), priv}, nil
}

// VerifierKey returns the vkey that belongs to an skey.
func VerifierKey(skey string) (vkey string, err error) {
	name, priv, err := parseSigner(skey)
	if err != nil {
		return "", err
	}
	return formatVerifier(name, algNote, priv.Public().(ed25519.PublicKey)), nil
}

// CosignatureKey returns the vkey of type 0x04 that verifies the cosignatures
// of the key whose vkey of type 0x01 is given.
func CosignatureKey(vkey string) (string, error) {
	k, err := parseVerifier(vkey, algNote)
	if err != nil {
		return "", err
	}
	return formatVerifier(k.name, algCosignature, k.key), nil
}

// DistinctKeys reports why vkeys, of either type, are no set of different keys:
// one is malformed, or two hold the same public key, under whatever names. Who
// counts signatures towards a quorum wants to know.
func DistinctKeys(vkeys ...string) error {
	seen := make(map[string]string)
	for _, vkey := range vkeys {
		k, err := parseVerifier(vkey, algNote)
		if err != nil {
			k, err = parseVerifier(vkey, algCosignature)
		}
		if err != nil {
			return err
		}
		if other, ok := seen[string(k.key)]; ok {
			return malformed("keys: %s and %s are the same key", other, k.name)
		}
		seen[string(k.key)] = k.name
	}
	return nil
}

// publicKey is a key's name, id and point; the verifiers are made of it.
type publicKey struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newPublicKey(name string, alg byte, key ed25519.PublicKey) publicKey {
	return publicKey{name, keyHash(name, alg, key), key}
}

func (k *publicKey) Name() string    { return k.name }
func (k *publicKey) KeyHash() uint32 { return k.hash }

type verifier struct{ publicKey }

func (v *verifier) Verify(msg, sig []byte) bool {
	return len(sig) == ed25519.SignatureSize && ed25519.Verify(v.key, msg, sig)
}

type signer struct {
	publicKey
	priv ed25519.PrivateKey
}

func (s *signer) Sign(msg []byte) ([]byte, error) {
	if bytes.HasPrefix(msg, []byte(cosignatureHeader)) {
		return nil, errors.New("a note cannot have the text of a cosignature")
	}
	return ed25519.Sign(s.priv, msg), nil
}

// keyHash is the key id of c2sp.org/signed-note.
func keyHash(name string, alg byte, key []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name))
	h.Write([]byte{'\n', alg})
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func formatVerifier(name string, alg byte, pub ed25519.PublicKey) string {
	return formatKey(name, keyHash(name, alg, pub), alg, pub)
}

func formatSigner(name string, priv ed25519.PrivateKey) string {
	hash := keyHash(name, algNote, priv.Public().(ed25519.PublicKey))
	return skeyPrefix + formatKey(name, hash, algNote, priv.Seed())
}

func formatKey(name string, hash uint32, alg byte, key []byte) string {
	b64 := base64.StdEncoding.EncodeToString(append([]byte{alg}, key...))
	return fmt.Sprintf("%s+%08x+%s", name, hash, b64)
}

func parseVerifier(vkey string, alg byte) (publicKey, error) {
	name, key, err := parseKey(vkey, alg)
	if err != nil {
		return publicKey{}, err
	}
	if vkey != formatVerifier(name, alg, key) {
		return publicKey{}, malformed("vkey of %s: its id is not that of its key", name)
	}
	if err := checkPoint(key); err != nil {
		return publicKey{}, fmt.Errorf("vkey of %s: %w", name, err)
	}
	return newPublicKey(name, alg, key), nil
}

// parseSigner reads an skey. Its errors never quote it.
func parseSigner(skey string) (name string, priv ed25519.PrivateKey, err error) {
	rest, ok := strings.CutPrefix(skey, skeyPrefix)
	if !ok {
		return "", nil, malformed("skey: it does not begin with %s", skeyPrefix)
	}
	name, seed, err := parseKey(rest, algNote)
	if err != nil {
		return "", nil, err
	}
	priv = ed25519.NewKeyFromSeed(seed)
	if skey != formatSigner(name, priv) {
		return "", nil, malformed("skey of %s: its id is not that of its key", name)
	}
	return name, priv, nil
}

// parseKey reads name+id+key of the wanted type. The id is left to the caller,
// who prints the key again and compares.
func parseKey(s string, alg byte) (name string, key []byte, err error) {
	if len(s) > maxName+maxKeyTail {
		return "", nil, fmt.Errorf("key of %d bytes: %w", len(s), ErrTooLarge)
	}
	f := strings.Split(s, "+")
	if len(f) < 3 {
		return "", nil, malformed("key: not of the form name+id+key")
	}
	// Base64 has plus signs of its own.
	name, b64 := f[0], strings.Join(f[2:], "+")
	if err := checkName(name); err != nil {
		return "", nil, err
	}
	b, err := strict64.DecodeString(b64)
	if err != nil || len(b) == 0 {
		return "", nil, malformed("key of %s: bad base64", name)
	}
	if b[0] != alg {
		return "", nil, malformed("key of %s: signature type 0x%02x, wanted 0x%02x", name, b[0], alg)
	}
	if len(b) != 1+ed25519.PublicKeySize {
		return "", nil, malformed("key of %s: %d bytes, wanted %d", name, len(b)-1, ed25519.PublicKeySize)
	}
	return name, slices.Clone(b[1:]), nil
}
