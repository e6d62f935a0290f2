package site

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates"
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
