package payment

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

const maxOrigin = 255 // bytes

func sign(text string, treasurer note.Signer) ([]byte, error) {
	raw, err := note.Sign(&note.Note{Text: text}, treasurer)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return raw, nil
}

// open is the text of a note that one of the verifiers has signed.
func open(raw []byte, treasurers note.Verifiers) (string, error) {
	if len(raw) > MaxNote {
		return "", fmt.Errorf("more than %d bytes", MaxNote)
	}
	n, err := note.Open(raw, treasurers)
	if err != nil {
		return "", fmt.Errorf("opening the note: %w", err)
	}
	return n.Text, nil
}

// lines reads a text line by line and remembers the first thing that is wrong.
// Limits, and that nothing follows, are checked by writing the text again.
type lines struct {
	rest string
	n    int
	err  error
}

func (l *lines) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf("line %d: %w", l.n, fmt.Errorf(format, args...))
	}
}

func (l *lines) next() string {
	line, rest, found := strings.Cut(l.rest, "\n")
	l.n++
	if !found {
		l.fail("it is missing")
	}
	l.rest = rest
	return line
}

func (l *lines) want(line string) {
	if got := l.next(); got != line {
		l.fail("%.40q is not %q", got, line)
	}
}

// field is what follows the name and one space.
func (l *lines) field(name string) string {
	line := l.next()
	value, found := strings.CutPrefix(line, name+" ")
	if !found {
		l.fail("%.40q does not begin with %q", line, name)
	}
	return value
}

func (l *lines) number(name string) int64 { return l.integer(l.field(name)) }

func (l *lines) integer(s string) int64 {
	v, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		l.fail("%.40q is not a number", s)
	}
	return v
}

func (l *lines) date(s string) time.Time {
	t, err := time.Parse(dateLayout, s)
	if err != nil {
		l.fail("%.40q is not a date", s)
	}
	return t
}

// hashes reads so many lines, or as many as there are.
func (l *lines) hashes(n int64) (all [][32]byte) {
	for ; n > 0 && l.err == nil; n-- {
		b, err := hex.DecodeString(l.next())
		if err != nil || len(b) != 32 {
			l.fail("it is not a SHA-256 hash")
			break
		}
		all = append(all, [32]byte(b))
	}
	return all
}

func hashLines(hashes [][32]byte) string {
	var b strings.Builder
	for _, h := range hashes {
		b.WriteString(hex.EncodeToString(h[:]))
		b.WriteByte('\n')
	}
	return b.String()
}

// checkNames wants an origin that shows on one line and the id of a batch.
func checkNames(origin, id string) error {
	if len(origin) < 1 || len(origin) > maxOrigin || !utf8.ValidString(origin) || strings.ContainsFunc(origin, hidden) ||
		strings.TrimSpace(origin) != origin {
		return fmt.Errorf("the origin %.80q is not a name", origin)
	}
	if raw, err := hex.DecodeString(id); err != nil || len(raw) != 8 || strings.ToLower(id) != id {
		return fmt.Errorf("%.40q is not the id of a batch", id)
	}
	return nil
}

// hidden characters would let a line read otherwise than its bytes.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
