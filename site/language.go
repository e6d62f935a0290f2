package site

import (
	"strings"

	"p2p.legal/peerfy/templates/i18n"
)

// prefixes are the first path segments that choose a language.
var prefixes = map[string]i18n.Lang{"fr": i18n.Fr, "en": i18n.En}

// splitLanguage takes the language off a path (without its leading slash). The prefix is empty when the
// path has none; then the browser's preferences decide.
func splitLanguage(path, accept string) (lang i18n.Lang, prefix, rest string) {
	first, rest, _ := strings.Cut(path, "/")
	if lang, ok := prefixes[first]; ok {
		return lang, first + "/", rest
	}
	return i18n.Match(accept), "", path
}
