package site

import (
	"slices"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates"
)

const homeCards = 12 // newest releases in the shop window

// home answers /.
func (s *Site) home(q *request) (any, error) {
	cards, total, facets, err := s.cfg.DB.List(store.Filter{}, store.Newest, 0, homeCards)
	if err != nil {
		return nil, err
	}
	_, artists, _, err := s.cfg.DB.Totals()
	if err != nil {
		return nil, err
	}
	page := s.page(q, "")
	page.Nav, page.Feed = "home", "feed.xml"
	return homeView(page, found{cards, total, facets}, artists), nil
}

func homeView(page templates.Page, f found, artists int) templates.Home {
	l, sh := page.Lang, new(sheet)
	v := templates.Home{Page: page, Empty: f.total == 0}
	v.New = templates.Listing{Cards: cardViews(l, f.cards, sh), Count: count(l, "count.releases", f.total)}
	v.New.Sprite = sh.path()
	if f.total > len(f.cards) {
		v.New.Next = "browse/all"
	}
	v.Totals = l.T("home.totals", count(l, "count.releases", f.total), count(l, "count.artists", artists))
	for _, k := range f.facets.Kinds {
		if k.N > 0 {
			v.Kinds = append(v.Kinds, templates.Link{Href: "browse/" + k.Value, Text: kindsName(l, catalog.Kind(k.Value)), Count: l.Number(int64(k.N))})
		}
	}
	all := address{path: "browse/all"}
	v.Genres = countLinks(page, all, "genre", f.facets.Genres)
	v.Years = countLinks(page, all, "year", f.facets.Years)
	return v
}

func countLinks(page templates.Page, at address, key string, counts []store.Count) []templates.Link {
	var links []templates.Link
	for _, c := range counts[:min(len(counts), facetValues)] {
		links = append(links, templates.Link{Href: at.with(key, c.Value), Text: filterValue(page.Lang, key, c.Value), Count: page.Lang.Number(int64(c.N))})
	}
	return links
}

// browse answers /browse/KIND: everything, or one kind, narrowed by filters.
func (s *Site) browse(q *request) (any, error) {
	kind := catalog.Kind(q.param("kind"))
	if kind != "all" && !slices.Contains(catalog.Kinds, kind) {
		return nil, notFound
	}
	filter, err := filterOf(q.form)
	if err != nil {
		return nil, err
	}
	order, err := sortOf(q.form)
	if err != nil {
		return nil, err
	}
	number, err := pageNumber(q.form)
	if err != nil {
		return nil, err
	}
	if filter.Kind = kind; kind == "all" {
		filter.Kind = ""
	}
	cards, total, facets, err := s.cfg.DB.List(filter, order, (number-1)*perPage, perPage)
	if err != nil {
		return nil, err
	}
	if len(cards) == 0 && number > 1 {
		return nil, notFound
	}
	return browseView(s.page(q, ""), kind, address{q.path, q.form}, found{cards, total, facets}, number), nil
}

func browseView(page templates.Page, kind catalog.Kind, at address, f found, number int) templates.Browse {
	l := page.Lang
	heading := l.T("browse.all")
	if kind != "all" {
		heading = kindsName(l, kind)
	}
	page.Title, page.Nav = heading, "browse"
	v := templates.Browse{Page: page, Heading: heading, Listing: listing(l, at, f, number, new(sheet))}
	v.Sorts = sortLinks(l, at)
	v.Facets = append([]templates.Facet{kindFacet(page, kind, f.facets)}, v.Facets...)
	return v
}

// kindFacet leads from one kind to another: the kind stands in the path.
func kindFacet(page templates.Page, current catalog.Kind, f store.Facets) templates.Facet {
	l := page.Lang
	v := templates.Facet{Name: l.T("filter.kind"), Values: []templates.Link{{Href: "browse/all", Text: l.T("browse.all"), Current: current == "all"}}}
	for _, k := range f.Kinds {
		if k.N > 0 {
			kind := catalog.Kind(k.Value)
			v.Values = append(v.Values, templates.Link{Href: "browse/" + k.Value, Text: kindsName(l, kind), Count: l.Number(int64(k.N)), Current: kind == current})
		}
	}
	return v
}
