package main

import (
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
	s, role, err := anySigner(*keys, roleArtist, roleEditor)
	if err != nil {
		return err
	}
	if *code == "" {
		*code = map[string]string{roleArtist: "right-holder", roleEditor: "dispute"}[role]
	}
	text, err := ledger.Text(ledger.KindWithdrawal, catalog.Withdrawal{Release: rest[0], Reason: *code})
	if err != nil {
		return err
	}
	raw, err := ledger.SignText(text, s)
	if err != nil {
		return err
	}
	db, err := openHost(*dir)
	if err != nil {
		return err
	}
	defer db.Close()
	if r, ok := db.Release(rest[0]); ok && r.Withdrawn != "" {
		return refused("", "the release %s is withdrawn already", rest[0])
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
