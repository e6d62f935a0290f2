package site

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/payment"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/templates"
)

// serveJoin explains membership and makes an account, with a voucher or without.
func (s *Site) serveJoin(w http.ResponseWriter, q *request) error {
	v := templates.Join{Page: s.memberPage(q, q.lang.T("join.title")), Fee: q.lang.Money(q.state.charter.Fee.Cents)}
	v.Nav = "join"
	code, err := royalty.NewCode()
	if err != nil {
		return err
	}
	v.Code = code.String()
	if s.cfg.Sold != nil {
		v.Sold = s.cfg.Sold()
	}
	if q.Method != http.MethodPost {
		v.Outcome = q.outcome()
		return s.show(w, q, http.StatusOK, v)
	}
	if err := s.readForm(w, q, maxForm, []string{"voucher", "code"}); err != nil {
		return err
	}
	err = s.join(w, q)
	if err == nil {
		return s.seeOther(w, q, "account")
	}
	sentences, ok := q.refusals(err)
	if !ok {
		return err
	}
	v.Errors, v.Voucher = sentences, q.field("voucher")
	return s.show(w, q, http.StatusUnprocessableEntity, v)
}

// join makes an account, with the voucher's credit in it if there is one. A voucher that is refused makes none. There
// is a session before the voucher is redeemed: else a full house would swallow the money.
func (s *Site) join(w http.ResponseWriter, q *request) error {
	voucher, err := s.mayJoin(q)
	if err != nil {
		return err
	}
	a, err := s.newAccount(q, voucher)
	if err != nil {
		return err
	}
	stay, token, err := s.sessions.begin(a.id)
	if err != nil {
		return err
	}
	if !stay.owns(a, nil) {
		return crowded
	}
	done, err := s.open(q, a, voucher)
	if err != nil {
		s.sessions.end(stay)
		return err
	}
	s.sessions.hand(w, q.Request, token)
	q.bind(stay)
	stay.tell(done)
	return nil
}

// mayJoin reads the voucher; without one, only so many accounts are made.
func (s *Site) mayJoin(q *request) (voucher royalty.Code, err error) {
	typed := q.field("voucher")
	if typed == "" && !s.newcomers.take(s.now()) {
		return voucher, crowded
	}
	if typed == "" {
		return voucher, nil
	}
	if voucher, err = royalty.ParseCode(typed); err != nil {
		return voucher, errors.Join(refuse("mistyped"), err)
	}
	return voucher, nil
}

// newAccount is the account of the code that was drawn for the form: whoever sends the form again, because the answer
// was lost or the machine stopped, makes the same account and not a second one, although its voucher is used by then.
// Nothing need be kept for that, and whoever sold the voucher cannot do it.
func (s *Site) newAccount(q *request, voucher royalty.Code) (*account, error) {
	code, err := royalty.ParseCode(q.field("code"))
	if err != nil { // not our form: then it is for this once
		if code, err = royalty.NewCode(); err != nil {
			return nil, err
		}
	}
	a := s.accountOf(code)
	a.newCode.Store(&code)
	a.paid.Store(voucher != (royalty.Code{}))
	return a, nil
}

// open makes a new account with what its voucher is worth, and undoes it when that is nothing.
func (s *Site) open(q *request, a *account, voucher royalty.Code) (done templates.Outcome, err error) {
	_, err = s.cfg.Members.Account(a.id)
	isNew := errors.Is(err, store.ErrUnknown) // else the form was sent before
	if isNew && a.paid.Load() {               // nothing is written for a code that is none
		if err := whyNoVoucher(s.cfg.Members.Voucher(payment.Hash(voucher), s.now())); err != nil {
			return done, err
		}
	}
	if err := s.cfg.Members.CreateAccount(a.id); err != nil || !a.paid.Load() {
		return done, err
	}
	value, err := s.redeem(a, voucher)
	if _, refused := q.refusals(err); refused && isNew {
		return done, errors.Join(err, s.cfg.Members.DeleteAccount(a.id, false))
	}
	if err != nil {
		return done, err
	}
	done.Done = q.lang.T("done.redeemed", q.lang.Money(int64(value)))
	return done, nil
}

// redeem credits a voucher to an account, which is made when it is new. Sending the same form twice is one
// credit.
func (s *Site) redeem(a *account, voucher royalty.Code) (royalty.Cents, error) {
	hash := payment.Hash(voucher)
	value, err := s.cfg.Members.Redeem(a.id, hash, a.event("voucher", hash[:]), s.now())
	if err == nil {
		a.paid.Store(true)
	}
	return value, whyNoVoucher(err)
}

// whyNoVoucher turns what the members' database says of a voucher into words.
func whyNoVoucher(err error) error {
	switch {
	case errors.Is(err, store.ErrVoucherUnknown):
		return refuse("voucher.unknown")
	case errors.Is(err, store.ErrVoucherUsed):
		return refuse("voucher.used")
	case errors.Is(err, store.ErrVoucherExpired):
		return refuse("voucher.expired")
	case errors.Is(err, store.ErrVoucherVoid):
		return refuse("voucher.void")
	}
	return err
}

// bucket lets a bounded number of things happen: full at first, refilled steadily.
type bucket struct {
	every time.Duration // for one more
	burst int

	mu   sync.Mutex
	left int
	at   time.Time
}

// take takes one, if there is one.
func (b *bucket) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at.IsZero() {
		b.left, b.at = b.burst, now
	}
	if more := int(now.Sub(b.at) / b.every); more > 0 {
		b.left = min(b.burst, b.left+more)
		b.at = b.at.Add(time.Duration(more) * b.every)
	}
	if b.left == 0 {
		return false
	}
	b.left--
	return true
}

// buckets are one bucket for each name, of the names that were used lately.
type buckets struct {
	every time.Duration
	burst int

	mu  sync.Mutex
	all map[string]*bucket
}

// maxBuckets bounds the memory: beyond it all begin anew, full.
const maxBuckets = 10_000

// take takes one from a name's bucket; when it is empty, how long until there is one.
func (bs *buckets) take(name string, now time.Time) (wait time.Duration, ok bool) {
	bs.mu.Lock()
	b := bs.all[name]
	if b == nil {
		if bs.all == nil || len(bs.all) >= maxBuckets {
			bs.all = map[string]*bucket{}
		}
		b = &bucket{every: bs.every, burst: bs.burst}
		bs.all[name] = b
	}
	bs.mu.Unlock()
	return bs.every, b.take(now)
}
