package site

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

// parcel is what an account bought, as it lies sealed in the members' database: with the account code it can
// be shown again, without it nobody can read it.
type parcel struct {
	Pass   string `json:"pass,omitempty"`   // the pass file, in simple mode
	Answer string `json:"answer,omitempty"` // to a blind request
	Stub   string `json:"stub"`
}

// sealer closes and opens small secrets: AES-256-GCM with random nonces.
func sealer(key [32]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil { // only for keys of another length
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil { // only for ciphers other than AES
		panic(err)
	}
	return aead
}

func (a *account) wrap(p royalty.Period, v parcel) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return sealer(a.seal).Seal(nil, nil, text, []byte(p)), nil
}

func (a *account) unwrap(p royalty.Period, sealed []byte) (v parcel, err error) {
	text, err := sealer(a.seal).Open(nil, nil, sealed, []byte(p))
	if err != nil {
		return v, fmt.Errorf("opening what an account bought: %w", err)
	}
	return v, json.Unmarshal(text, &v)
}

// sale is a month that can be bought now.
type sale struct {
	period  royalty.Period
	opening catalog.OpeningRecord
}

// sales are the opened months that are not over, in order. A month whose keys are not on this host is not
// sold here.
func (s *Site) sales() ([]sale, error) {
	if s.clockIsBack() {
		return nil, nil
	}
	now := s.period()
	var open []sale
	for p, i := now, 0; i < 4; p, i = p.Next(), i+1 {
		o, err := s.cfg.DB.Opening(p.String())
		if errors.Is(err, store.ErrUnknown) || err == nil && o.Ended != 0 {
			continue
		}
		if err != nil {
			return nil, err
		}
		if s.canSell(p, o) {
			open = append(open, sale{p, o})
		}
	}
	return open, nil
}

// canSell reports whether the keys of an opened month lie here: a pass signed with others would open nothing.
func (s *Site) canSell(p royalty.Period, o catalog.OpeningRecord) bool {
	k, err := s.keys(p)
	if err == nil {
		var n string
		if n, _, err = pass.FormatKey(&k.Pass.PublicKey); err == nil && n == o.PassKey.N {
			return true
		}
	}
	if !errors.Is(err, till.ErrNone) {
		s.log.Error("a month cannot be sold: the keys here are not those of its opening", "period", p, "error", err)
	}
	return false
}

// onSale is the sale of one period; months that are not opened are refused.
func (s *Site) onSale(text string) (sale, error) {
	p, err := royalty.ParsePeriod(text)
	if err != nil {
		return sale{}, refuse("period")
	}
	all, err := s.sales()
	for _, one := range all {
		if one.period == p {
			return one, nil
		}
	}
	if err != nil {
		return sale{}, err
	}
	return sale{}, refuse("period")
}

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

// postTake buys a month in simple mode. With "make one for me" the identity is shown first and the month is
// taken when the member has it: nothing is paid for a key that a broken line swallowed.
func (s *Site) postTake(w http.ResponseWriter, q *request) error {
	f := accountForm{period: q.field("period"), recipient: q.field("recipient"), make: q.field("make") == "yes"}
	one, err := s.onSale(f.period)
	if err != nil {
		return s.answerAccount(w, q, "pass", f, err)
	}
	if f.make && strings.TrimSpace(f.recipient) == "" {
		return s.offerIdentity(w, q, one)
	}
	if strings.TrimSpace(f.recipient) == "" {
		return s.answerAccount(w, q, "pass", f, refuse("recipient.missing"))
	}
	recipient, err := canonicalRecipient(f.recipient)
	if err != nil {
		return s.answerAccount(w, q, "pass", f, err)
	}
	if err := s.takeMonth(q, one, recipient); err != nil {
		return s.answerAccount(w, q, "pass", f, err)
	}
	return s.said(w, q, "pass?period="+one.period.String(), templates.Outcome{Done: q.lang.T("done.pass", monthName(q.lang, one.period))})
}

// offerIdentity makes an age identity and shows it with the form that takes the month for it.
func (s *Site) offerIdentity(w http.ResponseWriter, q *request, one sale) error {
	identity, recipient, err := seal.NewIdentity()
	if err != nil {
		return err
	}
	v := templates.Identity{
		Page: s.memberPage(q, q.lang.T("identity.title")), Period: one.period.String(), Month: monthName(q.lang, one.period),
		Identity: identity + "\n# public key: " + recipient + "\n", Recipient: recipient, Price: q.lang.Money(one.opening.Fee),
	}
	return s.show(w, q, http.StatusOK, v)
}

// postIdentityFile sends the identity that was just made back as a file. Nothing is stored on the way.
func (s *Site) postIdentityFile(w http.ResponseWriter, q *request) error {
	return sendSecret(w, q, "peerfy-identity.txt", q.field("identity")+"\n")
}

// takeMonth pays a month, signs the pass, and seats the member if the month is running. Doing it again with the
// same recipient gives the same pass and costs nothing.
func (s *Site) takeMonth(q *request, one sale, recipient string) error {
	a := q.account
	keys, err := s.keys(one.period)
	if err != nil {
		return err
	}
	bought, err := s.signPass(keys, one, recipient)
	if err != nil {
		return err
	}
	if _, err := s.buy(a, one, bought.parcel, bought.stub, a.event("pass", []byte(one.period.String()+"\x00"+recipient)), false); err != nil {
		return err
	}
	st, err := s.ownSeat(a)
	if err != nil {
		return err
	}
	if st == nil {
		return nil
	}
	if err := s.giveRecipient(st, recipient); err != nil {
		s.log.Error("a recipient could not be stored yet", "error", err)
	}
	s.reseat(q.session, st)
	return nil
}

// reseat gives a session another seat.
func (s *Site) reseat(stay *session, st *seat) {
	stay.mu.Lock()
	old := st // of a session that has ended meanwhile nobody would take it back
	if !stay.ended {
		old, stay.seat = stay.seat, st
	}
	stay.mu.Unlock()
	s.seats.leave(old)
}

// signed is a pass just made, with the stub of its sale.
type signed struct {
	parcel parcel
	stub   till.Stub
}

func (s *Site) signPass(keys *till.Keys, one sale, recipient string) (signed, error) {
	owner, err := royalty.NewCode()
	if err != nil {
		return signed{}, err
	}
	origin := s.cfg.DB.Charter().Origin
	p := pass.Pass{Period: one.period, RecipientHash: pass.RecipientHash(recipient), OwnerHash: pass.OwnerHash(owner), Owner: owner}
	sig, err := pass.Sign(keys.Pass, p.ID(origin))
	if err != nil {
		return signed{}, err
	}
	p.Signature = [256]byte(sig)
	stub, err := till.NewStub(keys, origin, royalty.Cents(one.opening.Fee))
	if err != nil {
		return signed{}, err
	}
	return signed{parcel{Pass: pass.FormatFile(p, recipient), Stub: stub.String()}, stub}, nil
}

// buy takes the fee off and keeps what was bought, in one step that is done once however often it is asked.
func (s *Site) buy(a *account, one sale, got parcel, stub till.Stub, request [32]byte, blind bool) (store.Month, error) {
	sealed, err := a.wrap(one.period, got)
	if err != nil {
		return store.Month{}, err
	}
	m, _, err := s.cfg.Members.Buy(a.id, store.Sale{
		Period: one.period, Fee: royalty.Cents(one.opening.Fee), Request: request, Blind: blind, Sale: stub.Sale(), Sealed: sealed,
	})
	switch {
	case errors.Is(err, store.ErrBalance):
		return m, s.tooLittle(a, one)
	case errors.Is(err, store.ErrHaveMonth):
		return m, refuse("taken")
	}
	return m, err
}

// tooLittle says how much credit is missing.
func (s *Site) tooLittle(a *account, one sale) error {
	state, err := s.cfg.Members.Account(a.id)
	if err != nil {
		return err
	}
	return refuse("credit", one.opening.Fee-int64(state.Balance))
}

// ownSeat is the seat of the pass that an account took for the running month, or else for the one before as long as
// that can be corrected; nil when it has none.
func (s *Site) ownSeat(a *account) (*seat, error) {
	now := s.period()
	p, got, err := s.ownPass(a, now)
	if err == nil && p == nil && s.correctable(now.Prev()) {
		p, got, err = s.ownPass(a, now.Prev())
	}
	if err != nil || p == nil {
		return nil, err
	}
	st, err := s.sit(p)
	var r *refusal
	if errors.As(err, &r) { // its key was stolen, and ended early: the account is there all the same
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s.knowRecipient(st, got.Pass)
	return st, nil
}

// ownPass is the pass that an account took for a month in simple mode, with its stub; nil when it took none.
func (s *Site) ownPass(a *account, p royalty.Period) (*pass.Pass, parcel, error) {
	state, err := s.cfg.Members.Account(a.id)
	if err != nil {
		return nil, parcel{}, err
	}
	for _, m := range state.Months {
		if m.Period != p || m.Blind {
			continue
		}
		got, err := a.unwrap(p, m.Sealed)
		if err != nil {
			return nil, parcel{}, err
		}
		own, err := pass.ParseFile(got.Pass)
		if err != nil {
			return nil, parcel{}, fmt.Errorf("reading a pass of an account: %w", err)
		}
		return &own, got, nil
	}
	return nil, parcel{}, nil
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
