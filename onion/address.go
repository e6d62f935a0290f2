package onion

import (
	"crypto/ed25519"
	"crypto/sha3"
	"encoding/base32"
	"fmt"
	"strings"
)

// Onion addresses, version 3 (rend-spec-v3, "Encoding onion addresses"):
//
//	base32(public key (32 bytes) | checksum (2 bytes) | version (1 byte, 3)) + ".onion"
//	checksum = the first 2 bytes of SHA3-256(".onion checksum" | public key | version)
//
// in lower case, without padding: 56 characters and the suffix. An address is
// therefore a public key, and proves what that key signs.
const (
	addressVersion = 3
	addressSuffix  = ".onion"
	addressLen     = 56 + len(addressSuffix)
)

var addressEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Address returns the onion address of a service key: 56 characters and
// ".onion".
func Address(pub ed25519.PublicKey) string {
	sum := addressChecksum(pub)
	b := append([]byte{}, pub...)
	b = append(b, sum[0], sum[1], addressVersion)
	return addressEncoding.EncodeToString(b) + addressSuffix
}

// ParseAddress returns the service key that an address names. It is strict:
// lower case, no subdomain, no port, right checksum and version. Its errors
// wrap ErrNotOnion.
func ParseAddress(addr string) (ed25519.PublicKey, error) {
	name, ok := strings.CutSuffix(addr, addressSuffix)
	if !ok || len(addr) != addressLen {
		return nil, fmt.Errorf("%w: it should be 56 characters and %q", ErrNotOnion, addressSuffix)
	}
	b, err := addressEncoding.DecodeString(name)
	if err != nil || len(b) != ed25519.PublicKeySize+3 {
		return nil, fmt.Errorf("%w: it has a character other than a-z and 2-7", ErrNotOnion)
	}
	pub := ed25519.PublicKey(b[:ed25519.PublicKeySize])
	if Address(pub) != addr {
		return nil, fmt.Errorf("%w: its checksum does not match, so it is mistyped", ErrNotOnion)
	}
	return pub, nil
}

func addressChecksum(pub ed25519.PublicKey) []byte {
	h := sha3.New256()
	h.Write([]byte(".onion checksum"))
	h.Write(pub)
	h.Write([]byte{addressVersion})
	return h.Sum(nil)
}
