package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// sign adds the signature of a keys folder to what the host wrote out because it
// does not hold those keys: an entry that others signed already, or the bare
// text of one that nobody has. It shows what is being signed; of a release, also
// what its manifest says, which the host writes beside it.
func (e *env) sign(args []string) error {
	fs := e.flags()
	keys := fs.String("keys", "", "the `folder` with the keys")
	out := fs.String("out", "", "the signed entry, a new `file`")
	role := fs.String("role", "", "which `key` of the folder signs (default: treasurer for an opening, else editor)")
	rest, err := e.parse(fs, args, 1, "keys", "out")
	if err != nil {
		return err
	}
	raw, err := readSmall(rest[0], 2*ledger.MaxEntry)
	if err != nil {
		return err
	}
	if *role == "" {
		*role = roleFor(raw)
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
	if err := e.showManifest(entry, rest[0]); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(*out), 0o755); err != nil {
		return err
	}
	return writeNew(*out, string(signed), 0o644)
}

// roleFor is who signs what a host asks for.
func roleFor(raw []byte) string {
	if bytes.HasPrefix(raw, []byte("peerfy/"+string(ledger.KindOpening)+"/")) {
		return roleTreasurer
	}
	return roleEditor
}

// manifestEnd is the ending of the file beside a request that holds the manifest
// of its release.
const manifestEnd = ".manifest"

// showManifest tells what the hashes of a release stand for, if the manifest that
// they name lies beside the request.
func (e *env) showManifest(entry *ledger.Entry, path string) error {
	var r catalog.Release
	if entry.Kind != ledger.KindRelease || ledger.UnmarshalCanonical(entry.Body, &r) != nil {
		return nil
	}
	b, err := readSmall(strings.TrimSuffix(path, filepath.Ext(path))+manifestEnd, catalog.MaxManifest)
	if err != nil {
		e.say("the manifest is not beside it: what the hashes stand for is not known here")
		return nil
	}
	if catalog.Sum(b) != r.Manifest {
		return refused("ask the host for the request again", "the manifest beside %s is not the one that it names", path)
	}
	m, err := catalog.ParseManifest(b)
	if err != nil {
		return refused("", "the manifest beside %s: %w", path, err)
	}
	e.say("its manifest: %s, %s — %s (%s), licence %s", m.Kind, m.Artist, m.Title, m.Date, m.Licence)
	for _, t := range m.Tracks {
		e.say("  %d-%02d  %s", t.Disc, t.Number, t.Title)
	}
	return nil
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
