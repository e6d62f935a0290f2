package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/store/ledger"
)

// Charter is the co-operative's rule book: the body of a charter entry, signed
// by the quorum of its own root keys (entry 0) or by that of the charter
// before it. Money is in cents of the euro, shares in basis points (1/10,000).
type Charter struct {
	Name       string      `json:"name"`   // of the co-operative, as shown on every page
	Origin     string      `json:"origin"` // of the log: first line of every checkpoint; never changes
	Since      string      `json:"since"`  // YYYY-MM-DD
	Onion      string      `json:"onion"`  // address of the origin, with ".onion"
	Keys       Keys        `json:"keys"`
	Fee        Fee         `json:"fee"`
	Shares     Shares      `json:"shares"`
	Coin       int64       `json:"coin"`       // cents that one coin stands for: 1 or 5
	Plays      PlayRule    `json:"plays"`      // what counts as a play
	Unclaimed  string      `json:"unclaimed"`  // fund that receives sales without a distinct pass
	Unplayed   string      `json:"unplayed"`   // fund that receives passes that played nothing
	Expired    string      `json:"expired"`    // fund that receives vouchers past their batch's date
	MinPayout  int64       `json:"min_payout"` // cents below which a payee's balance is carried over
	Licence    Licence     `json:"licence"`
	Notices    string      `json:"notices"`             // age recipient to which every site and mirror seals notices
	Witnesses  []string    `json:"witnesses,omitempty"` // vkeys of cosigners proposed to newcomers
	Quorum     int         `json:"quorum"`              // of those witnesses; 0 = nobody else has seen it
	Succession *Succession `json:"succession,omitempty"`
}

// Keys are the verifier keys of every role, in the note format.
type Keys struct {
	Root      RootKeys `json:"root"`
	Editor    []string `json:"editor"`
	Treasurer []string `json:"treasurer"`
	Log       string   `json:"log"`
	Fresh     string   `json:"fresh"`             // cosigns the checkpoint once a day, with the time
	Release   []string `json:"release,omitempty"` // two that sign a software entry
}

// RootKeys is a quorum: Threshold of the Keys must sign.
type RootKeys struct {
	Threshold int      `json:"threshold"`
	Keys      []string `json:"keys"`
}

// Fee is what one month costs a member. Tax is taken off before the split.
type Fee struct {
	Cents int64 `json:"cents"`
	TaxBP int64 `json:"tax_bp"` // included in Cents, as a rate on the net amount
}

// Net is the fee without its tax, in whole cents, rounded to the nearest.
func (f Fee) Net() int64 { return (f.Cents*10_000*2 + 10_000 + f.TaxBP) / (2 * (10_000 + f.TaxBP)) }

// Shares cut the net fee into the three families; they sum to 10,000.
type Shares struct {
	Artists       int64  `json:"artists"`
	Contributions []Fund `json:"contributions,omitempty"`
	Costs         int64  `json:"costs"`
}

// Fund is one of the other responsible contributions.
type Fund struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	BP   int64  `json:"bp"`
}

// PlayRule says what counts. Seconds are of media unless said otherwise.
type PlayRule struct {
	Seconds   int64 `json:"seconds"`  // delivered to one pass; half the track when it is shorter than twice this
	Clock     int64 `json:"clock"`    // seconds of clock since the track's first byte
	Fast      int64 `json:"fast"`     // first seconds of a stream that are not paced
	PacePct   int64 `json:"pace_pct"` // of real time thereafter
	Parallel  int64 `json:"parallel"` // streams of one pass at once
	PlayUnits int64 `json:"play"`     // weight of one play
	Download  int64 `json:"download"` // weight of one download, once a month and work
}

// Licence is the text under which members may copy and share: its paragraphs in
// French and in English, the first being its name.
type Licence struct {
	ID string   `json:"id"`
	FR []string `json:"fr"`
	EN []string `json:"en"`
}

// Text is LICENCE.txt as it travels with every copy.
func (l Licence) Text() string {
	paragraphs := append(append([]string{l.ID}, l.FR...), l.EN...)
	return strings.Join(paragraphs, "\n\n") + "\n"
}

// Succession hands the log to a new host key: what the old key signed up to
// Size and Root is the history, what it signs beyond is a fork.
type Succession struct {
	OldKey    string   `json:"old_key"`
	Size      int64    `json:"size"`
	Root      Hash     `json:"root"`
	EndsEarly []string `json:"ends_early,omitempty"` // periods opened before it whose pass key ends now; sorted
}

// ParseCharter reads the canonical body of a charter entry and checks it.
func ParseCharter(body []byte) (*Charter, error) {
	c := new(Charter)
	if err := ledger.UnmarshalCanonical(body, c); err != nil {
		return nil, err
	}
	return c, c.Check()
}

// Check says everything that is wrong with the charter.
func (c *Charter) Check() error {
	var p problems
	p.text("the co-operative's name", c.Name, MaxName)
	p.text("the origin", c.Origin, MaxName)
	p.check(datePattern.MatchString(c.Since), "since %q is not a date like 2026-03-01", clip(c.Since))
	p.text("the onion", c.Onion, MaxName)
	c.Keys.check(&p)
	p.check(c.Fee.Cents > 0 && c.Fee.Cents <= 100_000, "the fee is not between 1 and 100,000 cents")
	p.check(c.Fee.TaxBP >= 0 && c.Fee.TaxBP <= 5_000, "the tax is not between 0 and 5,000 basis points")
	funds := c.Shares.check(&p)
	p.check(c.Coin == 1 || c.Coin == 5, "the coin is %d cents: it must be 1 or 5", c.Coin)
	c.Plays.check(&p)
	for _, f := range []string{c.Unclaimed, c.Unplayed, c.Expired} {
		p.check(funds[f], "%q is not one of the charter's contributions", clip(f))
	}
	p.check(c.MinPayout >= 0 && c.MinPayout <= 100_000, "the least payout is not between 0 and 100,000 cents")
	p.check(IsSlug(c.Licence.ID), "the licence id %q is not a slug", clip(c.Licence.ID))
	p.check(len(c.Licence.FR) > 0 && len(c.Licence.EN) > 0 && len(c.Licence.Text()) <= MaxText, "the licence needs a French and an English text, at most %d bytes together", MaxText)
	for _, paragraph := range append(slices.Clone(c.Licence.FR), c.Licence.EN...) {
		p.text("a paragraph of the licence", paragraph, 4<<10)
	}
	p.check(isRecipient(c.Notices), "the recipient of notices is not an age1… key")
	p.check(c.Quorum >= 0 && c.Quorum <= len(c.Witnesses), "a quorum of %d cannot be had from %d witnesses", c.Quorum, len(c.Witnesses))
	if s := c.Succession; s != nil {
		p.key("the old log key", s.OldKey)
		p.check(s.Size > 0, "the succession names no size")
		for _, period := range s.EndsEarly {
			p.check(IsPeriod(period), "%q, which is to end early, is not a month like 2026-12", clip(period))
		}
		sorted := slices.IsSorted(s.EndsEarly) && len(slices.Compact(slices.Clone(s.EndsEarly))) == len(s.EndsEarly)
		p.check(sorted, "the periods that end early are not sorted and distinct")
	}
	return p.err()
}

func (k *Keys) check(p *problems) {
	n := len(k.Root.Keys)
	p.check(n >= 1 && n <= 15, "there are %d root keys: 1 to 15 are allowed", n)
	p.check(k.Root.Threshold >= 1 && k.Root.Threshold <= n, "a threshold of %d cannot be had from %d root keys", k.Root.Threshold, n)
	p.check(len(k.Editor) >= 1 && len(k.Treasurer) >= 1, "the charter names no editor or no treasurer")
	all := k.notes()
	for _, key := range all {
		p.key("a role's key", key)
	}
	// One key under two names must not count twice, nor hold two roles.
	if err := ledger.DistinctKeys(all...); err != nil {
		p.addf("two roles share a key: %w", err)
	}
	if _, err := ledger.NewCosignatureVerifier(k.Fresh); err != nil {
		p.addf("the freshness key: %w", err)
	}
	p.check(len(k.Release) == 0 || len(k.Release) >= 2, "a single software release key is not enough")
}

// notes are the keys that sign notes.
func (k *Keys) notes() []string {
	return slices.Concat(k.Root.Keys, k.Editor, k.Treasurer, []string{k.Log}, k.Release)
}

func (p *problems) key(what, vkey string) {
	if _, err := ledger.NewVerifier(vkey); err != nil {
		p.addf("%s: %w", what, err)
	}
}

func (s *Shares) check(p *problems) (funds map[string]bool) {
	funds = map[string]bool{}
	sum := int64(0)
	add := func(bp int64) {
		p.check(bp >= 0 && bp <= 10_000, "a share of %d basis points", bp)
		sum += min(max(bp, 0), 10_000)
	}
	add(s.Artists)
	add(s.Costs)
	p.check(len(s.Contributions) <= 50, "more than 50 contributions")
	for _, f := range s.Contributions {
		p.check(IsSlug(f.ID), "the contribution's id %q is not a slug", clip(f.ID))
		p.text("the contribution's name", f.Name, MaxName)
		p.check(!funds[f.ID], "the contribution %q stands twice", clip(f.ID))
		funds[f.ID] = true
		add(f.BP)
	}
	p.check(sum == 10_000, "the shares sum to %d basis points, not 10,000", sum)
	return funds
}

func (r *PlayRule) check(p *problems) {
	for _, v := range []struct {
		name        string
		got, lo, hi int64
	}{
		{"seconds of a play", r.Seconds, 1, 600}, {"seconds of clock", r.Clock, 0, 600},
		{"fast seconds", r.Fast, 0, 600}, {"pace in percent", r.PacePct, 100, 10_000},
		{"parallel streams", r.Parallel, 1, 100}, {"units of a play", r.PlayUnits, 0, 1_000},
		{"units of a download", r.Download, 0, 1_000},
	} {
		p.check(v.got >= v.lo && v.got <= v.hi, "%s: %d is not between %d and %d", v.name, v.got, v.lo, v.hi)
	}
}

// quorum reports whether enough distinct root keys of c have signed e.
func (c *Charter) quorum(e *ledger.Entry) bool {
	n := 0
	for _, k := range c.Keys.Root.Keys {
		if signed(e, k) {
			n++
		}
	}
	return n >= c.Keys.Root.Threshold
}

// EndsEarly are the periods whose pass key the charter ends.
func (c *Charter) EndsEarly() []string {
	if c.Succession == nil {
		return nil
	}
	return c.Succession.EndsEarly
}

// KeyPrefix is what the names of the co-operative's keys begin with, before a
// slash and the key's purpose: the origin of the log without its last part.
func (c *Charter) KeyPrefix() string {
	if i := strings.LastIndexByte(c.Origin, '/'); i > 0 {
		return c.Origin[:i]
	}
	return c.Origin
}

func (c *Charter) treasurer(e *ledger.Entry) bool { return anySigned(e, c.Keys.Treasurer) }

func (c *Charter) editor(e *ledger.Entry) bool { return anySigned(e, c.Keys.Editor) }

func anySigned(e *ledger.Entry, keys []string) bool {
	for _, k := range keys {
		if signed(e, k) {
			return true
		}
	}
	return false
}

// signed reports whether the key has signed e. Parsing a key costs as much as
// verifying with it, so that is done only when a signature claims to be by it.
func signed(e *ledger.Entry, vkey string) bool {
	if !claimed(e, vkey) {
		return false
	}
	v, err := ledger.NewVerifier(vkey)
	return err == nil && e.SignedBy(v)
}

// claimed reports whether a signature of e carries the name and the id that
// vkey, of the form name+id+key, begins with.
func claimed(e *ledger.Entry, vkey string) bool {
	name, rest, _ := strings.Cut(vkey, "+")
	id, _, _ := strings.Cut(rest, "+")
	hash, err := strconv.ParseUint(id, 16, 32)
	return err == nil && slices.ContainsFunc(e.Sigs, func(s note.Signature) bool {
		return s.Hash == uint32(hash) && s.Name == name
	})
}

// follows says whether next may take the place of c.
func (c *Charter) follows(next *Charter) error {
	if next.Origin != c.Origin {
		return fmt.Errorf("the origin cannot change from %q to %q", c.Origin, next.Origin)
	}
	if next.Keys.Log != c.Keys.Log && (next.Succession == nil || next.Succession.OldKey != c.Keys.Log) {
		return errors.New("a new log key needs a succession that names the old one")
	}
	return nil
}
