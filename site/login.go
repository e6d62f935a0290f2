package site

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/templates"
)

// There is no lock-out: a code has 100 random bits, so guessing is hopeless at any rate, and whoever could lock
// an account could keep its owner out. Circuits that ask too much are slowed down like everywhere.

// proof is what a visitor showed of being a member: an account code, or a pass.
type proof struct {
	account *account
	pass    *pass.Pass
}

// owner names who it was, as far as the site knows.
func (p proof) owner(st *seat) [32]byte {
	if p.account != nil {
		return p.account.id
	}
	return st.id
}

// refusal is a form that was not accepted: the key of the sentence that says why.
type refusal struct {
	key  string
	args []any
}

func (r *refusal) Error() string { return "refused: " + r.key }

func refuse(key string, args ...any) error { return &refusal{"refused." + key, args} }

// refusals are the sentences of an error, in the visitor's language, or false when it is not a refusal but a
// fault of ours.
func (q *request) refusals(err error) ([]string, bool) {
	var r *refusal
	if !errors.As(err, &r) {
		return nil, false
	}
	args := slices.Clone(r.args)
	for i, a := range args {
		if cents, ok := a.(int64); ok { // the only large numbers in a refusal are sums of money
			args[i] = q.lang.Money(cents)
		}
	}
	return []string{q.lang.T(r.key, args...)}, true
}

// serveLogin shows the log-in form and takes it.
func (s *Site) serveLogin(w http.ResponseWriter, q *request) error {
	v := templates.Login{Page: s.memberPage(q, q.lang.T("login.title")), Values: templates.LoginForm{Next: q.form.Get("next")}}
	v.Nav = "login"
	if q.Method != http.MethodPost {
		v.Outcome = q.outcome()
		return s.show(w, q, http.StatusOK, v)
	}
	if err := s.readForm(w, q, maxForm, []string{"account", "pass", "recipient", "next"}); err != nil {
		return err
	}
	err := s.logIn(w, q)
	if err == nil {
		return s.seeOther(w, q, q.next())
	}
	sentences, ok := q.refusals(err)
	if !ok {
		return err
	}
	// One answer for every code that opens nothing, byte for byte; only a slip of the pen is told apart, and
	// needs no look-up.
	v.Values.Next, v.Errors = "", sentences
	if errors.Is(err, royalty.ErrMistyped) {
		v.Values.Account = q.field("account")
	}
	return s.show(w, q, http.StatusForbidden, v)
}

// next is where to go after logging in: a pass alone opens no account.
func (q *request) next() string {
	q.post.Set("back", q.post.Get("next"))
	if to := q.back("my/month"); q.account == nil && !strings.HasPrefix(to, "account") { // a pass opens no account
		return to
	} else if q.account == nil {
		return "my/month"
	}
	return q.back("account")
}

// logIn opens a session for what the form shows. Errors are refusals, or faults of ours.
func (s *Site) logIn(w http.ResponseWriter, q *request) error {
	p, err := s.prove(q)
	if err != nil {
		return err
	}
	var st *seat
	if p.pass != nil {
		if st, err = s.sit(p.pass); err != nil {
			return err
		}
	} else if st, err = s.ownSeat(p.account); err != nil {
		return err
	}
	stay, err := s.sessions.start(w, q.Request, p.owner(st))
	if err != nil {
		s.seats.leave(st)
		return err
	}
	if !stay.owns(p.account, st) {
		s.seats.leave(st)
		return crowded
	}
	q.period = s.period()
	q.bind(stay)
	if st != nil {
		if recipient := q.recipient(); recipient != "" {
			if err := s.giveRecipient(st, recipient); err != nil {
				sentences, _ := q.refusals(err)
				stay.tell(templates.Outcome{Errors: sentences}) // logged in all the same: the pass page asks again
			}
		}
	}
	return nil
}

// recipient is what the form says of where the receipt goes: its own field, or a line of the pass file.
func (q *request) recipient() string {
	if typed := q.field("recipient"); typed != "" {
		return typed
	}
	inFile, err := pass.FileRecipient(q.post.Get("pass"))
	if err != nil {
		return "" // an account code was given, no pass
	}
	return inFile
}

// prove reads an account code or a pass. Whether a code is mistyped is seen without asking the database.
func (s *Site) prove(q *request) (proof, error) {
	if typed := q.field("account"); typed != "" {
		code, err := royalty.ParseCode(typed)
		if err != nil {
			return proof{}, errors.Join(refuse("mistyped"), err)
		}
		a := s.accountOf(code)
		switch _, err := s.cfg.Members.Account(a.id); {
		case errors.Is(err, store.ErrUnknown):
			return proof{}, refuse("login")
		case err != nil:
			return proof{}, err
		}
		return proof{account: a}, nil
	}
	p, err := pass.ParseFile(q.post.Get("pass"))
	if err != nil {
		return proof{}, refuse("login")
	}
	return proof{pass: &p}, nil
}

// logInAgain answers a form whose session has ended: with account or pass beside its fields it goes on as if
// nothing had happened, otherwise it comes back, filled, with the question who one is.
func (s *Site) logInAgain(w http.ResponseWriter, q *request, n need, fields []string) (ok bool, err error) {
	v := templates.Again{Page: s.memberPage(q, q.lang.T("again.title")), Action: q.path}
	if q.post.Get("account") != "" || q.post.Get("pass") != "" {
		err := s.logIn(w, q)
		if err == nil && s.met(q, n) {
			return true, nil
		}
		if err == nil {
			err = refuse("nopass")
		}
		sentences, isRefusal := q.refusals(err)
		if !isRefusal {
			return false, err
		}
		v.Errors = sentences
		if errors.Is(err, royalty.ErrMistyped) {
			v.Values.Account = q.field("account")
		}
	}
	for _, f := range append(slices.Clone(fields), q.countFields()...) {
		if q.PostForm.Has(f) {
			v.Fields = append(v.Fields, templates.Field{Name: f, Value: q.PostForm.Get(f)})
		}
	}
	return false, s.show(w, q, http.StatusForbidden, v)
}

// postLogout ends the session and says what else to think of.
func (s *Site) postLogout(w http.ResponseWriter, q *request) error {
	if err := s.readForm(w, q, maxForm, nil); err != nil {
		return err
	}
	s.sessions.stop(w, q.Request)
	q.bind(nil)
	return s.show(w, q, http.StatusOK, templates.Goodbye{Page: s.memberPage(q, q.lang.T("goodbye.title"))})
}
