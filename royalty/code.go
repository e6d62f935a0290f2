package royalty

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// ErrMistyped is wrapped by every refusal of a code: what was typed cannot be
// one, so no table need be asked, and the words after it may be shown.
var ErrMistyped = errors.New("mistyped code")

// Code is a secret of 100 bits made to be copied by hand: an account, a
// voucher, an owner word, a library. Codes can be compared with ==. The zero
// Code is no code: neither NewCode nor ParseCode returns it without an error.
type Code struct {
	symbols [codeSymbols]byte // their values, 0 to 31, the highest first
}

const (
	codeSymbols = 20
	codeInput   = 256 // bytes that may be typed, dashes and spaces included

	// The alphabet of https://www.crockford.com/base32.html: 32 symbols, then
	// five that only the check symbol uses.
	alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U"
)

// NewCode draws a code at random. A code whose check symbol would be a sign
// (* ~ $ =) is drawn again: phones hide those keys, and shells read them. That
// leaves 99.8 of the 100 bits.
func NewCode() (Code, error) {
	for {
		var c Code
		if _, err := rand.Read(c.symbols[:]); err != nil {
			return Code{}, fmt.Errorf("drawing a code: %w", err)
		}
		for i := range c.symbols {
			c.symbols[i] &= 31
		}
		if c != (Code{}) && !strings.ContainsRune("*~$=", rune(c.check())) {
			return c, nil
		}
	}
}

// ParseCode reads what somebody typed or pasted: in either case, with spaces,
// dashes and invisible characters anywhere, full-width letters, O for 0, I and
// L for 1. It takes at most 256 bytes and must find the check symbol right. An
// error wraps [ErrMistyped] and never repeats what was typed.
func ParseCode(typed string) (Code, error) {
	if len(typed) > codeInput {
		return Code{}, fmt.Errorf("%w: more than %d bytes", ErrMistyped, codeInput)
	}
	symbols := strings.Map(plain, typed)
	if n := len([]rune(symbols)); n != codeSymbols+1 {
		return Code{}, fmt.Errorf("%w: it has %d characters, not %d", ErrMistyped, n, codeSymbols+1)
	}
	var c Code
	for i, r := range []rune(symbols)[:codeSymbols] {
		v := strings.IndexRune(alphabet[:32], r)
		if v < 0 {
			return Code{}, fmt.Errorf("%w: character %d cannot stand in a code", ErrMistyped, i+1)
		}
		c.symbols[i] = byte(v)
	}
	if !strings.HasSuffix(symbols, string(c.check())) || c == (Code{}) {
		return Code{}, fmt.Errorf("%w: two characters are swapped or one is wrong", ErrMistyped)
	}
	return c, nil
}

// plain is the symbol that a typed character stands for, or -1 for one that
// means nothing.
func plain(r rune) rune {
	if r >= '！' && r <= '～' {
		r -= '！' - '!' // full-width forms, in the order of ASCII
	}
	switch {
	case unicode.IsSpace(r), unicode.In(r, unicode.Pd, unicode.Cf), r == '−':
		return -1
	case r >= 'a' && r <= 'z':
		r -= 'a' - 'A'
	}
	switch r {
	case 'O':
		return '0'
	case 'I', 'L':
		return '1'
	}
	return r
}

// check is the symbol of the code's value modulo 37. As 37 is prime and larger
// than 32, it differs after any one wrong symbol and after any two neighbours
// changing places.
func (c Code) check() byte {
	sum := 0
	for _, v := range c.symbols {
		sum = (sum*32 + int(v)) % 37
	}
	return alphabet[sum]
}

// plain is the code's 20 symbols without dashes and check symbol.
func (c Code) plain() string {
	var s [codeSymbols]byte
	for i, v := range c.symbols {
		s[i] = alphabet[v]
	}
	return string(s[:])
}

// String is the code as it is printed, "7K2M-9QX4-B3TD-8HNV-0ABC-R", and ""
// for the zero Code.
func (c Code) String() string {
	if c == (Code{}) {
		return ""
	}
	s := c.plain()
	return strings.Join([]string{s[:4], s[4:8], s[8:12], s[12:16], s[16:], string(c.check())}, "-")
}

// Key derives a secret key or a secret name from the code: HKDF-SHA-256 (RFC
// 5869) over its 20 characters in ASCII, without dashes and check symbol, no
// salt, info "peerfy/<use>/v1". Keys of different uses tell nothing about each
// other nor about the code. The use is a constant of the program.
func (c Code) Key(use string) [32]byte {
	key, err := hkdf.Key(sha256.New, []byte(c.plain()), nil, "peerfy/"+use+"/v1", 32)
	if err != nil {
		panic("royalty: " + err.Error()) // 32 bytes are always to be had
	}
	return [32]byte(key)
}
