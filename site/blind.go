package site

import (
	"net/http"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/templates"
)

// blindView shows the answer to the latest blind request, and how large the crowd is in which a pass hides.
func (s *Site) blindView(q *request, all []sale, state store.Account, f accountForm) (templates.Blind, error) {
	l := q.lang
	v := templates.Blind{Request: f.request}
	if len(all) > 0 {
		v.Command = "peerfy pass request " + all[0].period.String() + " --out my-pass --site " + s.cfg.Onion + "#" + q.state.charter.Keys.Log
	}
	for _, one := range all {
		n, err := s.cfg.Members.Sales(one.period)
		if err != nil {
			return v, err
		}
		v.Signed = append(v.Signed, l.T("account.blind.signed", monthName(l, one.period), l.Number(int64(n))))
		v.Price = l.Money(one.opening.Fee)
	}
	q.session.mu.Lock()
	asked := q.session.asked
	q.session.mu.Unlock()
	for _, m := range state.Months {
		if !m.Blind || m.Request != asked { // an older answer comes again when its request does, for nothing
			continue
		}
		got, err := q.account.unwrap(m.Period, m.Sealed)
		if err != nil {
			return v, err
		}
		v.Answer, v.Stub = got.Answer, got.Stub
	}
	return v, nil
}

// postBlind signs a blinded request: which pass comes of it, the site cannot know.
func (s *Site) postBlind(w http.ResponseWriter, q *request) error {
	f := accountForm{request: q.field("request")}
	asked, err := s.signBlind(q.account, f.request)
	if err != nil {
		return s.answerAccount(w, q, "blind", f, err)
	}
	q.session.mu.Lock()
	q.session.asked = asked
	q.session.mu.Unlock()
	return s.said(w, q, "account#blind", templates.Outcome{Form: "blind", Done: q.lang.T("done.blind")})
}

// signBlind answers a request and names it as the account's book does.
func (s *Site) signBlind(a *account, text string) (asked [32]byte, err error) {
	period, blinded, err := pass.ParseRequest(text)
	if err != nil {
		return asked, refuse("request")
	}
	one, err := s.onSale(period.String())
	if err != nil {
		return asked, err
	}
	keys, err := s.keys(period)
	if err != nil {
		return asked, err
	}
	answer, err := pass.BlindSign(keys.Pass, blinded)
	if err != nil {
		return asked, refuse("request")
	}
	stub, err := till.NewStub(keys, s.cfg.DB.Charter().Origin, royalty.Cents(one.opening.Fee))
	if err != nil {
		return asked, err
	}
	got := parcel{Answer: pass.FormatAnswer(period, answer), Stub: stub.String()}
	asked = a.event("blind", blinded)
	_, err = s.buy(a, one, got, stub, asked, true)
	return asked, err
}
