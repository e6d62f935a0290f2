package site

import (
	"strconv"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates"
)

// Cells of an artist's page: own releases page by page, and a few of others beside them, in one sprite.
const (
	ownCards   = 18
	guestCards = maxCells - ownCards
)

// artist answers /artist/SLUG.
func (s *Site) artist(q *request) (any, error) {
	slug := q.param("slug")
	record, ok, err := s.cfg.DB.Artist(slug)
	if err != nil || !ok {
		return nil, orNotFound(err)
	}
	own, err := s.cfg.DB.ArtistReleases(slug)
	if err != nil {
		return nil, err
	}
	guests, err := s.cfg.DB.AppearsOn(slug)
	if err != nil {
		return nil, err
	}
	number, err := pageNumber(q.form)
	if err != nil {
		return nil, err
	}
	if number > 1 && (number-1)*ownCards >= len(own) {
		return nil, notFound
	}
	if err := s.lookedAt(q, slug); err != nil {
		return nil, err
	}
	page := s.page(q, record.Name)
	page.Nav, page.Feed = "browse", "artist/"+slug+"/feed.xml"
	return artistView(page, record, own, guests, address{q.path, q.form}, number), nil
}

func artistView(page templates.Page, a catalog.ArtistRecord, own, guests []store.Card, at address, number int) templates.ArtistPage {
	l, sh := page.Lang, new(sheet)
	pages := max(1, (len(own)+ownCards-1)/ownCards)
	first := (number - 1) * ownCards
	v := templates.ArtistPage{
		Page: page, Name: a.Name, Slug: a.Slug, Key: a.Key,
		Since:     l.T("artist.since", l.Number(a.Index)),
		EntryHref: "ledger/entry/" + strconv.FormatInt(a.Index, 10),
	}
	v.Cards = cardViews(l, own[first:min(first+ownCards, len(own))], sh)
	v.Count = count(l, "count.releases", len(own))
	v.Prev, v.Next = at.page(number-1, pages), at.page(number+1, pages)
	if pages > 1 {
		v.PageNo = l.T("listing.page", number, pages)
	}
	v.AppearsOn = cardViews(l, guests[:min(len(guests), guestCards)], sh)
	v.Sprite = sh.path()
	return v
}
