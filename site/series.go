package site

import (
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates"
)

// series answers /series/SLUG.
func (s *Site) series(q *request) (any, error) {
	slug := q.param("slug")
	episodes, err := s.cfg.DB.Series(slug)
	if err != nil || len(episodes) == 0 {
		return nil, orNotFound(err)
	}
	page := s.page(q, episodes[0].Series.Title)
	page.Nav, page.Feed = "browse", "series/"+slug+"/feed.xml"
	if len(episodes) <= perPage {
		return seriesView(page, episodes), nil
	}
	number, err := pageNumber(q.form)
	if err != nil {
		return nil, err
	}
	return longSeriesView(page, address{q.path, q.form}, episodes, number)
}

// longSeriesView lays a series that does not fit one page out like any other list, the first episode first.
func longSeriesView(page templates.Page, at address, episodes []store.Card, number int) (any, error) {
	l, sh := page.Lang, new(sheet)
	first := (number - 1) * perPage
	if first >= len(episodes) {
		return nil, notFound
	}
	shown := episodes[first:min(first+perPage, len(episodes))]
	v := templates.Browse{Page: page, Heading: page.Title, Listing: listing(l, at, found{cards: shown, total: len(episodes)}, number, sh)}
	v.Count = count(l, "count.episodes", len(episodes))
	for i, c := range shown {
		v.Cards[i].Kind = episodeName(l, c.Series)
	}
	return v, nil
}

func seriesView(page templates.Page, episodes []store.Card) templates.SeriesPage {
	l, sh := page.Lang, new(sheet)
	v := templates.SeriesPage{
		Page: page, Heading: episodes[0].Series.Title, Artist: episodes[0].Artist, Slug: episodes[0].Slug,
		Podcast: episodes[0].Kind == catalog.Podcast,
	}
	last := -1
	for _, c := range episodes {
		if c.Series.Season != last {
			last = c.Series.Season
			name := ""
			if last > 0 {
				name = l.T("series.season", last)
			}
			v.Seasons = append(v.Seasons, templates.Season{Name: name})
		}
		card := cardView(l, &c, sh)
		card.Kind = episodeName(l, c.Series)
		season := &v.Seasons[len(v.Seasons)-1]
		season.Episodes = append(season.Episodes, card)
	}
	v.Sprite = sh.path()
	return v
}
