package site

import (
	"maps"
	"slices"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates"
)

// status answers /status: the state of the service in plain rows, never kept.
func (s *Site) status(q *request) (any, error) {
	releases, artists, tracks, err := s.cfg.DB.Totals()
	if err != nil {
		return nil, err
	}
	page := s.page(q, q.lang.T("status.title"))
	page.Nav = "about"
	var outside *StatusInfo
	if s.cfg.Status != nil {
		info := s.cfg.Status()
		outside = &info
	}
	return statusView(page, q.state.facts, [3]int{releases, artists, tracks}, s.searchReady(), s.cfg.SealNotice != nil, outside), nil
}

func statusView(page templates.Page, f facts, totals [3]int, searchReady, notices bool, outside *StatusInfo) templates.Status {
	l := page.Lang
	signed := l.T("status.never")
	if f.day != "" {
		signed = day(l, f.day)
	}
	rows := []templates.Row{
		{Name: l.T("status.log"), Value: count(l, "count.lines", int(f.size))},
		{Name: l.T("status.signed"), Value: signed, Good: !f.stale, Bad: f.stale},
		{Name: l.T("ledger.fresh"), Value: freshness(l, f), Good: !f.stale, Bad: f.stale},
		{Name: l.T("status.releases"), Value: l.Number(int64(totals[0]))},
		{Name: l.T("status.artists"), Value: l.Number(int64(totals[1]))},
		yesNo(page, "status.search", searchReady),
		yesNo(page, "status.notices", notices),
	}
	if outside != nil {
		rows = append(rows, yesNo(page, "status.onion", outside.Published), yesNo(page, "status.limits", outside.PerCircuit),
			templates.Row{Name: l.T("status.restarts"), Value: l.Number(int64(outside.Restarts))})
	}
	return templates.Status{Page: page, Rows: rows}
}

// yesNo is a row that is in order or not; each state has words of its own.
func yesNo(page templates.Page, key string, yes bool) templates.Row {
	value := page.T(key + ".no")
	if yes {
		value = page.T(key + ".yes")
	}
	return templates.Row{Name: page.T(key), Value: value, Good: yes, Bad: !yes}
}

func sortedLicences() []string { return slices.Sorted(maps.Keys(catalog.Licences)) }
