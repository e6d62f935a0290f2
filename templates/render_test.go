package templates_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

type component interface {
	Render(context.Context, io.Writer) error
}

// pages are all pages, made from a sample.
func pages(s sample) map[string]component {
	all := publicPages(s)
	maps.Copy(all, memberPages(s))
	return all
}

// publicPages are the pages for everybody.
func publicPages(s sample) map[string]component {
	receipt := s.notice(false)
	receipt.Receipt = "k3h5m2q7abcdwxyz"
	unsealed := s.notice(false)
	unsealed.Sealed = false
	unavailable := templates.Search{Page: s.page("search"), Unavailable: true}
	entry := templates.EntryPage{Page: s.page("ledger"), Entry: templates.Entry{Index: "7", Kind: "release", Summary: s.name}}
	if s.rich {
		entry.Void, entry.Raw, entry.Signers = s.name, s.name, []string{s.name, s.name}
	}
	return map[string]component{
		"home": templates.HomePage(s.home()), "search": templates.SearchPage(s.search()), "unavailable": templates.SearchPage(unavailable),
		"browse": templates.BrowsePage(templates.Browse{Page: s.page("browse"), Heading: s.name, Listing: s.listing(24)}),
		"artist": templates.ShowArtist(s.artist()), "series": templates.ShowSeries(s.series()),
		"release": templates.ReleasePage(s.release(false)), "film": templates.ReleasePage(s.release(true)),
		"player": templates.PlayerPage(s.player(false)), "film player": templates.PlayerPage(s.player(true)),
		"about": templates.TextPage(s.text(templates.About(s.lang, terms))), "limits": templates.TextPage(s.text(templates.Limits(s.lang))),
		"publish": templates.TextPage(s.text(templates.Publish(s.lang, terms))), "licence": templates.TextPage(s.text(templates.Licence(s.lang))),
		"notice": templates.NoticePage(s.notice(s.rich)), "receipt": templates.NoticePage(receipt), "unsealed": templates.NoticePage(unsealed),
		"ledger": templates.LedgerPage(s.ledger()), "entry": templates.ShowEntry(entry),
		"status": templates.StatusPage(s.status()), "problem": templates.ProblemPage(s.problem()),
	}
}

func render(t *testing.T, c component) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// everyPage renders all pages in both languages, full and nearly empty.
func everyPage(t *testing.T, name string, check func(t *testing.T, s sample, page []byte)) {
	for _, lang := range i18n.Langs {
		for _, rich := range []bool{true, false} {
			s := sample{lang, name, rich}
			all := pages(s)
			for _, key := range slices.Sorted(maps.Keys(all)) {
				t.Run(string(lang)+"/"+key+map[bool]string{true: "", false: " empty"}[rich], func(t *testing.T) {
					check(t, s, render(t, all[key]))
				})
			}
		}
	}
}

// elements of a page, in order.
func elements(t *testing.T, page []byte) []*html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

func attrOrNone(n *html.Node, key string) string {
	v, _ := attr(n, key)
	return v
}

// What the parser would have to mend shows as a difference between the tags
// that were written and the elements that it made.
func TestPagesAreWellFormed(t *testing.T) {
	everyPage(t, "Nuit sur la rade", func(t *testing.T, s sample, page []byte) {
		var open, written []string
		z := html.NewTokenizer(bytes.NewReader(page))
		for z.Next() != html.ErrorToken {
			switch tok := z.Token(); tok.Type {
			case html.StartTagToken:
				written = append(written, tok.Data)
				if !slices.Contains([]string{"meta", "link", "img", "input", "track"}, tok.Data) {
					open = append(open, tok.Data)
				}
			case html.EndTagToken:
				if len(open) == 0 || open[len(open)-1] != tok.Data {
					t.Fatalf("</%s> closes %q", tok.Data, open)
				}
				open = open[:len(open)-1]
			}
		}
		var made []string
		for _, n := range elements(t, page) {
			made = append(made, n.Data)
		}
		if !slices.Equal(written, made) || len(open) > 0 {
			t.Errorf("written %q, read as %q, left open %q", written, made, open)
		}
	})
}

func TestNothingThatSafestForbids(t *testing.T) {
	forbidden := []string{"script", "style", "svg", "source", "iframe", "object", "embed", "base", "font"}
	foreign := regexp.MustCompile(`^([a-z][a-z0-9+.-]*:|/)`)
	everyPage(t, "Nuit sur la rade", func(t *testing.T, s sample, page []byte) {
		for _, n := range elements(t, page) {
			if slices.Contains(forbidden, n.Data) {
				t.Errorf("a <%s>", n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || a.Key == "srcset" {
					t.Errorf("<%s %s>", n.Data, a.Key)
				}
				if slices.Contains([]string{"href", "src", "action", "formaction", "poster"}, a.Key) && (foreign.MatchString(a.Val) || a.Val == "") {
					t.Errorf("<%s %s=%q> is not relative", n.Data, a.Key, a.Val)
				}
			}
		}
	})
}

func TestMediaElementsAreOneAndQuiet(t *testing.T) {
	for _, video := range []bool{false, true} {
		s := sample{i18n.En, "Nuit", true}
		var media []*html.Node
		downloads := 0
		for _, n := range elements(t, render(t, templates.PlayerPage(s.player(video)))) {
			if n.Data == "audio" || n.Data == "video" {
				media = append(media, n)
			}
			if href, _ := attr(n, "href"); href == "../r/a/files/x" {
				downloads++
			}
		}
		if len(media) != 1 || downloads != 1 {
			t.Fatalf("%d media elements, %d download links", len(media), downloads)
		}
		for key, want := range map[string]string{"controls": "", "preload": "none", "src": "../t/abcdefghjkmnp-01.webm#t=120"} {
			if got, ok := attr(media[0], key); !ok || got != want {
				t.Errorf("%s=%q, want %q", key, got, want)
			}
		}
	}
}

func TestAccessible(t *testing.T) {
	everyPage(t, "Nuit sur la rade", func(t *testing.T, s sample, page []byte) {
		ids, headings, mains := map[string]bool{}, 0, 0
		all := elements(t, page)
		for _, n := range all {
			if id, ok := attr(n, "id"); ok {
				if ids[id] {
					t.Errorf("two elements with the id %q", id)
				}
				ids[id] = true
			}
			switch n.Data {
			case "html":
				if lang, _ := attr(n, "lang"); lang != string(s.lang) {
					t.Errorf("lang=%q", lang)
				}
			case "h1":
				headings++
			case "main":
				mains++
			}
		}
		if headings != 1 || mains != 1 {
			t.Errorf("%d h1, %d main", headings, mains)
		}
		for _, n := range all {
			checkElement(t, n, all, ids)
		}
	})
}

func checkElement(t *testing.T, n *html.Node, all []*html.Node, ids map[string]bool) {
	t.Helper()
	switch n.Data {
	case "img":
		for _, key := range []string{"alt", "width", "height"} {
			if v, _ := attr(n, key); v == "" {
				t.Errorf("an image without %s", key)
			}
		}
	case "input", "select", "textarea":
		id, _ := attr(n, "id")
		kind, _ := attr(n, "type")
		if _, named := attr(n, "aria-labelledby"); named || kind == "hidden" {
			break
		}
		if !slices.ContainsFunc(all, func(l *html.Node) bool { f, ok := attr(l, "for"); return ok && l.Data == "label" && f == id }) {
			t.Errorf("no label for the %s %q", n.Data, id)
		}
	case "nav", "meter", "audio", "video":
		_, label := attr(n, "aria-label")
		if _, by := attr(n, "aria-labelledby"); !label && !by {
			t.Errorf("a %s without a name", n.Data)
		}
	case "a", "button", "h1", "h2", "h3", "summary":
		if strings.TrimSpace(textOf(n)) == "" {
			t.Errorf("an empty %s", n.Data)
		}
	}
	for _, key := range []string{"aria-labelledby", "aria-describedby", "for"} {
		for id := range strings.FieldsSeq(attrOrNone(n, key)) {
			if !ids[id] {
				t.Errorf("%s names %q, which is nowhere", key, id)
			}
		}
	}
	if href, _ := attr(n, "href"); strings.HasPrefix(href, "#") && !ids[href[1:]] {
		t.Errorf("href=%q leads nowhere", href)
	}
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func TestNamesKeepTheirDirection(t *testing.T) {
	const name = "NAME\u202e"
	everyPage(t, name, func(t *testing.T, s sample, page []byte) {
		root, err := html.Parse(bytes.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			if n.Type != html.TextNode || !strings.Contains(n.Data, name) {
				continue
			}
			alone := false
			for p := range n.Ancestors() {
				alone = alone || attrOrNone(p, "dir") == "auto" || slices.Contains([]string{"bdi", "title", "textarea", "pre"}, p.Data)
			}
			if !alone {
				t.Errorf("%q stands in <%s> without a bdi", n.Data, n.Parent.Data)
			}
		}
	})
}

// Budgets in bytes, uncompressed.
const (
	maxPage       = 25_000 // page and stylesheet together
	maxListing    = 14_000
	maxStylesheet = 11_000

	maxMemberStylesheet = 14_000
)

func TestBudget(t *testing.T) {
	name, css := templates.Stylesheet()
	memberName, memberCSS := templates.MemberStylesheet()
	if len(css) > maxStylesheet || len(memberCSS) > maxMemberStylesheet {
		t.Errorf("the stylesheets have %d and %d bytes", len(css), len(memberCSS))
	}
	everyPage(t, "Nuit sur la rade", func(t *testing.T, s sample, page []byte) {
		style := len(css)
		if bytes.Contains(page, []byte(memberName)) {
			style = len(memberCSS)
		} else if !bytes.Contains(page, []byte(name)) {
			t.Error("no stylesheet")
		}
		if len(page)+style > maxPage {
			t.Errorf("%d bytes, %d with the stylesheet", len(page), len(page)+style)
		}
		if strings.HasSuffix(t.Name(), "/browse") && len(page) > maxListing {
			t.Errorf("a listing of 24 cards has %d bytes", len(page))
		}
	})
}

func TestLanguageSwitchKeepsThePage(t *testing.T) {
	page := render(t, templates.HomePage(sample{i18n.Fr, "x", true}.home()))
	for _, n := range elements(t, page) {
		if lang, ok := attr(n, "hreflang"); ok {
			if href, _ := attr(n, "href"); href != "../en/browse/all?genre=x&year=2026" || lang != "en" {
				t.Errorf("the switch to %s leads to %s", lang, href)
			}
			return
		}
	}
	t.Error("no switch")
}

func TestFooterShowsTheAddressToCompare(t *testing.T) {
	page := render(t, templates.HomePage(sample{i18n.En, "x", true}.home()))
	if !bytes.Contains(page, []byte("<code>…k7wz3qmd.onion</code>")) {
		t.Error("the last 8 characters of the address are missing")
	}
}

// A name that only an artist has is found: the page then does not say that
// nothing answers, and counts no works.
func TestSearchSpeaksOnceOfWhatIsMissing(t *testing.T) {
	s := sample{i18n.En, "Nuit", false}
	none := templates.Search{Page: s.page(""), Listing: templates.Listing{Count: "0 releases"}}
	none.Query = "zzz"
	artist := none
	artist.Artists = []templates.Link{{Href: "artist/nuit", Text: "Nuit"}}
	for _, test := range []struct {
		view templates.Search
		says bool
	}{{none, true}, {artist, false}} {
		page := string(render(t, templates.SearchPage(test.view)))
		if got := strings.Contains(page, i18n.En.T("search.none")); got != test.says {
			t.Errorf("with %d artists: says that nothing answers: %t", len(test.view.Artists), got)
		}
		if strings.Contains(page, "0 releases") || strings.Contains(page, i18n.En.T("listing.none")) {
			t.Errorf("with %d artists: an empty shelf is shown", len(test.view.Artists))
		}
	}
}
