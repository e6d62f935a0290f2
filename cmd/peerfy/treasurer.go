package main

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/payment"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// maxBatchFile bounds a batch as it is handed in: 5,000 hashes.
const maxBatchFile = 1 << 20

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
	treasurer, err := signer(*keys, roleTreasurer)
	if err != nil {
		return err
	}
	if !named(c.Keys.Treasurer, treasurer) {
		return refused("the key of a treasurer whom the charter names", "the charter names no treasurer with the key in %s", *keys)
	}
	b, codes, err := payment.Issue(c.Origin, *months, royalty.Cents(c.Fee.Cents), *count, last)
	if err != nil {
		return refused("", "%w", err)
	}
	if err := writeSheet(*out, *lang, c, b, codes, treasurer); err != nil {
		return err
	}
	e.say("%d vouchers of %s € each. Print %s.txt or %s.html, sell them, and destroy both files.", len(codes), b.Value, *out, *out)
	e.say("They can be redeemed once the host has the batch: peerfy treasurer vouchers load %s.batch --dir D", *out)
	e.print("batch %s", b.ID)
	return nil
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
		err = refused("--charter FILE, from the co-operative's site (charter.json), or --dir D", "the fee is not known without the charter")
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
// that may be sold already.
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
	// The batch last: without it no code is worth anything.
	if err := writeNew(name+".txt", text.String(), 0o600); err != nil {
		return err
	}
	if err := writeNew(name+".html", page.String(), 0o600); err != nil {
		return err
	}
	return writeNew(name+".batch", string(signed), 0o644)
}

// vouchersLoad makes a signed batch redeemable on the host.
func (e *env) vouchersLoad(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	rest, err := e.parse(fs, args, 1, "dir")
	if err != nil {
		return err
	}
	b, err := readBatch(*dir, rest[0])
	if err != nil {
		return err
	}
	m, err := openMembers(*dir)
	if err != nil {
		return err
	}
	defer m.Close()
	n, err := m.LoadBatch(batchOf(b))
	if err != nil {
		return refused("", "%w", err)
	}
	e.say("%d vouchers of %s € can be redeemed now", n, b.Value)
	if n == 0 {
		e.say("(this batch was loaded before: nothing has changed)")
	}
	e.print("batch %s", b.ID)
	return nil
}

// batchOf is a batch as the host keeps it.
func batchOf(b payment.Batch) store.VoucherBatch {
	return store.VoucherBatch{ID: b.ID, Value: b.Value, Expires: b.Expires, Hashes: b.Hashes}
}

// readBatch reads a batch and checks it against the charter's treasurers.
func readBatch(dir, path string) (payment.Batch, error) {
	raw, err := readSmall(path, maxBatchFile)
	if err != nil {
		return payment.Batch{}, err
	}
	c, err := charterFor(publishFlags{dir: dir})
	if err != nil {
		return payment.Batch{}, err
	}
	known, err := treasurers(c)
	if err != nil {
		return payment.Batch{}, err
	}
	b, err := payment.ParseBatch(raw, known, c.Origin)
	if err != nil {
		return b, refused("the file NAME.batch that `treasurer vouchers issue` wrote", "%s: %w", path, err)
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
	dir := fs.String("dir", "", "the co-operative's `folder`")
	keys := fs.String("keys", "", "the `folder` with the treasurer's key")
	out := fs.String("out", "", "write the signed note to this new `file`, for the host, instead of acting here")
	signed := fs.String("signed", "", "the `file` that --out made elsewhere")
	rest, err := e.parse(fs, args, 1)
	if err != nil {
		return err
	}
	if *signed == "" && *keys == "" || *dir == "" && *out == "" {
		return usage("treasurer vouchers void BATCH needs --dir D with --keys T or --signed FILE, or --keys T with --out FILE")
	}
	c, err := charterFor(publishFlags{keys: *keys, dir: *dir})
	if err != nil {
		return err
	}
	raw, err := voidNote(c, rest[0], *keys, *signed)
	if err != nil {
		return err
	}
	if *out != "" {
		return writeNew(*out, string(raw), 0o644)
	}
	known, err := treasurers(c)
	if err != nil {
		return err
	}
	v, err := payment.ParseVoid(raw, known, c.Origin)
	if err != nil {
		return refused("", "%w", err)
	}
	if v.Batch != rest[0] {
		return refused("", "the signed note voids the batch %s", v.Batch)
	}
	m, err := openMembers(*dir)
	if err != nil {
		return err
	}
	defer m.Close()
	n, err := m.VoidBatch(v.Batch, v.Hashes) // no hashes: all that are left
	if err != nil {
		return refused("peerfy treasurer vouchers list --dir D", "%w", err)
	}
	e.say("%d vouchers are void now; those redeemed before keep their credit", n)
	return nil
}

func voidNote(c *catalog.Charter, batch, keys, signed string) ([]byte, error) {
	if signed != "" {
		return readSmall(signed, maxBatchFile)
	}
	treasurer, err := signer(keys, roleTreasurer)
	if err != nil {
		return nil, err
	}
	raw, err := payment.FormatVoid(payment.Void{Origin: c.Origin, Batch: batch, All: true}, treasurer)
	if err != nil {
		return nil, refused("a batch id of 16 hexadecimal digits", "%w", err)
	}
	return raw, nil
}

// vouchersList tells what became of each batch.
func (e *env) vouchersList(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	asJSON := jsonFlag(fs)
	if _, err := e.parse(fs, args, 0, "dir"); err != nil {
		return err
	}
	if _, err := os.Stat(*dir); err != nil {
		return missing("", "%w", err)
	}
	m, err := openMembers(*dir)
	if err != nil {
		return err
	}
	defer m.Close()
	all, err := m.Batches()
	if err != nil {
		return err
	}
	if *asJSON {
		return e.printJSON(all)
	}
	for _, b := range all {
		expires := "never expire"
		if !b.Expires.IsZero() {
			expires = "until " + b.Expires.AddDate(0, 0, -1).Format(time.DateOnly)
		}
		e.print("%s  %s vouchers of %s €: %d redeemed, %d void, %s", b.ID, strconv.Itoa(b.Count), b.Value, b.Used, b.Void, expires)
	}
	if len(all) == 0 {
		e.say("no batch is loaded")
	}
	return nil
}
