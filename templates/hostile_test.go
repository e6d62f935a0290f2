package templates_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"p2p.legal/peerfy/templates/i18n"
)

// shards of names that strangers might choose.
var shards = []string{
	"<script>alert(1)</script>", "</title><script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='x", "<!--", "-->", "]]>", "</bdi></h1>",
	"</textarea><b>", "</pre>", "&lt;b&gt;", "&#60;i&#62;", "&amp", "{{.}}", "%s%d%n", "javascript:alert(1)", "data:text/html,<b>", "//evil.example/",
	"`", "\\u003cb\\u003e", "\u202e", "\u2066\u2067", "\u200f\u200b\ufeff", "مدينة الملح", "שלום", "👩‍👩‍👧‍👦🏴‍☠️", "e\u0301\u0302\u0303\u0304\u0305\u0306\u0307",
	"\x00", "\x1b[31m", "\r\nSet-Cookie: a=b", "\u2028\u2029", "\xff\xfe", strings.Repeat("W", 5000), "<svg/onload=x>", "<style>*{}</style>", "</a><a href=x>", "𝕱𝖗𝖆𝖐𝖙𝖚𝖗",
}

// hostile is the i-th of a fixed series of names.
func hostile(r *rand.Rand) string {
	var parts []string
	for range 1 + r.IntN(4) {
		parts = append(parts, shards[r.IntN(len(shards))])
	}
	return strings.Join(parts, " ")
}

func TestHostileNamesAddNoElement(t *testing.T) {
	hostileNames(t, 300, publicPages)
	hostileNames(t, 100, memberPages)
}

func hostileNames(t *testing.T, names int, pages func(sample) map[string]component) {
	t.Helper()
	count := func(name string) map[string][]string {
		shapes := map[string][]string{}
		for key, c := range pages(sample{i18n.Fr, name, true}) {
			for _, n := range elements(t, render(t, c)) {
				shape := n.Data
				for _, a := range n.Attr {
					shape += " " + a.Key
				}
				shapes[key] = append(shapes[key], shape)
			}
		}
		return shapes
	}
	want := count("Nuit")
	r := rand.New(rand.NewPCG(1, 2))
	for range names {
		name := hostile(r)
		for key, got := range count(name) {
			if !slices.Equal(got, want[key]) {
				t.Fatalf("the name %.100q changes the elements of the page %s", name, key)
			}
		}
	}
}
