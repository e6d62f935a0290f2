package main

import (
	"errors"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// monthsDir is where a host keeps the keys of the months that are open.
const monthsDir = "months"

// monthsAhead is how far ahead a month may be opened: an opening can never be
// taken back, not even a mistyped one.
const monthsAhead = 2

// monthOpen makes the keys of a month and logs its opening. It can be repeated
// after any interruption: keys that lie here are taken up again, and never
// replaced.
func (e *env) monthOpen(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	keys := fs.String("keys", "", "the `folder` with the treasurer's key; the closing identity is made there")
	closing := fs.String("closing", "", "the `recipient` that `peerfy treasurer closing` printed elsewhere")
	out := fs.String("out", "", "without the treasurer's key: what is to be signed, a new `file`")
	signed := fs.String("signed", "", "the `file` that `peerfy sign --role treasurer` made elsewhere")
	past := fs.Bool("past", false, "open a month that is over")
	rest, err := e.parse(fs, args, 1, "dir")
	if err != nil {
		return err
	}
	if err := oneWay(*keys, *out, *signed, *closing); err != nil {
		return err
	}
	p, err := periodToOpen(rest[0], time.Now(), *past)
	if err != nil {
		return err
	}
	db, err := openHost(*dir)
	if err != nil {
		return err
	}
	defer db.Close()
	var index int64
	switch {
	case *out != "":
		return e.requestOpening(db, *dir, p, *closing, *out)
	case *signed != "":
		index, err = logSigned(db, *dir, p, *signed)
	default:
		index, err = openMonth(db, *dir, p, *keys, *closing, time.Now())
	}
	if err != nil {
		return err
	}
	e.say("%s is open: passes can be sold until the end of the month. Its keys are in %s and go with its publishing.", p, filepath.Join(*dir, monthsDir))
	e.print("entry %d", index)
	return nil
}

// oneWay wants one of the three ways to a treasurer's signature.
func oneWay(keys, out, signed, closing string) error {
	ways := 0
	for _, way := range []string{keys, out, signed} {
		if way != "" {
			ways++
		}
	}
	switch {
	case ways != 1:
		return usage("month open needs one of --keys, --out and --signed: the treasurer's key, what to sign with it, or what was signed")
	case out != "" && closing == "":
		return usage("month open --out needs --closing: the recipient that `peerfy treasurer closing P --keys T` prints")
	case signed != "" && closing != "":
		return usage("month open --signed takes no --closing: the signed file names it")
	}
	return nil
}

// periodToOpen reads a month that it makes sense to open now.
func periodToOpen(s string, now time.Time, past bool) (royalty.Period, error) {
	p, err := royalty.ParsePeriod(s)
	if err != nil {
		return "", usage("%w", err)
	}
	last := royalty.PeriodAt(now)
	if p < last && !past {
		return "", refused("--past, to make up for what was not opened in time", "%s is over: no pass of it can be sold", p)
	}
	for range monthsAhead {
		last = last.Next()
	}
	if p > last {
		return "", refused("", "%s is more than %d months ahead, and an opening cannot be taken back", p, monthsAhead)
	}
	return p, nil
}

// openMonth makes what a month is sold with, signs the opening with the
// treasurer's key in the folder keys, and logs it, at a moment of which the day
// is kept. An empty closing stands for the closing identity in the same folder,
// which is made when it is not there. A month that is open with the keys that
// lie here is answered with the index of its opening, and nothing changes.
func openMonth(db hostDB, dir string, p royalty.Period, keys, closing string, at time.Time) (index int64, err error) {
	if index, ok, err := openAlready(db, dir, p, closing); ok || err != nil {
		return index, err
	}
	treasurer, err := signer(keys, roleTreasurer)
	if err != nil {
		return 0, err
	}
	if !named(db.Charter().Keys.Treasurer, treasurer) {
		return 0, refused("the key of a treasurer whom `peerfy charter` names", "the charter names no treasurer with the key in %s", keys)
	}
	if closing == "" {
		if closing, err = closingRecipient(keys, p); err != nil {
			return 0, err
		}
	}
	text, err := openingText(db, dir, p, closing)
	if err != nil {
		return 0, err
	}
	raw, err := ledger.SignText(text, treasurer)
	if err != nil {
		return 0, err
	}
	return appendOpening(db, raw, at)
}

// named reports whether s is the signer of one of the vkeys.
func named(vkeys []string, s note.Signer) bool {
	for _, vkey := range vkeys {
		if v, err := ledger.NewVerifier(vkey); err == nil && v.Name() == s.Name() && v.KeyHash() == s.KeyHash() {
			return true
		}
	}
	return false
}

// openAlready reports whether the month is open with the keys that lie here, and to
// the closing recipient, when one is wanted.
func openAlready(db hostDB, dir string, p royalty.Period, closing string) (index int64, ok bool, err error) {
	o, ok := db.Opening(p.String())
	if !ok {
		return 0, false, db.Err()
	}
	k, err := till.Load(filepath.Join(dir, monthsDir), p)
	if errors.Is(err, till.ErrNone) {
		return 0, true, refused("restore a backup, unless the month is published", "%s is open by entry %d, and its keys are not here", p, o.Index)
	}
	if err != nil {
		return 0, true, err
	}
	if same, err := isOf(&o.Opening, k); err != nil {
		return 0, true, err
	} else if !same {
		return 0, true, refused("restore a backup", "%s is open by entry %d, with other keys than those in %s", p, o.Index, filepath.Join(dir, monthsDir))
	}
	if closing != "" && closing != o.Closing {
		return 0, true, refused("", "%s is open by entry %d, with another closing recipient: a month is opened once", p, o.Index)
	}
	return o.Index, true, nil
}

// isOf reports whether an opening names the public halves of k.
func isOf(o *catalog.Opening, k *till.Keys) (bool, error) {
	key, vkey, err := publicHalves(k)
	return err == nil && o.Till == vkey && o.PassKey == key, err
}

// publicHalves are a month's keys as its opening names them.
func publicHalves(k *till.Keys) (key catalog.PassKey, vkey string, err error) {
	if key.N, key.E, err = pass.FormatKey(&k.Pass.PublicKey); err != nil {
		return key, "", err
	}
	vkey, err = k.TillVerifier()
	return key, vkey, err
}

// openingText is what the treasurer signs. The keys it names are on the disk
// before it is made.
func openingText(db hostDB, dir string, p royalty.Period, closing string) (string, error) {
	if err := seal.CheckRecipient(closing); err != nil {
		return "", refused("peerfy treasurer closing "+p.String()+" --keys T", "the closing recipient: %w", err)
	}
	c := db.Charter()
	k, err := monthKeys(filepath.Join(dir, monthsDir), p, c.KeyPrefix())
	if err != nil {
		return "", err
	}
	key, vkey, err := publicHalves(k)
	if err != nil {
		return "", err
	}
	salesUntil, statementBy, err := catalog.Calendar(p.String())
	if err != nil {
		return "", err
	}
	o := catalog.Opening{
		Period: p.String(), PassKey: key, Till: vkey, Closing: closing,
		Fee: c.Fee.Cents, SalesUntil: salesUntil, StatementBy: statementBy,
	}
	if err := o.Check(); err != nil {
		return "", err
	}
	return ledger.Text(ledger.KindOpening, o)
}

// monthKeys are the month's keys of a host, made when there are none.
func monthKeys(folder string, p royalty.Period, name string) (*till.Keys, error) {
	k, err := till.Load(folder, p)
	if !errors.Is(err, till.ErrNone) {
		return k, err
	}
	if k, err = till.New(p, name); err != nil {
		return nil, err
	}
	if err := k.Save(folder); err != nil && !errors.Is(err, till.ErrExists) {
		return nil, err
	}
	return till.Load(folder, p) // those on the disk, whoever saved them
}

// requestOpening writes out what a treasurer elsewhere is to sign.
func (e *env) requestOpening(db hostDB, dir string, p royalty.Period, closing, out string) error {
	if o, ok := db.Opening(p.String()); ok {
		return refused("", "%s is open already, by entry %d", p, o.Index)
	} else if db.Err() != nil {
		return db.Err()
	}
	text, err := openingText(db, dir, p, closing)
	if err != nil {
		return err
	}
	if err := writeNew(out, text, 0o644); err != nil {
		return err
	}
	e.say("made the keys of %s; what is to be signed is in %s. Nothing is logged yet.", p, out)
	e.say("Next, where the treasurer's key is: peerfy sign %s --keys T --role %s --out FILE", filepath.Base(out), roleTreasurer)
	e.say("then here: peerfy month open %s --dir %s --signed FILE", p, dir)
	return nil
}

// logSigned logs an opening that was signed elsewhere, if it names the keys that
// lie here.
func logSigned(db hostDB, dir string, p royalty.Period, path string) (int64, error) {
	raw, err := readSmall(path, 2*ledger.MaxEntry)
	if err != nil {
		return 0, err
	}
	entry, err := ledger.ParseEntry(raw)
	if err != nil {
		return 0, refused("", "%s is not an entry: %w", path, err)
	}
	o, err := catalog.ParseOpening(entry.Body)
	if entry.Kind != ledger.KindOpening || err != nil || o.Period != p.String() {
		return 0, errors.Join(refused("", "%s does not open %s", path, p), err)
	}
	if index, ok, err := openAlready(db, dir, p, o.Closing); ok || err != nil {
		return index, err
	}
	k, err := till.Load(filepath.Join(dir, monthsDir), p)
	if err != nil {
		return 0, err
	}
	if same, err := isOf(o, k); err != nil {
		return 0, err
	} else if !same {
		return 0, refused("peerfy month open P --dir D --closing RECIPIENT --out FILE, and sign that", "%s names other keys than those in %s", path, filepath.Join(dir, monthsDir))
	}
	return appendOpening(db, raw, time.Now())
}

func appendOpening(db hostDB, raw []byte, at time.Time) (int64, error) {
	index, err := db.AppendAll([]store.Item{{Raw: raw}}, at)
	if err != nil {
		return 0, refused("", "%w", err)
	}
	return index[0], nil
}
