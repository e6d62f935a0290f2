package till

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// A token is RELEASE ‖ DAY ‖ 8 random bytes ‖ the first 16 bytes of
// HMAC-SHA-256 (RFC 2104) over those, in unpadded base64url (RFC 4648, section
// 5). DAY is 10 bytes, "2026-12-31".
const (
	dayLen    = len(dateLayout)
	randomLen = 8
	macLen    = 16
	tailLen   = dayLen + randomLen + macLen

	maxRelease = 64
	maxToken   = ((maxRelease+tailLen)*8 + 5) / 6 // in base64url
)

// NewToken makes a token for one release, of at most 64 bytes, that is valid until
// the end of the last day in UTC. A release id of 20 characters gives a token of
// 72, all of them safe in an address.
func NewToken(key [32]byte, release string, lastDay time.Time) string {
	b := make([]byte, 0, len(release)+tailLen)
	b = append(b, release...)
	b = lastDay.UTC().AppendFormat(b, dateLayout)
	b = b[:len(b)+randomLen]
	rand.Read(b[len(b)-randomLen:])
	return base64.RawURLEncoding.EncodeToString(append(b, tokenMAC(key, b)...))
}

// CheckToken answers which release a token is for, or ErrToken. It takes as long
// for a wrong token as for a right one.
func CheckToken(key [32]byte, token string, now time.Time) (release string, err error) {
	if len(token) > maxToken {
		return "", ErrToken
	}
	// The decoder takes several spellings: line feeds, and stray bits at the end.
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) <= tailLen || base64.RawURLEncoding.EncodeToString(b) != token {
		return "", ErrToken
	}
	claims, mac := b[:len(b)-macLen], b[len(b)-macLen:]
	if !hmac.Equal(mac, tokenMAC(key, claims)) {
		return "", ErrToken
	}
	release, lastDay := string(b[:len(b)-tailLen]), string(b[len(b)-tailLen:len(b)-tailLen+dayLen])
	if now.UTC().Format(dateLayout) > lastDay { // days of four-digit years sort as texts
		return "", ErrToken
	}
	return release, nil
}

func tokenMAC(key [32]byte, claims []byte) []byte {
	h := hmac.New(sha256.New, key[:])
	h.Write(claims)
	return h.Sum(nil)[:macLen]
}
