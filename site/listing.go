package site

import (
	"net/url"
	"strconv"
	"time"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

const (
	perPage     = 24 // cards, hence cells of the sprite
	facetValues = 8  // values shown of each filter
	maxPage     = 100_000
)

// address is a listing's own: filters and pages are links to it with one value changed.
type address struct {
	path string // relative to Base: "browse/album", "search"
	form url.Values
}

// with is the link that changes one value; an empty one takes it away. Another filter begins at page one.
func (a address) with(key, value string) string {
	if _, paged := a.form["page"]; value != "" && (len(a.form) == 0 || len(a.form) == 1 && paged) { // as on most pages
		return a.path + "?" + key + "=" + url.QueryEscape(value)
	}
	form := url.Values{}
	for k, v := range a.form {
		if k != key && k != "page" {
			form[k] = v
		}
	}
	if value != "" {
		form.Set(key, value)
	}
	if len(form) == 0 {
		return a.path
	}
	return a.path + "?" + form.Encode()
}

// page is the link to a page from 1; "" when there is none.
func (a address) page(n, pages int) string {
	switch {
	case n < 1 || n > pages:
		return ""
	case n == 1:
		return a.with("page", "")
	}
	return a.with("page", strconv.Itoa(n))
}

// pageNumber reads the page asked for.
func pageNumber(form url.Values) (int, error) {
	v := form.Get("page")
	if v == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxPage || strconv.Itoa(n) != v {
		return 0, notFound
	}
	return n, nil
}

// found is what a list or a search answers.
type found struct {
	cards  []store.Card
	total  int
	facets store.Facets
}

// listing lays out one page of what was found, with its sprite.
func listing(l i18n.Lang, at address, f found, number int, sh *sheet) templates.Listing {
	pages := max(1, (f.total+perPage-1)/perPage)
	v := templates.Listing{
		Cards:  cardViews(l, f.cards, sh),
		Count:  count(l, "count.releases", f.total),
		Prev:   at.page(number-1, pages),
		Next:   at.page(number+1, pages),
		Facets: facetViews(l, at, f),
		Active: activeFilters(l, at),
		Sprite: sh.path(),
	}
	if pages > 1 {
		v.PageNo = l.T("listing.page", number, pages)
	}
	return v
}

func cardViews(l i18n.Lang, cards []store.Card, sh *sheet) []templates.Card {
	views := make([]templates.Card, len(cards))
	for i := range cards {
		views[i] = cardView(l, &cards[i], sh)
	}
	return views
}

func cardView(l i18n.Lang, c *store.Card, sh *sheet) templates.Card {
	return templates.Card{
		ID: c.ID, Title: c.Title, Artist: c.Artist, Slug: c.Slug,
		Year: yearOf(c), Kind: kindName(l, c.Kind), Length: lengthOf(l, c.Tracks, c.Duration),
		Cell: sh.cell(c), Video: c.Kind.Video(), Open: c.Open,
	}
}

func yearOf(c *store.Card) string {
	if c.Year == 0 {
		return ""
	}
	return strconv.Itoa(c.Year)
}

// filterOf reads the filters of an address. Values that are nothing we know simply find nothing.
func filterOf(form url.Values) (store.Filter, error) {
	f := store.Filter{
		Kind: catalog.Kind(form.Get("kind")), Genre: form.Get("genre"), Licence: form.Get("licence"),
		Language: form.Get("language"), Open: form.Get("open") != "",
	}
	if y := form.Get("year"); y != "" {
		n, err := strconv.Atoi(y)
		if err != nil || n < 1 || n > 9999 {
			return f, notFound
		}
		f.Year = n
	}
	return f, nil
}

// sorts are the orders of a list, by their name in an address.
var sorts = []struct {
	name  string
	order store.Sort
}{{"", store.Newest}, {"title", store.ByTitle}, {"artist", store.ByArtist}}

func sortOf(form url.Values) (store.Sort, error) {
	for _, s := range sorts {
		if s.name == form.Get("sort") {
			return s.order, nil
		}
	}
	return store.Newest, notFound
}

func sortLinks(l i18n.Lang, at address) []templates.Link {
	var links []templates.Link
	for _, s := range sorts {
		key := "sort.newest"
		if s.name != "" {
			key = "sort." + s.name
		}
		links = append(links, templates.Link{Href: at.with("sort", s.name), Text: l.T(key), Current: s.name == at.form.Get("sort")})
	}
	return links
}

// filterKeys are the filters in the order pages show them.
var filterKeys = []string{"kind", "genre", "year", "language", "licence", "open"}

// facetViews are the filters that would change something: a value that all works share is none.
func facetViews(l i18n.Lang, at address, all found) []templates.Facet {
	f := all.facets
	byKey := map[string][]store.Count{
		"kind": f.Kinds, "genre": f.Genres, "year": f.Years, "language": f.Languages, "licence": f.Licences,
	}
	if f.Open > 0 {
		byKey["open"] = []store.Count{{Value: "1", N: f.Open}}
	}
	var views []templates.Facet
	for _, key := range filterKeys {
		counts := byKey[key]
		chosen := at.form.Get(key) != ""
		if len(counts) == 0 || len(counts) == 1 && counts[0].N == all.total && !chosen || at.path != "search" && key == "kind" {
			continue
		}
		v := templates.Facet{Name: l.T("filter." + key), Values: make([]templates.Link, 0, facetValues)}
		for _, c := range counts[:min(len(counts), facetValues)] {
			current := at.form.Get(key) == c.Value
			if c.N == 0 && !current {
				continue
			}
			v.Values = append(v.Values, templates.Link{
				Href: at.with(key, c.Value), Text: filterValue(l, key, c.Value), Count: l.Number(int64(c.N)), Current: current,
			})
		}
		views = append(views, v)
	}
	return views
}

// activeFilters are the chosen ones; their links take them away.
func activeFilters(l i18n.Lang, at address) []templates.Link {
	var links []templates.Link
	for _, key := range filterKeys {
		if v := at.form.Get(key); v != "" {
			links = append(links, templates.Link{Href: at.with(key, ""), Text: l.T("filter."+key) + l.T("filter.colon") + filterValue(l, key, v)})
		}
	}
	return links
}

func filterValue(l i18n.Lang, key, value string) string {
	switch key {
	case "kind":
		return kindsName(l, catalog.Kind(value))
	case "language":
		return languageName(l, value)
	case "licence":
		return licenceName(value)
	case "open":
		return l.T("filter.open.yes")
	}
	return value
}

// secondsOf is a time in an address, in seconds with at most three decimals.
func secondsOf(d time.Duration) string {
	return strconv.FormatFloat(d.Round(time.Millisecond).Seconds(), 'f', -1, 64)
}
