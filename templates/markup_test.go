package templates_test

import (
	"html"
	"math/rand/v2"
	"strings"
	"testing"

	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

// TestWrittenByHand compares cards and filters with what they have to be, for texts that break pages.
func TestWrittenByHand(t *testing.T) {
	r, e := rand.New(rand.NewPCG(3, 4)), html.EscapeString
	page := templates.Page{Lang: i18n.En, Base: "../", Root: "../../"}
	for range 300 {
		c := templates.Card{ID: hostile(r), Title: "Nuit" + hostile(r), Artist: hostile(r), Slug: hostile(r), Kind: hostile(r), Length: hostile(r), Cell: 7, Video: true, Open: true}
		v := templates.Link{Href: hostile(r), Text: hostile(r), Count: hostile(r), Current: true}
		l := templates.Listing{Sprite: hostile(r), Cards: []templates.Card{c, {ID: "x", Title: c.Title, Slug: "y", Year: "2026", Cell: -1}}}
		l.Facets = []templates.Facet{{Name: hostile(r), Values: []templates.Link{v, {}}}}
		got := string(render(t, templates.BrowsePage(templates.Browse{Page: page, Listing: l})))
		for _, want := range []string{
			`<h2>` + e(l.Facets[0].Name) + `</h2><ul><li><a href="../` + e(v.Href) + `" aria-current="true"><bdi>` + e(v.Text) + `</bdi></a> ` + e(v.Count) + `</li>` +
				`<li><a href="../"><bdi></bdi></a> </li></ul></details>`,
			`<ul class="wall"><li><a href="../r/` + e(c.ID) + `"><span class="cover film"><img class="w6 x1 y1" src="../../` + e(l.Sprite) + `" width="576" height="192" alt="Cover"></span> ` +
				`<bdi>` + e(c.Title) + `</bdi></a> <a href="../artist/` + e(c.Slug) + `"><bdi>` + e(c.Artist) + `</bdi></a> <small><i>In full</i> ` + e(c.Kind+" · "+c.Length) + `</small></li>` +
				`<li><a href="../r/x"><span class="cover blank n0" aria-hidden="true">N</span> <bdi>` + e(c.Title) + `</bdi></a> <a href="../artist/y"><bdi></bdi></a> <small>2026</small></li></ul>`,
		} {
			if !strings.Contains(got, want) {
				t.Fatalf("the page does not hold\n%.900q\nbut\n%.3000q", want, got)
			}
		}
	}
}
