package main

import (
	"io"
	"os"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/store/ledger"
)

// sign adds the signature of a keys folder to what the host wrote out because it
// does not hold those keys: an entry that others signed already, or the bare
// text of one that nobody has. It shows what is being signed.
func (e *env) sign(args []string) error {
	fs := e.flags()
	keys := fs.String("keys", "", "the `folder` with the keys")
	out := fs.String("out", "", "the signed entry, a new `file`")
	role := fs.String("role", roleEditor, "which `key` of the folder signs")
	rest, err := e.parse(fs, args, 1, "keys", "out")
	if err != nil {
		return err
	}
	raw, err := readSmall(rest[0], 2*ledger.MaxEntry)
	if err != nil {
		return err
	}
	s, err := signer(*keys, *role)
	if err != nil {
		return err
	}
	signed, err := addSignature(raw, s)
	if err != nil {
		return refused("", "%s is not an entry: %w", rest[0], err)
	}
	entry, err := ledger.ParseEntry(signed)
	if err != nil {
		return refused("", "%s is not an entry: %w", rest[0], err)
	}
	e.say("signing as %s:\n\n%s", s.Name(), entry.Text)
	return writeNew(*out, string(signed), 0o644)
}

// addSignature signs an entry, or the text of one.
func addSignature(raw []byte, s note.Signer) ([]byte, error) {
	if _, err := ledger.ParseEntry(raw); err == nil {
		return ledger.AddSignature(raw, s)
	}
	return ledger.SignText(string(raw), s)
}

// readSmall reads a plain file of at most max bytes: what other people hand in
// may be anything.
func readSmall(path string, max int64) ([]byte, error) {
	info, err := os.Stat(path)
	if os.IsNotExist(err) {
		return nil, missing("look at the path", "there is no file %s", path)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > max {
		return nil, refused("", "%s is not a plain file of at most %d bytes", path, max)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, max))
}
