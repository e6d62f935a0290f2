package pass

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"p2p.legal/peerfy/royalty"
)

// maxText is the most bytes of anything that is pasted: a pass file with a
// post-quantum recipient has some 3,000.
const maxText = 8 << 10

// The texts begin with these; a period and bytes in base64url follow.
const (
	passPrefix    = "peerfy-pass-v1."
	requestPrefix = "peerfy-request-v1."
	answerPrefix  = "peerfy-answer-v1."
)

const passBytes = 2*32 + keyBytes

// Format is the listening part: one line of 450 characters, without a line feed.
func Format(p Pass) string {
	b := make([]byte, 0, passBytes)
	b = append(b, p.RecipientHash[:]...)
	b = append(b, p.OwnerHash[:]...)
	return format(passPrefix, p.Period, append(b, p.Signature[:]...))
}

// FormatRequest is what a member pastes to buy a blind pass: one line of 368
// characters, without a line feed. blinded has 256 bytes.
func FormatRequest(p royalty.Period, blinded []byte) string {
	return format(requestPrefix, p, blinded)
}

// ParseRequest reads what [FormatRequest] writes, in up to 8 kB and whatever
// space pasting has put in. Whether the 256 bytes are in the range of a key,
// [BlindSign] says. Errors wrap ErrMalformed.
func ParseRequest(text string) (royalty.Period, []byte, error) {
	return paste(text, requestPrefix, "a request")
}

// FormatAnswer is what the host gives for a request: one line of 367 characters,
// without a line feed. signature has 256 bytes.
func FormatAnswer(p royalty.Period, signature []byte) string {
	return format(answerPrefix, p, signature)
}

// ParseAnswer reads what [FormatAnswer] writes, as ParseRequest does.
func ParseAnswer(text string) (royalty.Period, []byte, error) {
	return paste(text, answerPrefix, "an answer")
}

func paste(text, prefix, what string) (royalty.Period, []byte, error) {
	text, err := clean(text)
	if err != nil {
		return "", nil, fmt.Errorf("reading %s: %w", what, err)
	}
	p, b, err := parse(strings.Join(strings.Fields(text), ""), prefix, keyBytes)
	if err != nil {
		return "", nil, fmt.Errorf("reading %s: %w", what, err)
	}
	return p, b, nil
}

func format(prefix string, p royalty.Period, b []byte) string {
	return prefix + p.String() + "." + base64.RawURLEncoding.EncodeToString(b)
}

// parse reads what format writes. What it refuses it does not repeat: it may be
// most of a pass.
func parse(word, prefix string, size int) (royalty.Period, []byte, error) {
	rest, ok := strings.CutPrefix(word, prefix)
	if !ok {
		return "", nil, fmt.Errorf("%w: it does not begin with %s", ErrMalformed, prefix)
	}
	month, data, _ := strings.Cut(rest, ".")
	p, err := royalty.ParsePeriod(month)
	if err != nil {
		return "", nil, fmt.Errorf("%w: no month like 2026-12 after %s", ErrMalformed, prefix)
	}
	b, err := decode(data, size)
	if err != nil {
		return "", nil, fmt.Errorf("%w: it is cut off or has a wrong character", ErrMalformed)
	}
	return p, b, nil
}

// clean drops the invisible characters that pasting brings.
func clean(text string) (string, error) {
	if len(text) > maxText {
		return "", fmt.Errorf("%w: more than %d bytes", ErrMalformed, maxText)
	}
	if !utf8.ValidString(text) {
		return "", fmt.Errorf("%w: not UTF-8", ErrMalformed)
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text), nil
}
