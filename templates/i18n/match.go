package i18n

import "strings"

// MaxAccept is the most bytes of an Accept-Language header that are read.
const MaxAccept = 1024

// Match is the language of the site that a visitor prefers, by the
// Accept-Language header of the request (RFC 9110, 12.5.4). What cannot be read
// is passed over; among equals the first wins; English when nothing fits.
func Match(accept string) Lang {
	best, weight := En, 0
	accept = accept[:min(len(accept), MaxAccept)]
	for part := range strings.SplitSeq(accept, ",") {
		tag, params, _ := strings.Cut(part, ";")
		l, ok := langOf(strings.TrimSpace(tag))
		if q := quality(params); ok && q > weight {
			best, weight = l, q
		}
	}
	return best
}

// langOf is the site's language for a tag such as fr-CA.
func langOf(tag string) (Lang, bool) {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch l := Lang(base); l {
	case Fr, En:
		return l, true
	}
	return En, tag == "*"
}

// quality is the weight in thousandths: 1000 when there is none, 0 for one that
// is not 0 to 1 with at most three decimals.
func quality(params string) int {
	value, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(params, " ", "")), "q=")
	if !ok {
		if params == "" {
			return 1000
		}
		return 0
	}
	whole, decimals, _ := strings.Cut(value, ".")
	if len(decimals) > 3 || whole != "0" && whole != "1" {
		return 0
	}
	q := 0
	for _, c := range whole + (decimals + "000")[:3] {
		if c < '0' || c > '9' {
			return 0
		}
		q = 10*q + int(c-'0')
	}
	if q > 1000 {
		return 0
	}
	return q
}
