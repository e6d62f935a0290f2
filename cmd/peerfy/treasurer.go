package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/payment"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// vouchersIssue makes vouchers on the treasurer's machine: the sheet to sell,
// and the signed batch of hashes for the host. The host never sees a code.
func (e *env) vouchersIssue(args []string) error {
	fs := e.flags()
	months := fs.Int("months", 1, "how many `months` each voucher is worth, at the fee of the charter")
	count := fs.Int("count", 20, "how many `vouchers`")
	keys := fs.String("keys", "", "the `folder` with the treasurer's key")
	out := fs.String("out", "", "the `name` of the sheet: NAME.txt and NAME.html to print, NAME.batch for the host")
	expires := fs.String("expires", "never", "the last `day` on which they can be redeemed, like 2027-12-31")
	lang := fs.String("lang", "fr", "`language` of the sheet: fr or en")
	charter := fs.String("charter", "", "the co-operative's charter, a `file` from its site (charter.json); remembered in the keys folder")
	dir := fs.String("dir", "", "the co-operative's `folder`, when it is on this machine")
	if _, err := e.parse(fs, args, 0, "keys", "out"); err != nil {
		return err
	}
	c, err := charterFor(publishFlags{keys: *keys, dir: *dir, charter: *charter})
	if err != nil {
		return err
	}
	last, err := parseExpiry(*expires, time.Now())
	if err != nil {
		return err
	}
	treasurer, err := treasurerOf(c, *keys)
	if err != nil {
		return err
	}
	b, codes, err := payment.Issue(c.Origin, *months, royalty.Cents(c.Fee.Cents), *count, last)
	if err != nil {
		return refused("", "%w", err)
	}
	if err := writeSheet(*out, *lang, c, b, codes, treasurer); err != nil {
		return err
	}
	e.say("%d voucher(s) of %s € each. Print %s.txt or %s.html, sell them, and destroy both files.", len(codes), b.Value, *out, *out)
	e.say("Before that the host must have the batch: peerfy treasurer vouchers load %s.batch --dir D", *out)
	e.print("batch %s", b.ID)
	return nil
}

// treasurerOf is the treasurer's key in a keys folder, which the charter must
// name.
func treasurerOf(c *catalog.Charter, keys string) (note.Signer, error) {
	s, err := signer(keys, roleTreasurer)
	if err != nil {
		return nil, err
	}
	if !named(c.Keys.Treasurer, s) {
		return nil, refused("the key of a treasurer whom `peerfy charter` names", "the charter names no treasurer with the key in %s", keys)
	}
	return s, nil
}

// charterFor is the charter on this machine, or the one that the keys folder
// remembers.
func charterFor(f publishFlags) (*catalog.Charter, error) {
	if f.dir != "" {
		db, err := openHost(f.dir)
		if err != nil {
			return nil, err
		}
		defer db.Close()
		return db.Charter(), nil
	}
	c, err := rememberedCharter(f)
	if c == nil && err == nil {
		err = refused("--charter FILE, from the co-operative's site (charter.json), or --dir D", "nothing is known of the co-operative without its charter")
	}
	return c, err
}

// parseExpiry reads the last day of a batch; the zero time stands for never.
func parseExpiry(s string, now time.Time) (time.Time, error) {
	if s == "never" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, usage("--expires %q is not a day like 2027-12-31", s)
	}
	if t = t.AddDate(0, 0, 1); t.Before(now) {
		return t, refused("a later day, or never", "%s is over already", s)
	}
	return t, nil // midnight, from which they are refused
}

// writeSheet writes the three files, all new: a sheet must never replace one
// that may be sold already. It leaves all of them or none.
func writeSheet(name, lang string, c *catalog.Charter, b payment.Batch, codes []royalty.Code, treasurer note.Signer) error {
	signed, err := payment.FormatBatch(b, treasurer)
	if err != nil {
		return err
	}
	var text, page bytes.Buffer
	if err := payment.Sheet(&text, lang, c.Name, b, codes, c.Onion); err != nil {
		return usage("%w", err)
	}
	if err := payment.SheetHTML(&page, lang, c.Name, b, codes, c.Onion); err != nil {
		return err
	}
	return writeAll([]newFile{
		{name + ".txt", text.String(), 0o600},
		{name + ".html", page.String(), 0o600},
		{name + ".batch", string(signed), 0o644}, // last: without it no code is worth anything
	})
}

// vouchersLoad makes a signed batch redeemable on the host.
func (e *env) vouchersLoad(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	rest, err := e.parse(fs, args, 1, "dir")
	if err != nil {
		return err
	}
	b, err := readBatch(publishFlags{dir: *dir}, rest[0])
	if err != nil {
		return err
	}
	if !b.Expires.IsZero() && !time.Now().Before(b.Expires) {
		return refused("", "the vouchers of %s expired on %s", rest[0], lastDay(b.Expires))
	}
	m, err := openMembers(*dir)
	if err != nil {
		return err
	}
	defer m.Close()
	n, err := m.LoadBatch(batchOf(b))
	switch {
	case err != nil:
		return refused("peerfy treasurer vouchers list --dir "+*dir, "%w", err)
	case n == 0:
		e.say("this batch was loaded before: nothing has changed")
	default:
		e.say("%d voucher(s) of %s € can be redeemed now", n, b.Value)
	}
	e.print("batch %s", b.ID)
	return nil
}

// lastDay is the last day of a batch that expires.
func lastDay(expires time.Time) string { return expires.AddDate(0, 0, -1).Format(time.DateOnly) }

// batchOf is a batch as the host keeps it.
func batchOf(b payment.Batch) store.VoucherBatch {
	return store.VoucherBatch{ID: b.ID, Value: b.Value, Expires: b.Expires, Hashes: b.Hashes}
}

// readBatch reads a batch and checks it against the charter's treasurers.
func readBatch(f publishFlags, path string) (payment.Batch, error) {
	raw, err := readSmall(path, payment.MaxNote)
	if err != nil {
		return payment.Batch{}, err
	}
	c, err := charterFor(f)
	if err != nil {
		return payment.Batch{}, err
	}
	known, err := treasurers(c)
	if err != nil {
		return payment.Batch{}, err
	}
	b, err := payment.ParseBatch(raw, known, c.Origin)
	if err != nil {
		return b, refused("the file NAME.batch that `treasurer vouchers issue` wrote, whole", "%s: %w", path, err)
	}
	return b, nil
}

func treasurers(c *catalog.Charter) (note.Verifiers, error) {
	var all []note.Verifier
	for _, vkey := range c.Keys.Treasurer {
		v, err := ledger.NewVerifier(vkey)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return note.VerifierList(all...), nil
}

// vouchersVoid declares what is left of a batch void, with the treasurer's
// signature: lost sheets, stolen codes.
func (e *env) vouchersVoid(args []string) error {
	fs := e.flags()
	var f publishFlags
	fs.StringVar(&f.dir, "dir", "", "the co-operative's `folder`")
	fs.StringVar(&f.keys, "keys", "", "the `folder` with the treasurer's key")
	fs.StringVar(&f.charter, "charter", "", "with --out: the co-operative's charter, a `file` from its site (default: the one that the keys folder remembers)")
	out := fs.String("out", "", "write the signed note to this new `file`, for the host, instead of acting here")
	signed := fs.String("signed", "", "the `file` that --out made elsewhere")
	rest, err := e.parse(fs, args, 1)
	if err != nil {
		return err
	}
	switch {
	case (f.keys == "") == (*signed == ""):
		return usage("treasurer vouchers void needs one of --keys and --signed: the treasurer's key, or what was signed with it")
	case *out == "" && f.dir == "":
		return usage("treasurer vouchers void needs --dir, the co-operative's folder, or --out, a file for its host")
	case *out != "" && *signed != "":
		return usage("treasurer vouchers void --out needs --keys: --signed is for the host")
	}
	id, err := batchID(f, rest[0])
	if err != nil {
		return err
	}
	if *signed == "" {
		return e.voidWithKey(f, id, *out)
	}
	raw, err := readSmall(*signed, payment.MaxNote)
	if err != nil {
		return err
	}
	return e.voidSigned(f.dir, id, raw)
}

// batchID is the id of a batch that was named by it, or by its file.
func batchID(f publishFlags, arg string) (string, error) {
	if _, err := os.Stat(arg); err != nil {
		return arg, nil
	}
	b, err := readBatch(f, arg)
	return b.ID, err
}

// voidWithKey voids a batch, or writes the note with which the host will.
func (e *env) voidWithKey(f publishFlags, id, out string) error {
	c, err := charterFor(f)
	if err != nil {
		return err
	}
	treasurer, err := treasurerOf(c, f.keys)
	if err != nil {
		return err
	}
	raw, err := payment.FormatVoid(payment.Void{Origin: c.Origin, Batch: id, All: true}, treasurer)
	if err != nil {
		return refused("the 16 hexadecimal digits that `issue` printed, or the file NAME.batch", "%w", err)
	}
	if out == "" {
		return e.voidSigned(f.dir, id, raw)
	}
	if err := writeNew(out, string(raw), 0o644); err != nil {
		return err
	}
	e.say("nothing is void yet. Next, on the host: peerfy treasurer vouchers void %s --dir D --signed %s", id, out)
	return nil
}

// voidSigned does what a void note says.
func (e *env) voidSigned(dir, id string, raw []byte) error {
	c, err := charterFor(publishFlags{dir: dir})
	if err != nil {
		return err
	}
	known, err := treasurers(c)
	if err != nil {
		return err
	}
	v, err := payment.ParseVoid(raw, known, c.Origin)
	if err != nil {
		return refused("the file that `treasurer vouchers void --out` wrote", "%w", err)
	}
	if v.Batch != id {
		return refused("", "the signed note voids the batch %s, not %s", v.Batch, id)
	}
	m, err := openMembers(dir)
	if err != nil {
		return err
	}
	defer m.Close()
	n, err := m.VoidBatch(v.Batch, v.Hashes) // no hashes: all that are left
	if err != nil {
		return refused("peerfy treasurer vouchers list --dir "+dir+"; a batch that was never loaded is worth nothing, destroy its file",
			"voiding %s: %w", v.Batch, err)
	}
	e.say("vouchers that became void: %d. Those redeemed before keep their credit.", n)
	e.print("batch %s", v.Batch)
	return nil
}

// batchLine is what became of a batch, for a program.
type batchLine struct {
	ID       string        `json:"id"`
	Value    royalty.Cents `json:"value_cents"`
	LastDay  string        `json:"last_day,omitempty"` // absent: they never expire
	Count    int           `json:"count"`
	Redeemed int           `json:"redeemed"`
	Void     int           `json:"void"`
}

func (b batchLine) String() string {
	until := "never expire"
	if b.LastDay != "" {
		until = "until " + b.LastDay
	}
	return fmt.Sprintf("%s  %d of %s €: %d redeemed, %d void, %s", b.ID, b.Count, b.Value, b.Redeemed, b.Void, until)
}

// vouchersList tells what became of each batch.
func (e *env) vouchersList(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	asJSON := jsonFlag(fs)
	if _, err := e.parse(fs, args, 0, "dir"); err != nil {
		return err
	}
	all, err := loadedBatches(*dir)
	if err != nil {
		return err
	}
	if *asJSON {
		return e.printJSON(all)
	}
	for _, b := range all {
		e.print("%s", b)
	}
	if len(all) == 0 {
		e.say("no batch is loaded")
	}
	return nil
}

func loadedBatches(dir string) ([]batchLine, error) {
	m, err := openMembers(dir)
	if err != nil {
		return nil, err
	}
	batches, err := m.Batches()
	if err := errors.Join(err, m.Close()); err != nil {
		return nil, err
	}
	all := make([]batchLine, len(batches))
	for i, b := range batches {
		all[i] = batchLine{ID: b.ID, Value: b.Value, Count: b.Count, Redeemed: b.Used, Void: b.Void}
		if !b.Expires.IsZero() {
			all[i].LastDay = lastDay(b.Expires)
		}
	}
	return all, nil
}
