package catalog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"p2p.legal/peerfy/store/ledger"
)

// Opening is the body of an opening entry: what a month is sold with. It is in
// the log before the first pass of its period is sold, so that every member can
// see that all are given passes by the same key, and a period has one only.
type Opening struct {
	Period      string  `json:"period"`       // a UTC calendar month like 2026-12
	PassKey     PassKey `json:"pass_key"`     // by which its passes are verified
	Till        string  `json:"till"`         // verifier key NAME/till/PERIOD, which signs the stubs of its sales
	Closing     string  `json:"closing"`      // age recipient to which its tallies are sealed
	Fee         int64   `json:"fee"`          // cents: that of the charter in force
	SalesUntil  string  `json:"sales_until"`  // YYYY-MM-DD: the last day of the period
	StatementBy string  `json:"statement_by"` // YYYY-MM-DD: the 8th of the next month
}

// PassKey is an RSA public key as in a JSON Web Key (RFC 7518, section 6.3.1):
// modulus and exponent as unsigned big-endian numbers in base64url without
// padding.
type PassKey struct {
	N string `json:"n"` // 2,048 bits, odd: 342 characters
	E string `json:"e"` // PassExponent
}

// PassExponent is 65537, the only exponent of a pass key.
const PassExponent = "AQAB"

// passBytes is the length of the modulus.
const passBytes = 2048 / 8

// OpeningRecord is an opening and what became of it.
type OpeningRecord struct {
	Opening
	Index int64 // of its entry
	Ended int64 // index of the charter that ended its pass key early; 0 while none has
}

// ParseOpening reads and checks the body of an opening entry.
func ParseOpening(body []byte) (*Opening, error) {
	o := new(Opening)
	if err := ledger.UnmarshalCanonical(body, o); err != nil {
		return nil, err
	}
	return o, o.Check()
}

// Check says everything that is wrong with the entry's body.
func (o *Opening) Check() error {
	salesUntil, statementBy, err := Calendar(o.Period)
	if err != nil {
		return err // no date can be right
	}
	var p problems
	if err := o.PassKey.check(); err != nil {
		p.addf("the pass key %w", err)
	}
	p.key("the till key", o.Till)
	p.check(isNative(o.Closing), "the closing recipient is not one of age's own two kinds")
	p.check(o.Fee > 0, "the fee is not positive")
	p.check(o.SalesUntil == salesUntil, "sales of %s end on %s, not on %q", o.Period, salesUntil, clip(o.SalesUntil))
	p.check(o.StatementBy == statementBy, "the statement of %s is due on %s, not on %q", o.Period, statementBy, clip(o.StatementBy))
	return p.err()
}

// Calendar is the last day on which passes of a period are sold, which is its
// own last, and the day by which its statement is due, the 8th of the month
// after it, as YYYY-MM-DD.
func Calendar(period string) (salesUntil, statementBy string, err error) {
	start, err := time.Parse("2006-01", period)
	if err != nil || !IsPeriod(period) {
		return "", "", fmt.Errorf("%q is not a month like 2026-12", clip(period))
	}
	next := start.AddDate(0, 1, 0)
	return next.AddDate(0, 0, -1).Format(time.DateOnly), next.AddDate(0, 0, 7).Format(time.DateOnly), nil
}

// check looks at the form only: no reader can tell whether the modulus has two
// large prime factors. Whoever made it loses most when it has not.
func (k PassKey) check() error {
	n, err := base64.RawURLEncoding.Strict().DecodeString(k.N)
	switch {
	case err != nil: // canonical JSON keeps out the line ends that the decoder skips
		return errors.New("has a modulus that is not base64url")
	case len(n) != passBytes || n[0] < 0x80:
		return errors.New("has not 2,048 bits")
	case n[passBytes-1]&1 == 0:
		return errors.New("has an even modulus")
	case k.E != PassExponent:
		return fmt.Errorf("has the exponent %q, not %q", clip(k.E), PassExponent)
	}
	return nil
}

// isNative checks the form of an age recipient of type X25519 or of the
// post-quantum hybrid: what a plugin, ssh or a tag makes has another length or
// prefix. Like isRecipient it leaves the arithmetic to royalty/seal.
func isNative(s string) bool {
	data, hybrid := strings.CutPrefix(s, "age1pq1")
	if !hybrid {
		data = strings.TrimPrefix(s, "age1")
	}
	ofBech32 := strings.Trim(data, "qpzry9x8gf2tvdw0s3jn54khce6mua7l") == ""
	return isRecipient(s) && ofBech32 && (hybrid && len(s) == 1959 || !hybrid && len(s) == 62)
}

// MonthKeys are the secret-backed keys of the period, which no other period may
// use: the modulus of the pass key, and of the till key the part that does not
// name the period.
func (o *Opening) MonthKeys() []string {
	_, rest, _ := strings.Cut(o.Till, "+")
	_, till, _ := strings.Cut(rest, "+")
	return []string{o.PassKey.N, till}
}

func judgeOpening(v View, index int64, e *ledger.Entry) (Change, error) {
	o, err := ParseOpening(e.Body)
	if err != nil {
		return Change{}, err
	}
	c := v.Charter()
	if !c.treasurer(e) {
		return Change{}, errors.New("an opening needs the signature of a treasurer")
	}
	if before, ok := v.Opening(o.Period); ok {
		return Change{}, fmt.Errorf("the period %s is already opened by entry %d", o.Period, before.Index)
	}
	if o.Fee != c.Fee.Cents {
		return Change{}, fmt.Errorf("its fee is %d cents, that of the charter in force %d", o.Fee, c.Fee.Cents)
	}
	if err := o.checkKeys(v, c); err != nil {
		return Change{}, err
	}
	return Change{Opening: &OpeningRecord{Opening: *o, Index: index}}, nil
}

// checkKeys keeps the keys of a month to that month: they lie on the web host,
// and go when it is published.
func (o *Opening) checkKeys(v View, c *Charter) error {
	name, _, _ := strings.Cut(o.Till, "+")
	if want := c.KeyPrefix() + "/till/" + o.Period; name != want {
		return fmt.Errorf("its till key is called %q, not %q", clip(name), want)
	}
	if err := ledger.DistinctKeys(append(c.Keys.notes(), c.Keys.Fresh, o.Till)...); err != nil {
		return fmt.Errorf("its till key has a role already: %w", err)
	}
	for _, key := range o.MonthKeys() {
		if period, ok := v.MonthKey(key); ok {
			return fmt.Errorf("its pass key or till key is that of %s", period)
		}
	}
	return nil
}
