package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Kind is what an entry is about: the word in its first line.
type Kind string

// The kinds of entry that are known. Who must sign each is in format.md.
const (
	KindCharter         Kind = "charter"
	KindArtist          Kind = "artist"
	KindRelease         Kind = "release"
	KindWithdrawal      Kind = "withdrawal"
	KindMirror          Kind = "mirror"
	KindOpening         Kind = "opening"
	KindStatement       Kind = "statement"
	KindPayouts         Kind = "payouts"
	KindCorrection      Kind = "correction"
	KindAcknowledgement Kind = "acknowledgement"
	KindSoftware        Kind = "software"
)

// Known reports whether this program knows what entries of the kind mean.
func (k Kind) Known() bool {
	switch k {
	case KindCharter, KindArtist, KindRelease, KindWithdrawal, KindMirror, KindOpening,
		KindStatement, KindPayouts, KindCorrection, KindAcknowledgement, KindSoftware:
		return true
	}
	return false
}

// Version is the version of every known kind.
const Version = 1

// maxKind is the longest word for a kind, in bytes.
const maxKind = 32

// Entry is one parsed signed note. Nothing in it is verified: see
// [Entry.SignedBy].
type Entry struct {
	Kind    Kind
	Version int
	Known   bool   // a known kind in version 1; others are kept and have no effect
	Body    []byte // the line of canonical JSON without its newline, for UnmarshalCanonical
	Text    string // what is signed: the two lines with their newlines
	Sigs    []note.Signature
	Raw     []byte // the whole entry: what the log hashes
}

// ParseEntry reads an entry. It wants exactly the bytes that [SignText] and
// [AddSignature] write; errors wrap [ErrMalformed] or [ErrTooLarge]. Kinds that
// are not known parse too.
func ParseEntry(raw []byte) (*Entry, error) {
	text, sigs, err := parseNote(raw, MaxEntry)
	if err != nil {
		return nil, fmt.Errorf("entry: %w", err)
	}
	kind, version, body, err := parseText(text)
	if err != nil {
		return nil, fmt.Errorf("entry: %w", err)
	}
	return &Entry{
		Kind:    kind,
		Version: version,
		Known:   kind.Known() && version == Version,
		Body:    []byte(body),
		Text:    text,
		Sigs:    sigs,
		Raw:     bytes.Clone(raw),
	}, nil
}

// parseText takes the text of an entry apart.
func parseText(text string) (kind Kind, version int, body string, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 3 || lines[2] != "" {
		return "", 0, "", malformed("text: not two lines")
	}
	kind, version, err = parseHeader(lines[0])
	if err != nil {
		return "", 0, "", err
	}
	body = lines[1]
	if !strings.HasPrefix(body, "{") {
		return "", 0, "", malformed("text: the second line is no JSON object")
	}
	return kind, version, body, checkCanonical([]byte(body))
}

// parseHeader reads "peerfy/<kind>/v<version>".
func parseHeader(line string) (Kind, int, error) {
	f := strings.Split(line, "/")
	if len(f) != 3 || f[0] != "peerfy" {
		return "", 0, malformed("text: the first line is not peerfy/<kind>/v<number>")
	}
	if err := checkKind(Kind(f[1])); err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(f[2], "v"), 10, 15)
	if err != nil || n == 0 || f[2] != "v"+strconv.FormatUint(n, 10) {
		return "", 0, malformed("text: %q is not a version", clip(f[2]))
	}
	return Kind(f[1]), int(n), nil
}

func checkKind(k Kind) error {
	other := func(r rune) bool { return r < 'a' || r > 'z' }
	if k == "" || len(k) > maxKind || strings.ContainsFunc(string(k), other) {
		return malformed("text: %q is not a kind", clip(string(k)))
	}
	return nil
}

// Text returns what is signed for an entry of this kind in version 1: two
// lines, the second the canonical JSON of body, which must be an object. It
// wraps [ErrTooLarge] when the text alone is longer than [MaxEntry].
func Text(kind Kind, body any) (string, error) {
	if err := checkKind(kind); err != nil {
		return "", err
	}
	b, err := MarshalCanonical(body)
	if err != nil {
		return "", fmt.Errorf("%s: %w", kind, err)
	}
	if b[0] != '{' {
		return "", malformed("%s: its JSON is no object", kind)
	}
	text := fmt.Sprintf("peerfy/%s/v%d\n%s\n", kind, Version, b)
	if len(text) > MaxEntry {
		return "", fmt.Errorf("%s of %d bytes, at most %d: %w", kind, len(text), MaxEntry, ErrTooLarge)
	}
	return text, nil
}

// SignText signs the text of an entry and returns the entry's bytes.
func SignText(text string, signers ...note.Signer) ([]byte, error) {
	if _, _, _, err := parseText(text); err != nil {
		return nil, err
	}
	return signEntry(text, nil, signers)
}

// AddSignature countersigns an entry. The signatures of others keep their place
// and their bytes; an older signature by the same key is replaced in place.
func AddSignature(raw []byte, signers ...note.Signer) ([]byte, error) {
	e, err := ParseEntry(raw)
	if err != nil {
		return nil, err
	}
	return signEntry(e.Text, e.Sigs, signers)
}

func signEntry(text string, sigs []note.Signature, signers []note.Signer) ([]byte, error) {
	if len(signers) == 0 {
		return nil, errors.New("no key to sign with")
	}
	sigs, err := addSignatures(text, sigs, signers)
	if err != nil {
		return nil, err
	}
	raw := formatNote(text, sigs)
	// Reading back is what keeps the promise that what we write parses.
	if _, err := ParseEntry(raw); err != nil {
		return nil, err
	}
	return raw, nil
}

// SignedBy reports whether a valid signature by the key of v is there.
func (e *Entry) SignedBy(v note.Verifier) bool {
	return signedBy(e.Text, e.Sigs, v)
}

// ID names the entry by what was signed, whoever signed it: see [TextID].
func (e *Entry) ID() string { return TextID(e.Text) }

// TextID returns the name of an entry with this text: 20 lower-case base32
// characters (RFC 4648, no padding), the first 100 bits of its SHA-256.
func TextID(text string) string {
	sum := sha256.Sum256([]byte(text))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:20]
}
