// Package i18n holds the words of the site, in French and in English, and
// writes numbers, money, sizes and dates as readers of each language expect.
//
// It promises to templates and site that both languages have the same keys
// with the same arguments, which its tests check, so a page never mixes
// languages and never shows a hole. It is safe to call from any number of
// goroutines: the tables are complete before main starts and are only read.
// Words are plain text; who puts them on a page escapes them.
package i18n

import (
	"fmt"
	"maps"
	"strings"
)

// Lang is a language of the site, as its BCP 47 tag.
type Lang string

// The languages of the site.
const (
	Fr Lang = "fr"
	En Lang = "en"
)

// Langs are all of them, in the order of the switch.
var Langs = []Lang{Fr, En}

// Name is what the language calls itself.
func (l Lang) Name() string {
	if l == Fr {
		return "Français"
	}
	return "English"
}

// Has reports whether there are words under key.
func (l Lang) Has(key string) bool {
	_, ok := l.words()[key]
	return ok
}

// Keys are the keys of all words, in no order.
func (l Lang) Keys() []string {
	keys := make([]string, 0, len(l.words()))
	for k := range l.words() {
		keys = append(keys, k)
	}
	return keys
}

// T is the words under key, with args in the places of their %s. Whole numbers
// are written as Number does. A key without words is shown as it is.
func (l Lang) T(key string, args ...any) string {
	words, ok := l.words()[key]
	switch {
	case !ok:
		return key
	case len(args) == 0:
		return words
	}
	return fmt.Sprintf(words, l.written(args)...)
}

// N is T for a counted thing: words holds the form for one and, after "|", the
// form for many; n is their first argument. French takes the first form for 0
// and 1, English for 1 alone.
func (l Lang) N(key string, n int64, args ...any) string {
	words, ok := l.words()[key]
	if !ok {
		return key
	}
	one, many, both := strings.Cut(words, "|")
	if both && !l.singular(n) {
		one = many
	}
	if len(args) == 0 { // as of most things: a third of Sprintf's time
		return strings.Replace(one, "%s", l.Number(n), 1)
	}
	return fmt.Sprintf(one, l.written(append([]any{n}, args...))...)
}

func (l Lang) singular(n int64) bool { return n == 1 || l == Fr && n == 0 }

// words is the language's table: English for whatever is not French.
func (l Lang) words() map[string]string {
	if l == Fr {
		return french
	}
	return english
}

// The tables, put together from the files of words.
var (
	english = together(englishWords, englishMemberWords)
	french  = together(frenchWords, frenchMemberWords)
)

func together(tables ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, words := range tables {
		maps.Copy(all, words)
	}
	return all
}

// written replaces whole numbers by how they are written.
func (l Lang) written(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		switch n := arg.(type) {
		case int:
			out[i] = l.Number(int64(n))
		case int64:
			out[i] = l.Number(n)
		default:
			out[i] = arg
		}
	}
	return out
}

// Typeset puts the spaces that French printing asks for and that must not break:
// thin before ; ! and ?, full before the colon and inside guillemets, and
// before the euro sign.
func Typeset(french string) string { return frenchSpaces.Replace(french) }

var frenchSpaces = strings.NewReplacer(
	" ;", thin+";", " !", thin+"!", " ?", thin+"?",
	" :", hard+":", "« ", "«"+hard, " »", hard+"»", " €", hard+"€",
)

// typeset is Typeset for a whole table.
func typeset(words map[string]string) map[string]string {
	set := make(map[string]string, len(words))
	for key, text := range words {
		set[key] = Typeset(text)
	}
	return set
}
