package search

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxWord is the most bytes of a word; what is beyond is cut.
const maxWord = 64

// letters are those that compatibility decomposition leaves whole.
var letters = map[rune]string{
	'œ': "oe", 'æ': "ae", 'ß': "ss", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ħ': "h", 'ŋ': "n",
}

// Words are the words of a text as they are searched: compatibility forms and
// accents taken off, lower case, split at everything that is neither letter nor
// digit. Scripts without spaces are split into characters.
func Words(text string) []string {
	var f folder
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(text, " ")) {
		f.add(unicode.ToLower(r))
	}
	f.end()
	return f.words
}

// compounds are the words of a text and, where an apostrophe, a hyphen or a dot
// joins some, what they are together: whoever searches "oconnor" or "acdc"
// means O'Connor and AC/DC.
func compounds(text string) []string {
	f := folder{join: true}
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(text, " ")) {
		f.add(unicode.ToLower(r))
	}
	f.end()
	f.endJoined()
	return f.words
}

type folder struct {
	words  []string
	word   strings.Builder
	join   bool
	joined strings.Builder
	parts  int // words in joined
}

func (f *folder) add(r rune) {
	switch {
	case unicode.Is(unicode.Mn, r):
	case letters[r] != "":
		f.word.WriteString(letters[r])
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
		f.end()
		f.endJoined()
		f.word.WriteRune(r)
		f.end()
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mc, r):
		f.word.WriteRune(r)
	case isJoiner(r):
		f.end()
	default:
		f.end()
		f.endJoined()
	}
}

// isJoiner reports whether r holds two parts of one word together.
func isJoiner(r rune) bool { return strings.ContainsRune("'’‘ʼ`´-‐‑./&·", r) }

func (f *folder) end() {
	if f.word.Len() == 0 {
		return
	}
	w := cut(f.word.String())
	f.words = append(f.words, w)
	f.word.Reset()
	if f.join {
		f.joined.WriteString(w)
		f.parts++
	}
}

func (f *folder) endJoined() {
	if f.parts > 1 {
		f.words = append(f.words, cut(f.joined.String()))
	}
	f.joined.Reset()
	f.parts = 0
}

func cut(w string) string {
	if len(w) <= maxWord {
		return w
	}
	return strings.ToValidUTF8(w[:maxWord], "")
}

// phrase is a whole name as one term.
func phrase(text string) string { return strings.Join(Words(text), " ") }

// runes is the length of a word as people count it.
func runes(w string) int { return len([]rune(w)) }
