package metainfo

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName   = 200 // bytes of one file or folder name
	maxSuffix = 12  // bytes of an ending that CleanName keeps when it cuts
	forbidden = `<>:"/\|?*`
)

// ErrName is wrapped by every refusal of a file or folder name.
var ErrName = errors.New("unusable name")

// CheckName says what is wrong with s as the name of a file or folder, wrapping [ErrName]; nil means that
// it can be stored and downloaded everywhere. Refused are: nothing at all, more than 200 bytes, what is not
// UTF-8, control characters, characters that show nothing or turn the line ([Hidden]), <>:"/\|?*, a space at
// either end, a dot at the end (so "." and ".." too), and Windows' device names. Whether s is in Unicode's
// composed form is for store/publish to check.
func CheckName(s string) error {
	if why := nameFault(s); why != "" {
		return fmt.Errorf("%w: %s %s", ErrName, shown(s), why)
	}
	return nil
}

func nameFault(s string) string {
	switch {
	case s == "":
		return "is empty"
	case len(s) > maxName:
		return fmt.Sprintf("has %d bytes; %d are possible", len(s), maxName)
	case !utf8.ValidString(s):
		return "is not UTF-8"
	case strings.ContainsAny(s, forbidden):
		return "holds one of " + forbidden
	case strings.ContainsFunc(s, Hidden):
		return "holds a character that cannot be seen"
	case strings.TrimSpace(s) != s:
		return "begins or ends with a space"
	case strings.HasSuffix(s, "."):
		return "ends with a dot"
	case isDevice(s):
		return "is a device on Windows"
	}
	return ""
}

// CleanName makes of a title the nearest name that [CheckName] accepts; cleaning twice changes nothing more.
// Too long a name is cut before its ending (".flac" stays). What leaves nothing becomes "_".
func CleanName(s string) string {
	s = strings.Map(nameRune, strings.ToValidUTF8(s, ""))
	s = trimName(strings.Join(strings.Fields(s), " "))
	if isDevice(s) {
		s = "_" + s
	}
	if len(s) > maxName {
		s = cutName(s)
	}
	if s == "" {
		return "_"
	}
	return s
}

// nameRune keeps the look of what must go: "AC/DC: Live" becomes "AC-DC- Live".
func nameRune(r rune) rune {
	switch r {
	case '/', '\\', '|', ':':
		return '-'
	case '<':
		return '('
	case '>':
		return ')'
	case '"':
		return '\''
	case '?', '*':
		return -1
	case '\t', '\n', '\r', '\u2028', '\u2029':
		return ' '
	}
	if Hidden(r) {
		return -1
	}
	return r
}

func cutName(s string) string {
	suffix := path.Ext(s)
	if len(suffix) > maxSuffix || len(suffix) == len(s) || strings.Contains(suffix, " ") {
		suffix = ""
	}
	stem := s[:maxName-len(suffix)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return trimName(stem) + suffix
}

func trimName(s string) string { return strings.TrimSpace(strings.TrimRight(s, ". \u00a0\u3000")) }

// Hidden says whether r shows nothing, breaks the line or changes the direction of what follows: control and
// format characters (Unicode's Cc and Cf: bidirectional controls, zero-width spaces and joiners, tags, the byte
// order mark) and the line and paragraph separators. None belongs in a name or a title, where each can make
// one text look like another.
func Hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// isDevice knows the names that Windows takes for hardware, with any ending and trailing spaces.
func isDevice(s string) bool {
	stem, _, _ := strings.Cut(s, ".")
	stem = strings.ToUpper(strings.TrimSpace(stem))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		port, ok = strings.CutPrefix(stem, "LPT")
	}
	return ok && utf8.RuneCountInString(port) == 1 && strings.ContainsAny(port, "0123456789¹²³")
}

// shown quotes s for a message, shortened: a hostile name must not fill a log or move a terminal's cursor.
func shown(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return strconv.Quote(s)
}
