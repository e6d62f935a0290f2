package templates

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"strings"
)

//go:embed style.css
var stylesheet string

//go:embed member_style.css
var memberStylesheet string

// Stylesheet is the one stylesheet of all pages for everybody, without comments and needless
// spaces. Its file name changes with its content, so it may be kept for ever.
func Stylesheet() (name string, body []byte) { return sheetFile("style-", stylesheet) }

// MemberStylesheet is the one stylesheet of the pages for members: Stylesheet,
// and what only those pages need.
func MemberStylesheet() (name string, body []byte) {
	return sheetFile("member-", stylesheet+memberStylesheet)
}

func sheetFile(prefix, css string) (name string, body []byte) {
	packed := pack(css)
	sum := sha256.Sum256([]byte(packed))
	return prefix + hex.EncodeToString(sum[:6]) + ".css", []byte(packed)
}

// pack knows our own way of writing CSS, not CSS in general: strings hold none
// of the marks below.
func pack(css string) string {
	var b strings.Builder
	for css != "" {
		before, rest, found := strings.Cut(css, "/*")
		b.WriteString(before)
		if !found {
			break
		}
		_, css, _ = strings.Cut(rest, "*/")
	}
	lines := strings.Fields(b.String())
	return cssSpaces.Replace(strings.Join(lines, " ")) + "\n"
}

var cssSpaces = strings.NewReplacer(" { ", "{", "; } ", "}", "; }", "}", " } ", "}", "; ", ";", ": ", ":", ", ", ",", " > ", ">", " + ", "+", " ~ ", "~", " !", "!", "} ", "}")
