package site

import (
	"strings"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/templates"
)

// about answers /about.
func (s *Site) about(q *request) (any, error) {
	page := s.page(q, q.lang.T("about.title"))
	page.Nav = "about"
	return templates.Text{
		Page: page, Heading: page.Title, Blocks: templates.About(q.lang, termsOf(q.state.charter)),
		Extra: []templates.Link{{Href: "about/limits", Text: q.lang.T("text.to.limits")}, {Href: "status", Text: q.lang.T("status.title")}},
	}, nil
}

// termsOf are the charter's numbers that the prose names.
func termsOf(c *catalog.Charter) templates.Terms {
	t := templates.Terms{
		Fee: c.Fee.Cents, Net: c.Fee.Net(), Artists: c.Shares.Artists, Costs: c.Shares.Costs,
		PlaySeconds: c.Plays.Seconds, MinPayout: c.MinPayout,
	}
	for _, f := range c.Shares.Contributions {
		t.Contributions += f.BP
	}
	return t
}

// limits answers /about/limits: what can go wrong, before anybody asks.
func (s *Site) limits(q *request) (any, error) {
	page := s.page(q, q.lang.T("limits.title"))
	page.Nav = "about"
	return templates.Text{Page: page, Heading: page.Title, Blocks: templates.Limits(q.lang)}, nil
}

// publish answers /publish: the conditions for artists.
func (s *Site) publish(q *request) (any, error) {
	page := s.page(q, q.lang.T("publish.title"))
	page.Nav = "publish"
	return templates.Text{
		Page: page, Heading: page.Title, Blocks: templates.Publish(q.lang, termsOf(q.state.charter)),
		Extra: []templates.Link{{Href: "licence", Text: q.lang.T("text.to.licence")}, {Href: "notice", Text: q.lang.T("text.to.notice")}},
	}, nil
}

// licence answers /licence: the charter's text, word for word, and the free licences beside it.
func (s *Site) licence(q *request) (any, error) {
	page := s.page(q, q.lang.T("licence.title"))
	own := q.state.charter.Licence
	return templates.Text{
		Page: page, Heading: page.Title, Blocks: append(templates.Licence(q.lang), licenceBlocks()...),
		Verbatim: own.Text(),
	}, nil
}

// licenceBlocks name each free licence at the anchor that releases link to. Their addresses are text, not
// links: nothing here leads out of the onion.
func licenceBlocks() []templates.Block {
	var blocks []templates.Block
	for _, id := range sortedLicences() {
		blocks = append(blocks, templates.Block{
			ID: strings.ReplaceAll(id, ".", "-"), Heading: licenceName(id), Code: catalog.Licences[id],
		})
	}
	return blocks
}

// succession answers /ledger/succession: the charter entry that hands the log to a new key, if there is one.
func (s *Site) succession(q *request) (any, error) {
	page := s.page(q, q.lang.T("succession.title"))
	page.Nav = "ledger"
	v := templates.Text{Page: page, Heading: page.Title}
	next := q.state.charter.Succession
	if next == nil {
		v.Blocks = []templates.Block{{Paragraphs: []string{q.lang.T("succession.none")}}}
		return v, nil
	}
	at := ledger.Checkpoint{Origin: q.state.charter.Origin, Size: next.Size, Root: [32]byte(next.Root)}
	v.Blocks = []templates.Block{{
		Heading: q.lang.T("ledger.key"),
		Code:    next.OldKey + "\n" + q.state.charter.Keys.Log + "\n\n" + at.String(),
	}}
	return v, nil
}
