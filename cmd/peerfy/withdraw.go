package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// maxReason is the most bytes of a reason in words.
const maxReason = 2000

// withdraw takes a work down, by its artist's key or an editor's.
func (e *env) withdraw(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	keys := fs.String("keys", "", "the `folder` with the artist's or the editor's key (default DIR/keys)")
	signed := fs.String("signed", "", "the `file` that `peerfy sign` made elsewhere")
	reason := fs.String("reason", "", "why, in words: kept on the public board, never in the log")
	code := fs.String("code", "", "the reason's `code` in the log: "+strings.Join(catalog.Reasons, ", "))
	rest, err := e.parse(fs, args, 1, "dir", "reason")
	if err != nil {
		return err
	}
	if err := catalog.CheckText(*reason, maxReason); err != nil {
		return refused("", "the reason %w", err)
	}
	if *keys == "" {
		*keys = filepath.Join(*dir, "keys")
	}
	db, err := openHost(*dir)
	if err != nil {
		return err
	}
	defer db.Close()
	switch r, ok := db.Release(rest[0]); {
	case db.Err() != nil:
		return db.Err()
	case !ok:
		return refused("the id stands on the release's page, /r/ID", "there is no release %q in this catalogue", rest[0])
	case r.Withdrawn != "":
		return refused("", "the release %s is withdrawn already", rest[0])
	}
	raw, err := e.withdrawal(*dir, *keys, *signed, rest[0], *code)
	if err != nil {
		return err
	}
	index, err := db.AppendAll([]store.Item{{Raw: raw}}, time.Now())
	if err != nil {
		return refused("", "%w", err)
	}
	if err := db.PutStatement(rest[0], *reason, time.Now()); err != nil {
		return err
	}
	e.say("withdrawn: manifest and media are dropped here now, and by every mirror at its next pull; its files stay down")
	e.print("entry %d", index[0])
	return nil
}

// withdrawal is the signed entry: read, made with a key at hand, or else
// written out for the machine that has the key.
func (e *env) withdrawal(dir, keys, signed, release, code string) ([]byte, error) {
	if signed != "" {
		return readWithdrawal(signed, release)
	}
	byArtist := hasKey(keys, roleArtist)
	if code == "" {
		code = map[bool]string{true: "right-holder", false: "dispute"}[byArtist]
	}
	text, err := ledger.Text(ledger.KindWithdrawal, catalog.Withdrawal{Release: release, Reason: code})
	if err != nil {
		return nil, err
	}
	s, _, err := anySigner(keys, roleArtist, roleEditor)
	if err == nil {
		return ledger.SignText(text, s)
	}
	if hasKey(keys, roleEditor) || byArtist {
		return nil, err // there is a key, and it cannot be read
	}
	folder := filepath.Join(dir, requestsDir)
	path := filepath.Join(folder, release+".withdrawal")
	if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		return nil, err
	}
	return nil, refused("peerfy sign "+path+" --keys K --role editor|artist --out FILE, then the same command with --signed FILE",
		"neither the artist's nor the editor's key is in %s: what is to be signed lies in %s", keys, path)
}

// readWithdrawal reads what was signed elsewhere, if it withdraws this release.
func readWithdrawal(path, release string) ([]byte, error) {
	raw, err := readSmall(path, 2*ledger.MaxEntry)
	if err != nil {
		return nil, err
	}
	entry, err := ledger.ParseEntry(raw)
	if err != nil {
		return nil, refused("", "%s is not an entry: %w", path, err)
	}
	var w catalog.Withdrawal
	if entry.Kind != ledger.KindWithdrawal || ledger.UnmarshalCanonical(entry.Body, &w) != nil || w.Release != release {
		return nil, refused("", "%s does not withdraw the release %s", path, release)
	}
	return raw, nil
}
