package site

import (
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/tally"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

// The site counts, the member has the last word: until the fourth of the next month the numbers of a pass can
// be corrected, and what was counted stays beside them to go back to.

// monthPage answers GET /my/month.
func (s *Site) monthPage(q *request) (any, error) {
	return s.monthView(q, q.outcome(), monthForm{})
}

// monthForm is what stands in the fields.
type monthForm struct{ owner, work string }

// played is one line of the month: a release downloaded, or a track played.
type played struct {
	work     tally.Work
	manifest *catalog.Manifest // nil when the work is gone
	track    int               // -1 for the release
	count    tally.Count
	units    int64
}

func (s *Site) monthView(q *request, o templates.Outcome, f monthForm) (any, error) {
	st, l := s.counted(q), q.lang
	s.count(st, st.ear.Settle())
	st.mu.Lock()
	t := st.tally.Tally()
	st.mu.Unlock()
	lines, err := s.playedOf(t)
	if err != nil {
		return nil, err
	}
	rule := q.state.charter.Plays
	v := templates.MyMonth{
		Page: s.memberPage(q, l.T("month.title")), Outcome: o, Period: st.period.String(), Month: monthTitle(l, st.period),
		Version: versionOf(t), Rule: l.T("month.rule", rule.PlayUnits, rule.Download), Corrected: t.Corrected,
		Owner: f.owner, Add: f.work, AskOwner: !s.met(q, needAccount), Table: "my/month.csv",
	}
	v.Nav = "month"
	frozen := st.period.End().AddDate(0, 0, correctionDays)
	v.FrozenOn = day(l, frozen.AddDate(0, 0, -1).Format(time.DateOnly))
	v.Days = count(l, "count.days", int(frozen.Sub(s.now()).Hours()/24))
	from, to, pager := s.paged(q, len(lines), "my/month")
	v.Pager = pager
	for _, p := range lines[from:to] {
		v.Works = append(v.Works, workLine(l, p))
	}
	return v, s.fillSplit(&v, q, st, lines)
}

// versionOf names what a form was made from, so that a form that has grown old is not taken for the truth.
func versionOf(t tally.Tally) string {
	h := sha256.New()
	for _, w := range slices.Sorted(maps.Keys(t.Units)) {
		h.Write([]byte(string(w) + " " + strconv.Itoa(t.Units[w].Plays) + "\n"))
	}
	return hexOf([32]byte(h.Sum(nil)))[:16]
}

// playedOf are the lines of a tally with their works, the heaviest first.
func (s *Site) playedOf(t tally.Tally) ([]played, error) {
	rule := s.cfg.DB.Charter().Plays
	lines := make([]played, 0, len(t.Units))
	for w, n := range t.Units {
		p := played{work: w, track: -1, count: n, units: int64(n.Plays) * rule.PlayUnits}
		if n.Downloaded {
			p.units += rule.Download
		}
		m, err := s.cfg.DB.Manifest(w.Release())
		if err != nil && !errors.Is(err, store.ErrWithdrawn) && !errors.Is(err, store.ErrUnknown) {
			return nil, err
		}
		if p.manifest = m; m != nil && len(w) > len(w.Release()) {
			if _, i, err := catalog.ParseTrackID(string(w)); err == nil && i < len(m.Tracks) {
				p.track = i
			}
		}
		lines = append(lines, p)
	}
	slices.SortFunc(lines, func(a, b played) int {
		return cmp.Or(cmp.Compare(b.units, a.units), cmp.Compare(a.work, b.work))
	})
	return lines, nil
}

// workLine is one line of the form.
func workLine(l i18n.Lang, p played) templates.MonthWork {
	v := templates.MonthWork{
		ID: string(p.work), Plays: p.count.Plays, Units: l.Number(p.units), Title: l.T("month.gone"), Href: "r/" + p.work.Release(),
	}
	if p.count.Downloaded {
		v.Downloads = 1
	}
	isRelease := len(p.work) == len(p.work.Release())
	if isRelease {
		v.MaxDownloads = 1
	} else {
		v.MaxPlays = tally.MaxPlays
	}
	if p.manifest != nil {
		v.Title, v.Artist = p.manifest.Title, p.manifest.Artist
		if p.track >= 0 {
			v.Title = p.manifest.Tracks[p.track].Title
		} else {
			v.Artist += " · " + kindName(l, p.manifest.Kind)
		}
	}
	return v
}

// fillSplit works out what the fee would become if the month closed now: by the same arithmetic as the close.
func (s *Site) fillSplit(v *templates.MyMonth, q *request, st *seat, lines []played) error {
	split, err := s.splitOf(st, lines)
	if err != nil {
		return err
	}
	l := q.lang
	v.Fee = l.Money(split.fee)
	if split.tax > 0 {
		v.Tax = l.Money(split.tax)
	}
	part := func(name, href string, cents royalty.Cents) templates.Part {
		return templates.Part{Name: name, Href: href, Amount: l.Money(int64(cents)), BP: int(int64(cents) * 10_000 / max(split.fee, 1))}
	}
	var funds royalty.Cents
	for _, f := range split.parts.Funds {
		funds += f.Amount
	}
	v.Families = []templates.Part{
		part(l.T("month.artists"), "", split.parts.Artists), part(l.T("month.funds"), "", funds), part(l.T("month.costs"), "", split.parts.Costs),
	}
	const shown = 12
	var others royalty.Cents
	for i, p := range split.payees {
		if i < shown {
			v.Payees = append(v.Payees, part(p.name, "artist/"+p.slug, p.cents))
		} else {
			others += p.cents
		}
	}
	if n := len(split.payees) - shown; n > 0 {
		v.Others = l.T("month.others", n, l.Money(int64(others)))
	}
	return nil
}

// provisional is the split of one fee as it stands.
type provisional struct {
	fee, tax int64
	parts    royalty.Parts
	payees   []payeePart // the largest first
}

type payeePart struct {
	name, slug string
	cents      royalty.Cents
}

func (s *Site) splitOf(st *seat, lines []played) (provisional, error) {
	c := s.cfg.DB.Charter()
	opening, err := s.cfg.DB.Opening(st.period.String())
	if err != nil {
		return provisional{}, err
	}
	fee := catalog.Fee{Cents: opening.Fee, TaxBP: c.Fee.TaxBP}
	shares := royalty.Shares{Artists: c.Shares.Artists, Costs: c.Shares.Costs}
	for _, f := range c.Shares.Contributions {
		shares.Funds = append(shares.Funds, royalty.Fund{ID: f.ID, BP: f.BP})
	}
	out := provisional{fee: opening.Fee, tax: opening.Fee - fee.Net()}
	if out.parts, err = royalty.Cut(royalty.Cents(fee.Net()), shares, royalty.Cents(c.Coin)); err != nil {
		return out, err
	}
	weights, slugs, err := s.weightsOf(lines)
	if err != nil {
		return out, err
	}
	seed, err := s.seedOf(st, opening)
	if err != nil {
		return out, err
	}
	got, err := royalty.Allocate(seed, int64(out.parts.Artists)/c.Coin, weights)
	if err != nil {
		return out, err
	}
	for _, g := range got {
		a, _, err := s.cfg.DB.Artist(slugs[g.Payee])
		if err != nil {
			return out, err
		}
		out.payees = append(out.payees, payeePart{a.Name, a.Slug, royalty.Cents(g.Coins * c.Coin)})
	}
	slices.SortFunc(out.payees, func(a, b payeePart) int { return cmp.Or(cmp.Compare(b.cents, a.cents), cmp.Compare(a.slug, b.slug)) })
	return out, nil
}

// fine is how many parts a unit has, so that the download of a release can be shared among its tracks.
const fine = 1000

// weightsOf turns lines into payees' weights: units times basis points. A download of a release weighs on each
// of its tracks by the track's share of the duration.
func (s *Site) weightsOf(lines []played) ([]royalty.Weight, map[uint32]string, error) {
	var weights []royalty.Weight
	slugs := map[uint32]string{}
	add := func(t catalog.Track, units int64) error {
		for _, split := range t.Splits {
			a, ok, err := s.cfg.DB.Artist(split.Payee)
			if err != nil || !ok {
				return err
			}
			n := uint32(a.Number)
			slugs[n] = split.Payee
			weights = append(weights, royalty.Weight{Payee: n, Units: uint64(units * split.BP)})
		}
		return nil
	}
	for _, p := range lines {
		if p.manifest == nil || p.units == 0 {
			continue
		}
		if p.track >= 0 {
			if err := add(p.manifest.Tracks[p.track], p.units*fine); err != nil {
				return nil, nil, err
			}
			continue
		}
		for _, t := range p.manifest.Tracks {
			if err := add(t, p.units*fine*t.Duration/p.manifest.Duration()); err != nil {
				return nil, nil, err
			}
		}
	}
	return weights, slugs, nil
}

// seedOf binds the rounding to what nobody could choose: the log at the month's opening, and the recipient.
func (s *Site) seedOf(st *seat, o catalog.OpeningRecord) ([32]byte, error) {
	root, err := s.cfg.DB.RootAt(o.Index + 1)
	if err != nil {
		return [32]byte{}, err
	}
	return royalty.Seed(st.period, root, st.pass.RecipientHash), nil
}

// postMonth corrects the month: save, add a work, or go back to what was counted.
func (s *Site) postMonth(w http.ResponseWriter, q *request) error {
	f := monthForm{owner: q.field("owner"), work: q.field("work")}
	done, err := s.correct(q, f)
	if err == nil {
		return s.said(w, q, q.back("my/month"), templates.Outcome{Done: done})
	}
	sentences, ok := q.refusals(err)
	if !ok {
		return err
	}
	v, err := s.monthView(q, templates.Outcome{Errors: sentences}, f)
	if err != nil {
		return err
	}
	return s.show(w, q, http.StatusUnprocessableEntity, v)
}

// correct does what the pressed button says and answers with the sentence that tells it. Numbers are kept and the work
// is added whichever of the two buttons was pressed: the key Enter presses the first one.
func (s *Site) correct(q *request, f monthForm) (done string, err error) {
	st := s.counted(q)
	if err := s.mayCorrect(q, st, f.owner); err != nil {
		return "", err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	t := st.tally.Tally()
	switch {
	case q.post.Has("reset"):
		st.tally.Undo()
		st.dirty = true
		return q.lang.T("done.reset"), s.keep(st)
	case q.post.Get("version") != versionOf(t):
		return "", refuse("stale")
	}
	done = q.lang.T("done.corrected")
	units := t.Units
	if err := readCounts(units, q); err != nil {
		return "", err
	}
	if q.post.Has("add") || f.work != "" {
		title, err := s.addWork(units, f.work)
		if err != nil {
			return "", err
		}
		done = q.lang.T("done.added", title)
	}
	if err := st.tally.Correct(units); err != nil {
		if errors.Is(err, tally.ErrFull) {
			return "", refuse("full")
		}
		return "", refuse("numbers")
	}
	st.dirty = true
	return done, s.keep(st)
}

// mayCorrect asks for the owner word from whoever only has the pass: a mirror that saw the pass must not be
// able to correct.
func (s *Site) mayCorrect(q *request, st *seat, typed string) error {
	if s.met(q, needAccount) {
		if own, _, err := s.ownPass(q.account, st.period); err != nil {
			return err
		} else if own != nil && own.RecipientHash == st.pass.RecipientHash {
			return nil
		}
	}
	if typed == "" {
		return refuse("owner")
	}
	code, err := royalty.ParseCode(typed)
	if err != nil {
		return refuse("mistyped")
	}
	if pass.OwnerHash(code) != st.pass.OwnerHash {
		return refuse("owner")
	}
	return nil
}

// countFields are the form's fields plays.ID and downloads.ID, in order; other forms have none.
func (q *request) countFields() (names []string) {
	for name := range q.PostForm {
		if kind, _, ok := strings.Cut(name, "."); ok && (kind == "plays" || kind == "downloads") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// readCounts takes the numbers of the form's fields plays.ID and downloads.ID over into units.
func readCounts(units map[tally.Work]tally.Count, q *request) error {
	for _, name := range q.countFields() {
		values := q.PostForm[name]
		kind, id, _ := strings.Cut(name, ".")
		work, err := tally.ParseWork(id)
		if err != nil || len(values) != 1 {
			return badRequest
		}
		n, err := strconv.Atoi(strings.TrimSpace(values[0]))
		if err != nil || n < 0 || n > tally.MaxPlays || kind == "downloads" && n > 1 {
			return refuse("numbers")
		}
		c := units[work]
		if kind == "plays" {
			c.Plays = n
		} else {
			c.Downloaded = n == 1
		}
		if units[work] = c; c == (tally.Count{}) {
			delete(units, work)
		}
	}
	return nil
}

// addWork adds one play of a track, or the download of a release, by its id or any address that holds it.
func (s *Site) addWork(units map[tally.Work]tally.Count, typed string) (title string, err error) {
	work, m, ok := s.workIn(typed)
	if !ok {
		return "", refuse("work")
	}
	c := units[work]
	if _, i, err := catalog.ParseTrackID(string(work)); err == nil {
		c.Plays = min(c.Plays+1, tally.MaxPlays)
		title = m.Tracks[i].Title
	} else {
		c.Downloaded = true
		title = m.Title
	}
	units[work] = c
	return title, nil
}

// workIn finds a visible work's name in what somebody pasted.
func (s *Site) workIn(typed string) (tally.Work, *catalog.Manifest, bool) {
	for _, word := range strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune("/?&=#. \t\n", r) }) {
		if id, i, err := catalog.ParseTrackID(word); err == nil {
			if m, err := s.cfg.DB.Manifest(id); err == nil && i < len(m.Tracks) {
				return tally.Work(word), m, true
			}
		}
		if catalog.IsID(word) {
			if m, err := s.cfg.DB.Manifest(word); err == nil {
				return workAt(word, m, typed), m, true
			}
		}
	}
	return "", nil, false
}

// workAt is the track that the address of a player plays, and the release for its other addresses.
func workAt(id string, m *catalog.Manifest, address string) tally.Work {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || !strings.HasSuffix(u.Path, "/play") {
		return tally.Work(id)
	}
	n, err := strconv.Atoi(cmp.Or(u.Query().Get("track"), "1"))
	if err != nil || n < 1 || n > len(m.Tracks) {
		return tally.Work(id)
	}
	return tally.Work(catalog.TrackID(id, n-1))
}

// serveMonthTable answers /my/month.csv: the whole provisional split.
func (s *Site) serveMonthTable(w http.ResponseWriter, q *request) error {
	if !s.met(q, needCounts) {
		return s.askLogin(w, q, needCounts)
	}
	st := s.counted(q)
	st.mu.Lock()
	t := st.tally.Tally()
	st.mu.Unlock()
	lines, err := s.playedOf(t)
	if err != nil {
		return err
	}
	split, err := s.splitOf(st, lines)
	if err != nil {
		return err
	}
	var b strings.Builder
	table := csv.NewWriter(&b)
	table.Write([]string{"payee", "cents"})
	for _, p := range split.payees {
		table.Write([]string{p.slug, strconv.FormatInt(int64(p.cents), 10)})
	}
	for _, f := range split.parts.Funds {
		table.Write([]string{"fund " + f.ID, strconv.FormatInt(int64(f.Amount), 10)})
	}
	table.Write([]string{"costs", strconv.FormatInt(int64(split.parts.Costs), 10)})
	table.Write([]string{"tax", strconv.FormatInt(split.tax, 10)})
	table.Flush()
	return sendOwn(w, q, "text/csv; charset=utf-8", "peerfy-"+st.period.String()+".csv", b.String())
}
