package site

import (
	"errors"
	"strings"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/search"
	"p2p.legal/peerfy/templates"
)

// search answers /search?q=…: never kept, never written down. Without words it is a browse of everything.
func (s *Site) search(q *request) (any, error) {
	filter, err := filterOf(q.form)
	if err != nil {
		return nil, err
	}
	number, err := pageNumber(q.form)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(q.form.Get("q"))
	page := s.page(q, q.lang.T("search.heading"))
	page.Nav, page.Query, page.NoIndex = "search", text, true
	if (number-1)*perPage > search.MaxOffset {
		return nil, notFound
	}
	at := address{"search", q.form}
	if text == "" {
		return s.everything(page, at, filter, number)
	}
	if s.cfg.Search == nil {
		return templates.Search{Page: page, Unavailable: true}, nil
	}
	result, err := s.cfg.Search.Search(q.Context(), search.Query{
		Text: text, Kind: string(filter.Kind), Genre: filter.Genre, Year: q.form.Get("year"), Licence: filter.Licence,
		Language: filter.Language, Open: filter.Open, Offset: (number - 1) * perPage, Limit: perPage,
	})
	switch {
	case errors.Is(err, search.ErrNotReady): // being built: the page looks again by itself
		page.Refresh = 10
		return templates.Search{Page: page, Unavailable: true}, nil
	case errors.Is(err, search.ErrTooLong):
		return nil, badRequest
	case err != nil:
		return nil, err
	}
	return s.results(page, at, result, number)
}

// results is the page of what was found.
func (s *Site) results(page templates.Page, at address, r search.Result, number int) (any, error) {
	cards, err := s.cfg.DB.Cards(r.IDs)
	if err != nil {
		return nil, err
	}
	v := searchView(page, at, found{cards, r.Total, facetsOf(r.Facets)}, number)
	if r.DidYouMean != "" {
		v.DidYouMean = templates.Link{Href: at.with("q", r.DidYouMean), Text: r.DidYouMean}
	}
	if number*perPage > search.MaxOffset {
		v.Next = ""
	}
	v.Artists, err = s.artistLinks(r.Artists)
	return v, err
}

// facetsOf are the facets of a search in the form of a list's.
func facetsOf(f search.Facets) store.Facets {
	counts := func(from []search.Count) []store.Count {
		to := make([]store.Count, len(from))
		for i, c := range from {
			to[i] = store.Count(c)
		}
		return to
	}
	return store.Facets{
		Kinds: counts(f.Kinds), Genres: counts(f.Genres), Years: counts(f.Years),
		Languages: counts(f.Languages), Licences: counts(f.Licences), Open: f.Open,
	}
}

// everything is the search page without a query.
func (s *Site) everything(page templates.Page, at address, filter store.Filter, number int) (any, error) {
	cards, total, facets, err := s.cfg.DB.List(filter, store.Newest, (number-1)*perPage, perPage)
	if err != nil {
		return nil, err
	}
	return searchView(page, at, found{cards, total, facets}, number), nil
}

func searchView(page templates.Page, at address, f found, number int) templates.Search {
	return templates.Search{Page: page, Listing: listing(page.Lang, at, f, number, new(sheet))}
}

// artistLinks are the artists whose names match.
func (s *Site) artistLinks(slugs []string) ([]templates.Link, error) {
	var links []templates.Link
	for _, slug := range slugs {
		a, ok, err := s.cfg.DB.Artist(slug)
		if err != nil {
			return nil, err
		}
		if ok {
			links = append(links, templates.Link{Href: "artist/" + slug, Text: a.Name})
		}
	}
	return links, nil
}

// searchReady reports whether searches are answered.
func (s *Site) searchReady() bool {
	if s.cfg.Search == nil {
		return false
	}
	ready, _, _ := s.cfg.Search.Status()
	return ready
}
