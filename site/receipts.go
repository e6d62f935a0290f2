package site

import (
	"time"

	"p2p.legal/peerfy/templates"
)

// receiptsPage answers GET /my/receipts: what will be there, and when.
func (s *Site) receiptsPage(q *request) (any, error) {
	v := templates.Receipts{Page: s.memberPage(q, q.lang.T("receipts.title"))}
	v.Nav = "receipts"
	v.First = day(q.lang, s.period().End().AddDate(0, 0, 7).Format(time.DateOnly))
	v.Commands = []string{"age -d -i peerfy-identity.txt receipt.age"}
	return v, nil
}
