package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// MaxCanonical is the longest canonical JSON that [UnmarshalCanonical] reads,
// in bytes. An entry's line is shorter; a manifest served beside the log may be
// this long.
const MaxCanonical = 4 << 20

// maxDepth is how deep arrays and objects may be nested.
const maxDepth = 16

// MarshalCanonical returns v as canonical JSON: UTF-8 without insignificant
// space; the fields of a struct in the order of its type, the keys of a map
// sorted by bytes; integers only, between -2^63 and 2^63-1; in strings only the
// quotation mark and the backslash escaped, both with a backslash.
//
// It refuses what has no canonical form: null (so nil slices, maps and
// pointers, unless omitempty leaves them out), fractions and exponents, text
// that is not UTF-8, control characters, line separators and the marks that
// turn the reading direction around.
func MarshalCanonical(v any) ([]byte, error) {
	b, err := encode(v)
	if err != nil {
		return nil, err
	}
	// encoding/json replaces or escapes what we refuse, so that looking at
	// its output is enough.
	if err := checkCanonical(b); err != nil {
		return nil, fmt.Errorf("writing canonical JSON: %w", err)
	}
	return b, nil
}

// encode is the usual encoding without HTML escapes.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("writing canonical JSON: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// UnmarshalCanonical reads canonical JSON into v, a pointer to a zero value. It
// refuses unknown, repeated, missing and misplaced fields and anything else
// that [MarshalCanonical] would write in other bytes. After an error the value
// is not to be used.
func UnmarshalCanonical(b []byte, v any) error {
	if len(b) > MaxCanonical {
		return fmt.Errorf("canonical JSON of %d bytes: %w", len(b), ErrTooLarge)
	}
	if err := checkCanonical(b); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return malformed("JSON: %s", clip(err.Error()))
	}
	again, err := encode(v)
	if err != nil {
		return malformed("JSON: %s", clip(err.Error()))
	}
	if !bytes.Equal(b, again) {
		return malformed("JSON: at byte %d a field is missing, misplaced, repeated or given though empty", differ(b, again))
	}
	return nil
}

// differ returns the index of the first byte in which a and b differ.
func differ(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// checkCanonical checks all of the form that does not depend on a type: it is
// what can be asked of a kind of entry that this program does not know.
func checkCanonical(b []byte) error {
	s := &scanner{b: b}
	if err := s.value(0); err != nil {
		return err
	}
	if s.i != len(b) {
		return s.bad("something follows the value")
	}
	return nil
}

// scanner walks over canonical JSON. Its position is the next unread byte.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) bad(why string) error {
	return malformed("JSON: at byte %d: %s", s.i, why)
}

// next returns the byte at the position, or 0 at the end: no value starts with
// NUL, so the two need not be told apart.
func (s *scanner) next() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

// take steps over c if it is next.
func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.i++
	return true
}

func (s *scanner) value(depth int) error {
	if depth > maxDepth {
		return s.bad("nested too deep")
	}
	switch c := s.next(); {
	case c == '{':
		return s.object(depth)
	case c == '[':
		return s.array(depth)
	case c == '"':
		_, err := s.text()
		return err
	case c == '-', '0' <= c && c <= '9':
		return s.integer()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.bad("null is not allowed")
	}
	return s.bad("no value, or space before it")
}

func (s *scanner) object(depth int) error {
	s.i++
	if s.take('}') {
		return nil
	}
	seen := make(map[string]bool)
	for {
		key, err := s.text()
		if err != nil {
			return err
		}
		if seen[key] {
			return s.bad("a field stands there twice")
		}
		seen[key] = true
		if !s.take(':') {
			return s.bad("a colon is missing after a field's name")
		}
		if err := s.value(depth + 1); err != nil {
			return err
		}
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return s.bad("a comma or a closing brace is missing")
		}
	}
}

func (s *scanner) array(depth int) error {
	s.i++
	if s.take(']') {
		return nil
	}
	for {
		if err := s.value(depth + 1); err != nil {
			return err
		}
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return s.bad("a comma or a closing bracket is missing")
		}
	}
}

// text reads a string and returns it as it stands between the quotation marks:
// as there is one way to write a string, that is enough to compare two.
func (s *scanner) text() (string, error) {
	if !s.take('"') {
		return "", s.bad("a string is missing")
	}
	start := s.i
	for {
		r, size := utf8.DecodeRune(s.b[s.i:])
		switch {
		case r == utf8.RuneError && size <= 1:
			return "", s.bad("a string is not closed or not UTF-8")
		case r == '"':
			s.i++
			return string(s.b[start : s.i-1]), nil
		case r == '\\':
			s.i++
			if c := s.next(); c != '"' && c != '\\' {
				return "", s.bad("a character that is not allowed, or that is escaped without need")
			}
		case !shows(r):
			return "", s.bad(fmt.Sprintf("character %U is not allowed", r))
		}
		s.i += size
	}
}

func (s *scanner) integer() error {
	start := s.i
	s.take('-')
	for '0' <= s.next() && s.next() <= '9' {
		s.i++
	}
	if c := s.next(); c == '.' || c == 'e' || c == 'E' {
		return s.bad("only integers are allowed")
	}
	digits := string(s.b[start:s.i])
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != digits {
		return s.bad("an integer is out of range, or written in another way than usual")
	}
	return nil
}

func (s *scanner) word(w string) error {
	if !bytes.HasPrefix(s.b[s.i:], []byte(w)) {
		return s.bad("no value")
	}
	s.i += len(w)
	return nil
}
