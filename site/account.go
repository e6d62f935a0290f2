package site

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

// accountPage answers GET /account.
func (s *Site) accountPage(q *request) (any, error) {
	return s.accountView(q, q.outcome(), accountForm{})
}

// accountForm is what stands in the fields of the account's page.
type accountForm struct {
	voucher, period, recipient, request string
	make                                bool
}

func (s *Site) accountView(q *request, o templates.Outcome, f accountForm) (templates.Account, error) {
	a, l := q.account, q.lang
	v := templates.Account{Page: s.memberPage(q, l.T("account.title")), Outcome: o, Voucher: f.voucher}
	v.Nav = "account"
	if code := a.newCode.Load(); code != nil {
		v.NewCode = code.String()
	}
	state, err := s.cfg.Members.Account(a.id)
	if err != nil {
		return v, err
	}
	v.Balance, v.Owes = l.Money(int64(state.Balance)), state.Balance > 0
	for _, e := range state.Events {
		v.Book = append(v.Book, bookLine(l, e))
	}
	if s.clockIsBack() {
		v.Errors = append(v.Errors, l.T("till.astray"))
	}
	all, err := s.sales()
	if err != nil {
		return v, err
	}
	for _, one := range all {
		v.Months = append(v.Months, monthOf(l, one, state, f))
	}
	v.Blind, err = s.blindView(q, all, state, f)
	return v, err
}

func bookLine(l i18n.Lang, e store.Event) templates.BookLine {
	text := l.T("book." + e.Kind)
	if e.Amount < 0 {
		text = monthTitle(l, e.Period)
	}
	sign := "+"
	amount := int64(e.Amount)
	if amount < 0 {
		sign, amount = "−", -amount
	}
	return templates.BookLine{Text: text, Amount: sign + l.Money(amount)}
}

func monthOf(l i18n.Lang, one sale, state store.Account, f accountForm) templates.Month {
	m := templates.Month{
		Period: one.period.String(), Name: monthTitle(l, one.period), State: templates.MonthOpen,
		Price: l.Money(one.opening.Fee), Until: day(l, lastDay(one.period).Format(time.DateOnly)),
	}
	if f.period == m.Period {
		m.Recipient, m.Make = f.recipient, f.make
	}
	if missing := one.opening.Fee - int64(state.Balance); missing > 0 {
		m.State, m.Missing = templates.MonthShort, l.Money(missing)
	}
	for _, bought := range state.Months {
		if bought.Period == one.period && !bought.Blind {
			m.State = templates.MonthTaken
		}
	}
	return m
}

func lastDay(p royalty.Period) time.Time { return p.End().AddDate(0, 0, -1) }

// answerAccount shows the account's page again with what was wrong in a form.
func (s *Site) answerAccount(w http.ResponseWriter, q *request, form string, f accountForm, err error) error {
	sentences, ok := q.refusals(err)
	if !ok {
		return err
	}
	v, err := s.accountView(q, templates.Outcome{Form: form, Errors: sentences}, f)
	if err != nil {
		return err
	}
	return s.show(w, q, http.StatusUnprocessableEntity, v)
}

// postKept hides the code: its owner has it.
func (s *Site) postKept(w http.ResponseWriter, q *request) error {
	q.account.newCode.Store(nil)
	return s.said(w, q, "account", templates.Outcome{Done: q.lang.T("done.kept")})
}

// postCodeFile sends the code back as a file to keep. Nothing is stored on the way.
func (s *Site) postCodeFile(w http.ResponseWriter, q *request) error {
	code, err := royalty.ParseCode(q.field("code"))
	if err != nil {
		return badRequest
	}
	return sendSecret(w, q, "peerfy-account.txt", q.lang.T("account.file", q.state.charter.Name, s.origin, code.String())+"\n")
}

// sendSecret sends a small text for its owner to save.
func sendSecret(w http.ResponseWriter, q *request, name, text string) error {
	return sendOwn(w, q, textType, name, text)
}

// sendOwn sends a file that is made for this session alone.
func sendOwn(w http.ResponseWriter, q *request, contentType, name, text string) error {
	a := newAnswer(http.StatusOK, contentType, []byte(text))
	a.cacheControl = noStore
	w.Header().Set("Content-Disposition", attachment(name))
	a.send(w, q.Request)
	return nil
}

// postRedeem credits a voucher.
func (s *Site) postRedeem(w http.ResponseWriter, q *request) error {
	f := accountForm{voucher: q.field("voucher")}
	code, err := royalty.ParseCode(f.voucher)
	if err != nil {
		return s.answerAccount(w, q, "redeem", f, errors.Join(refuse("mistyped"), err))
	}
	before, err := s.cfg.Members.Account(q.account.id)
	if err != nil {
		return err
	}
	value, err := s.redeem(q.account, code)
	if err != nil {
		return s.answerAccount(w, q, "redeem", f, err)
	}
	after, err := s.cfg.Members.Account(q.account.id)
	if err != nil {
		return err
	}
	done := "done.redeemed"
	if len(after.Events) == len(before.Events) { // the same voucher a second time: it is there already
		done = "done.redeemed.before"
	}
	return s.said(w, q, "account", templates.Outcome{Form: "redeem", Done: q.lang.T(done, q.lang.Money(int64(value)))})
}

// postDelete forgets an account. With credit left it wants the word that the form asks for.
func (s *Site) postDelete(w http.ResponseWriter, q *request) error {
	if !strings.EqualFold(q.field("confirm"), q.lang.T("erase.word")) {
		return s.answerAccount(w, q, "delete", accountForm{}, refuse("confirm", q.lang.T("erase.word")))
	}
	if err := s.cfg.Members.DeleteAccount(q.account.id, true); err != nil {
		return err
	}
	s.sessions.endAll(q.account.id)
	s.sessions.stop(w, q.Request)
	q.bind(nil)
	return s.show(w, q, http.StatusOK, templates.Done{
		Page: s.memberPage(q, q.lang.T("done.deleted")), Heading: q.lang.T("done.deleted"), Message: q.lang.T("done.deleted.what"),
	})
}
