package onion

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// keyHeader is the first word of a key file.
const keyHeader = "peerfy/onion-key/v1"

// maxKeyFile limits what ParseKey looks at; a key file has 128 bytes.
const maxKeyFile = 256

// ErrBadKey is wrapped by the errors of ParseKey.
var ErrBadKey = errors.New("not a key of an onion service")

// NewKey makes the key of a new onion service. Who has it can take the
// service's place, and nothing can revoke it.
func NewKey() (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

// FormatKey writes a key as it is kept at rest, in a file of mode 0600: two
// lines, the address that follows from the key, and the key's 32-byte seed (RFC
// 8032) in standard base64:
//
//	peerfy/onion-key/v1 aoqqpp7tzyil4hlq3umoos6atft6jvrqtosq2xy53sdgiesvgg4bqead.onion
//	AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
//
// The address is there for people, and catches a file that was put together
// from two.
func FormatKey(key ed25519.PrivateKey) []byte {
	address := Address(key.Public().(ed25519.PublicKey))
	return fmt.Appendf(nil, "%s %s\n%s\n", keyHeader, address, base64.StdEncoding.EncodeToString(key.Seed()))
}

// ParseKey reads what FormatKey wrote, and nothing else. Its errors wrap
// ErrBadKey and do not repeat the text.
func ParseKey(b []byte) (ed25519.PrivateKey, error) {
	if len(b) > maxKeyFile {
		return nil, fmt.Errorf("%w: file is too long", ErrBadKey)
	}
	first, rest, _ := strings.Cut(string(b), "\n")
	if !strings.HasPrefix(first, keyHeader+" ") {
		return nil, fmt.Errorf("%w: it does not start with %q", ErrBadKey, keyHeader)
	}
	seed, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(rest, "\n"))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%w: its second line is damaged", ErrBadKey)
	}
	key := ed25519.NewKeyFromSeed(seed)
	if !bytes.Equal(FormatKey(key), b) {
		return nil, fmt.Errorf("%w: its address does not belong to its key", ErrBadKey)
	}
	return key, nil
}
