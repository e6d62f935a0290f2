package library

import (
	"strings"
	"unicode"

	"p2p.legal/peerfy/store/catalog"
)

// CutName makes a name for a list out of any text: without what may not stand in
// a name, cut with "…" to MaxName bytes, and "?" if nothing is left.
func CutName(title string) string {
	if name := cut(clean(title), MaxName); name != "" {
		return name
	}
	return "?"
}

// clean is the line of text that is left of s without what catalog.CheckText
// refuses. Text without any of it stays as it is, no-break spaces included.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case !catalog.Hidden(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, strings.ToValidUTF8(s, "")))
}

// cut shortens clean text to limit bytes, at the end of a character.
func cut(s string, limit int) string {
	const more = "…"
	if len(s) <= limit {
		return s
	}
	return strings.TrimSpace(strings.ToValidUTF8(s[:limit-len(more)], "")) + more
}
