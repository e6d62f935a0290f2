package site

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates/i18n"
)

// The words and numbers that several pages share, finished in the visitor's language.

// count is "1 234 releases": key names a text with a form for one and one for many.
func count(l i18n.Lang, key string, n int) string { return l.N(key, int64(n)) }

// day is a date such as 2026-03-20 in words; "" stays "".
func day(l i18n.Lang, date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return l.Date(t)
}

// monthName is a period in words.
func monthName(l i18n.Lang, p royalty.Period) string { return l.Month(p.Start()) }

// monthTitle is the month's name where a line begins with it: French writes it small elsewhere.
func monthTitle(l i18n.Lang, p royalty.Period) string {
	name := monthName(l, p)
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

func kindName(l i18n.Lang, k catalog.Kind) string { return l.T("kind." + string(k)) }

// kindsName is the plural, for headings and filters.
func kindsName(l i18n.Lang, k catalog.Kind) string { return l.T("kinds." + string(k)) }

// roleName is a contributor's part in the visitor's language.
func roleName(l i18n.Lang, role string) string { return l.T("role." + role) }

// lengthOf is "4 tracks, 12 min".
func lengthOf(l i18n.Lang, tracks int, d time.Duration) string {
	if tracks < 2 {
		return l.About(d)
	}
	return count(l, "count.tracks", tracks) + ", " + l.About(d)
}

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// torSpeed is what a circuit carries on an ordinary day: 1 Mbit/s, in bytes.
const torSpeed = 125_000

// downloadTime is how long size bytes take through Tor, about.
func downloadTime(l i18n.Lang, size int64) string {
	return l.T("download.time", l.About(time.Duration(size/torSpeed+1)*time.Second))
}

// languageName is a language in its own words where we know them, else its tag.
func languageName(l i18n.Lang, tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	switch base {
	case "fr":
		return "français"
	case "en":
		return "English"
	case "es":
		return "español"
	case "de":
		return "Deutsch"
	case "it":
		return "italiano"
	case "pt":
		return "português"
	case "br":
		return "brezhoneg"
	case "oc":
		return "occitan"
	case "eu":
		return "euskara"
	case "ar":
		return "العربية"
	case "zxx":
		return l.T("language.none")
	}
	return tag
}

// licenceName is how people call a licence: CC BY-SA 4.0.
func licenceName(id string) string {
	name := strings.ToUpper(id)
	if cut, ok := strings.CutPrefix(name, "CC-"); ok {
		i := strings.LastIndex(cut, "-")
		return "CC " + cut[:max(i, 0)] + " " + cut[i+1:]
	}
	return name
}
