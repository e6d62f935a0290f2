package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// Signed notes (c2sp.org/signed-note), read more strictly than note.Open does:
// base64 has one spelling, and no key signs twice. Otherwise the last character
// of a signature could be altered without breaking it.

// strict64 is base64 that refuses stray bits at the end.
var strict64 = base64.StdEncoding.Strict()

const sigPrefix = "— "

// parseNote splits a signed note of at most limit bytes into the signed text,
// final newline included, and the unverified signatures.
func parseNote(raw []byte, limit int) (text string, sigs []note.Signature, err error) {
	if len(raw) > limit {
		return "", nil, fmt.Errorf("note of %d bytes, at most %d: %w", len(raw), limit, ErrTooLarge)
	}
	if !utf8.Valid(raw) {
		return "", nil, malformed("note: not UTF-8")
	}
	if i := bytes.IndexFunc(raw, func(r rune) bool { return r < ' ' && r != '\n' }); i >= 0 {
		return "", nil, malformed("note: control character at byte %d", i)
	}
	split := bytes.LastIndex(raw, []byte("\n\n"))
	if split < 0 || raw[len(raw)-1] != '\n' || split+2 == len(raw) {
		return "", nil, malformed("note: no signatures after an empty line")
	}
	lines := strings.Split(strings.TrimSuffix(string(raw[split+2:]), "\n"), "\n")
	sigs, err = parseSignatures(lines)
	if err != nil {
		return "", nil, err
	}
	return string(raw[:split+1]), sigs, nil
}

func parseSignatures(lines []string) ([]note.Signature, error) {
	if len(lines) > MaxSignatures {
		return nil, malformed("note: %d signatures, at most %d", len(lines), MaxSignatures)
	}
	var sigs []note.Signature
	for i, line := range lines {
		sig, err := parseSignature(line)
		if err != nil {
			return nil, fmt.Errorf("signature %d: %w", i+1, err)
		}
		if find(sigs, sig.Name, sig.Hash) >= 0 {
			return nil, malformed("note: key %s+%08x signs twice", sig.Name, sig.Hash)
		}
		sigs = append(sigs, sig)
	}
	return sigs, nil
}

// parseSignature reads one signature line without its newline.
func parseSignature(line string) (note.Signature, error) {
	line, ok := strings.CutPrefix(line, sigPrefix)
	name, b64, _ := strings.Cut(line, " ")
	if !ok || checkName(name) != nil {
		return note.Signature{}, malformed("note: bad signature line")
	}
	sig, err := strict64.DecodeString(b64)
	if err != nil || len(sig) < 5 {
		return note.Signature{}, malformed("note: bad signature by %s", name)
	}
	return note.Signature{Name: name, Hash: binary.BigEndian.Uint32(sig), Base64: b64}, nil
}

// find returns the place of the signature by the key so named, or -1.
func find(sigs []note.Signature, name string, hash uint32) int {
	for i, s := range sigs {
		if s.Name == name && s.Hash == hash {
			return i
		}
	}
	return -1
}

// formatNote is the inverse of parseNote.
func formatNote(text string, sigs []note.Signature) []byte {
	var b bytes.Buffer
	b.WriteString(text)
	b.WriteByte('\n')
	for _, s := range sigs {
		fmt.Fprintf(&b, "%s%s %s\n", sigPrefix, s.Name, s.Base64)
	}
	return b.Bytes()
}

// sign makes one signature of text.
func sign(text string, s note.Signer) (note.Signature, error) {
	if err := checkName(s.Name()); err != nil {
		return note.Signature{}, err
	}
	sig, err := s.Sign([]byte(text))
	if err != nil {
		return note.Signature{}, fmt.Errorf("signing as %s: %w", s.Name(), err)
	}
	b := binary.BigEndian.AppendUint32(nil, s.KeyHash())
	b64 := base64.StdEncoding.EncodeToString(append(b, sig...))
	return note.Signature{Name: s.Name(), Hash: s.KeyHash(), Base64: b64}, nil
}

// addSignatures appends a signature by each signer. A signer who has signed
// before replaces that signature where it stands; the others stay as they are.
func addSignatures(text string, sigs []note.Signature, signers []note.Signer) ([]note.Signature, error) {
	for _, s := range signers {
		sig, err := sign(text, s)
		if err != nil {
			return nil, err
		}
		if i := find(sigs, sig.Name, sig.Hash); i >= 0 {
			sigs[i] = sig
			continue
		}
		sigs = append(sigs, sig)
	}
	return sigs, nil
}

// signedBy reports whether a valid signature of text by v is among sigs.
func signedBy(text string, sigs []note.Signature, v note.Verifier) bool {
	i := find(sigs, v.Name(), v.KeyHash())
	if i < 0 {
		return false
	}
	sig, err := strict64.DecodeString(sigs[i].Base64)
	return err == nil && len(sig) > 4 && v.Verify([]byte(text), sig[4:])
}

// checkName reports why name cannot be the name of a key.
func checkName(name string) error {
	switch {
	case name == "":
		return malformed("key name: empty")
	case len(name) > maxName:
		return fmt.Errorf("key name of %d bytes: %w", len(name), ErrTooLarge)
	case strings.ContainsRune(name, '+') || strings.ContainsFunc(name, unicode.IsSpace):
		return malformed("key name %q: no plus sign and no space", name)
	}
	return checkText(name)
}
