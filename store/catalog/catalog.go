// Package catalog is the meaning of the log: what a charter, an artist, a
// release, a withdrawal and the opening of a month say, who must have signed
// them, which works are therefore visible, and which months can be sold with
// which keys.
//
// The catalogue is a pure fold. Judge looks at one entry, at its index and at
// the View of everything before it, and answers with a Change or with the
// reason why the entry is void. Whoever replays the same log reaches the same
// catalogue: the host before it appends, a mirror before it serves, a stranger
// before they believe. Nothing here reads a clock, a disk or a network.
//
// The log itself holds keys, hashes, numbers and public names. What a work is
// called, who made it and under which authorisation stands in its Manifest,
// which the release entry names by SHA-256 and which is dropped when the work
// is withdrawn. So a withdrawn title can be forgotten, while its hashes stay
// down for everybody. The formats are specified in format.md.
package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of names and texts, in bytes of UTF-8.
const (
	MaxName  = 200
	MaxText  = 16 << 10
	MaxShort = 64
)

// Hash is a SHA-256 or a pieces root (BEP 52), written as 64 lower-case
// hexadecimal digits.
type Hash [32]byte

// String returns the hash as 64 lower-case hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hexadecimal form.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText accepts exactly what MarshalText writes.
func (h *Hash) UnmarshalText(b []byte) error {
	v, err := ParseHash(string(b))
	*h = v
	return err
}

// ParseHash reads 64 lower-case hexadecimal digits.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != 64 || strings.ToLower(s) != s {
		return h, fmt.Errorf("%q is not a hash of 64 lower-case hexadecimal digits", clip(s))
	}
	_, err := hex.Decode(h[:], []byte(s))
	if err != nil {
		return Hash{}, fmt.Errorf("%q is not hexadecimal", clip(s))
	}
	return h, nil
}

// Sum is the SHA-256 of b.
func Sum(b []byte) Hash { return sha256.Sum256(b) }

var (
	slugPattern  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	datePattern  = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`)
	monthPattern = regexp.MustCompile(`^2[0-9]{3}-(0[1-9]|1[0-2])$`)
	idPattern    = regexp.MustCompile(`^[a-z2-7]{20}$`)
	langPattern  = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	isrcPattern  = regexp.MustCompile(`^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$`)
	infoPattern  = regexp.MustCompile(`^[0-9a-f]{40}$`)
	errEmptyText = errors.New("is empty")
)

// IsID reports whether s has the form of a release id: 20 characters of
// lower-case base32, the first 100 bits of the hash of the signed text.
func IsID(s string) bool { return idPattern.MatchString(s) }

// IsSlug reports whether s can stand in an address: lower-case ASCII letters,
// digits and single hyphens, at most 64 bytes.
func IsSlug(s string) bool { return len(s) <= MaxShort && slugPattern.MatchString(s) }

// IsPeriod reports whether s is a UTC calendar month like 2026-12, of the years
// 2000 to 2999.
func IsPeriod(s string) bool { return monthPattern.MatchString(s) }

// CheckText says what is wrong with a line of public text: empty, longer than
// max bytes, not UTF-8, with leading or trailing space, or holding control,
// invisible or direction-changing characters, which let one name pass for
// another.
func CheckText(s string, max int) error {
	switch {
	case s == "":
		return errEmptyText
	case len(s) > max:
		return fmt.Errorf("is longer than %d bytes", max)
	case !utf8.ValidString(s):
		return errors.New("is not valid UTF-8")
	case strings.TrimSpace(s) != s:
		return errors.New("begins or ends with a space")
	}
	for _, r := range s {
		if Hidden(r) {
			return fmt.Errorf("holds the invisible or control character %U", r)
		}
	}
	return nil
}

// Hidden reports whether r must not stand in a public line: control
// characters, line and paragraph separators, and the format characters that
// hide or turn text (bidirectional marks, zero-width characters, soft hyphen).
func Hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) || r == unicode.ReplacementChar
}

// problems collects everything that is wrong, so that one look tells all.
type problems []error

func (p *problems) addf(format string, args ...any) { *p = append(*p, fmt.Errorf(format, args...)) }

func (p *problems) text(what, s string, max int) {
	if err := CheckText(s, max); err != nil {
		p.addf("%s %w", what, err)
	}
}

func (p *problems) optional(what, s string, max int) {
	if s != "" {
		p.text(what, s, max)
	}
}

func (p *problems) check(ok bool, format string, args ...any) {
	if !ok {
		p.addf(format, args...)
	}
}

func (p problems) err() error { return errors.Join(p...) }

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
