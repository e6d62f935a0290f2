package site

import (
	"net/http"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/templates"
)

// passPage answers GET /pass?period=P: the pass of a month, to keep.
func (s *Site) passPage(q *request) (any, error) {
	return s.passView(q, q.outcome(), q.form.Get("period"), "")
}

func (s *Site) passView(q *request, o templates.Outcome, periodText, recipient string) (any, error) {
	own, got, err := s.passOf(q, periodText)
	if err != nil {
		return nil, err
	}
	p, l := own.Period, q.lang
	v := templates.Pass{
		Page: s.memberPage(q, l.T("pass.title")), Outcome: o, Period: p.String(), Month: monthName(l, p),
		Until: day(l, lastDay(p).Format(time.DateOnly)), Text: got.Pass, Stub: got.Stub, Owner: own.Owner != (royalty.Code{}),
		Recipient: recipient,
	}
	v.Nav = "account"
	if v.Text == "" {
		v.Text = pass.FormatFile(*own, "")
	}
	if st := q.seat(); st != nil && st.id == own.ID(s.cfg.DB.Charter().Origin) {
		v.Listening = true
		st.mu.Lock()
		v.NoRecipient = st.tally.Recipient() == ""
		st.mu.Unlock()
	}
	return v, nil
}

// passOf is the pass that this session may see: the account's for that month, or the one it listens with.
func (s *Site) passOf(q *request, periodText string) (*pass.Pass, parcel, error) {
	st := q.seat()
	p := s.period()
	if periodText != "" {
		var err error
		if p, err = royalty.ParsePeriod(periodText); err != nil {
			return nil, parcel{}, notFound
		}
	}
	if q.account != nil {
		own, got, err := s.ownPass(q.account, p)
		if err != nil || own != nil {
			return own, got, err
		}
	}
	if st == nil || st.period != p {
		return nil, parcel{}, noPass
	}
	return &st.pass, parcel{}, nil
}

// noPass is the page for a month without a pass: the account's page is where one is taken.
var noPass = &problem{status: http.StatusNotFound, words: "nopass", links: func(q *request) []templates.Link {
	return []templates.Link{{Href: "account", Text: q.lang.T("nav.account")}}
}}

// postPassFile sends the pass as a file to keep.
func (s *Site) postPassFile(w http.ResponseWriter, q *request) error {
	own, got, err := s.passOf(q, q.field("period"))
	if err != nil {
		return err
	}
	text := got.Pass
	if text == "" {
		text = pass.FormatFile(*own, "")
	}
	if got.Stub != "" {
		text += "\n" + got.Stub
	}
	return sendSecret(w, q, "peerfy-pass-"+own.Period.String()+".txt", text)
}

// postRecipient takes the recipient of a pass that came without one: a blind pass shows only its hash.
func (s *Site) postRecipient(w http.ResponseWriter, q *request) error {
	st, recipient := q.seat(), q.field("recipient")
	err := error(refuse("nopass"))
	if st != nil {
		err = s.giveRecipient(st, recipient)
	}
	if err == nil {
		return s.said(w, q, "pass?period="+st.period.String(), templates.Outcome{Done: q.lang.T("done.recipient")})
	}
	sentences, ok := q.refusals(err)
	if !ok {
		return err
	}
	v, err := s.passView(q, templates.Outcome{Errors: sentences}, q.field("period"), recipient)
	if err != nil {
		return err
	}
	return s.show(w, q, http.StatusUnprocessableEntity, v)
}

// seat is the pass that this request listens with: nil without one, and when its month is over.
func (q *request) seat() *seat {
	if q.sits != nil && q.sits.period == q.period {
		return q.sits
	}
	return nil
}

// counted is the pass whose month this request may see and correct: the running one, or the one before in its first
// days.
func (s *Site) counted(q *request) *seat {
	if q.sits != nil && s.correctable(q.sits.period) {
		return q.sits
	}
	return nil
}
