package main

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/metainfo"
	"p2p.legal/peerfy/store/publish"
)

// Bundles that wait for an editor lie in DIR/inbox, each in a folder of its
// own; refused ones move to DIR/refused with the reason beside them.
const (
	inbox       = "inbox"
	refusedDir  = "refused"
	requestsDir = "requests"
)

var errConflict = errors.New("it does not fit the log")

// reviewList prints what an editor reads before deciding.
func (e *env) reviewList(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	asJSON := jsonFlag(fs)
	if _, err := e.parse(fs, args, 0, "dir"); err != nil {
		return err
	}
	if _, err := os.Stat(*dir); err != nil {
		return missing("", "%w", err)
	}
	waiting, err := os.ReadDir(filepath.Join(*dir, inbox))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	all := []waitingBundle{}
	for _, w := range waiting {
		one := waitingBundle{Path: filepath.Join(*dir, inbox, w.Name())}
		b, err := e.openBundle(one.Path)
		if err != nil {
			one.Problem = err.Error()
		} else {
			one.ID, one.Review = b.ID(), b.Review()
		}
		if all = append(all, one); !*asJSON {
			e.print("%s", one)
		}
	}
	if *asJSON {
		return e.printJSON(all)
	}
	if len(waiting) == 0 {
		e.say("nothing waits in %s", filepath.Join(*dir, inbox))
	}
	return nil
}

// waitingBundle is one bundle of the inbox: what to read before deciding, or
// why it cannot be accepted.
type waitingBundle struct {
	ID      string `json:"id,omitempty"`
	Path    string `json:"path"`
	Review  string `json:"review,omitempty"`
	Problem string `json:"problem,omitempty"`
}

func (w waitingBundle) String() string {
	if w.Problem != "" {
		return w.Path + "\n    cannot be accepted: " + w.Problem + "\n"
	}
	return w.ID + "  " + w.Path + "\n" + w.Review
}

// openBundle verifies a bundle and shows how far it is: it reads every file.
func (e *env) openBundle(path string) (*publish.Bundle, error) {
	p := newProgress(e.stderr)
	defer p.end()
	return publish.OpenBundle(e.ctx, path, p.step)
}

// findBundle opens a bundle by its path, or by the release id in the inbox.
func (e *env) findBundle(dir, name string) (*publish.Bundle, string, error) {
	if !catalog.IsID(name) {
		if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
			name = filepath.Join(dir, inbox, filepath.Base(name)) // its name in the inbox is enough
		}
		b, err := e.openBundle(name)
		if errors.Is(err, os.ErrNotExist) {
			return nil, name, refused("peerfy review list --dir "+dir, "there is no bundle %s", name)
		}
		if err != nil {
			return nil, name, refused("ask the artist for a new bundle", "%s: %w", name, err)
		}
		return b, name, nil
	}
	waiting, err := os.ReadDir(filepath.Join(dir, inbox))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, "", err
	}
	for _, w := range waiting {
		path := filepath.Join(dir, inbox, w.Name())
		if id, err := publish.BundleID(path); err != nil || id != name {
			continue
		}
		b, err := e.openBundle(path)
		if err != nil {
			return nil, path, refused("ask the artist for a new bundle", "%s: %w", path, err)
		}
		return b, path, nil
	}
	return nil, "", refused("peerfy review list --dir "+dir, "no release %s waits in the inbox", name)
}

// reviewAccept countersigns a bundle and publishes it: media first, entry last,
// so that nothing is visible whose files are not all there. It can be repeated.
func (e *env) reviewAccept(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	keys := fs.String("keys", "", "the `folder` with the editor's key (default DIR/keys)")
	signed := fs.String("signed", "", "the `folder` with the entries that `peerfy sign` made elsewhere")
	rest, err := e.parse(fs, args, 1, "dir")
	if err != nil {
		return err
	}
	if *keys == "" {
		*keys = filepath.Join(*dir, "keys")
	}
	b, path, err := e.findBundle(*dir, rest[0])
	if err != nil {
		return err
	}
	db, err := openHost(*dir)
	if err != nil {
		return err
	}
	defer db.Close()
	e.say("%s", b.Review())
	if r, ok := db.Release(b.ID()); ok && r.Withdrawn == "" {
		e.say("published already")
		e.print("release %s\nentry %d", b.ID(), r.Index)
		return nil
	}
	if conflicts := b.Conflicts(db); len(conflicts) > 0 || db.Err() != nil {
		e.say("%s", strings.Join(conflicts, "\n"))
		return refused("peerfy review refuse, with the reason", "this release cannot be accepted: %w", cmp.Or(db.Err(), errConflict))
	}
	entries, err := e.countersign(db, b, *dir, *keys, *signed)
	if err != nil {
		return err
	}
	p := newProgress(e.stderr)
	index, err := accept(db, b, entries, p)
	p.end()
	if err != nil {
		return refused("", "%w", err)
	}
	e.print("release %s\nentry %d", b.ID(), index)
	if filepath.Dir(path) == filepath.Join(*dir, inbox) {
		return os.RemoveAll(path)
	}
	return nil
}

// signedEntries are a bundle's entries with the editor's signature; artist is
// nil when the artist is in the log already.
type signedEntries struct{ artist, release []byte }

// countersign adds the editor's signature, or writes out what must be signed
// on the machine that has the editor's key.
func (e *env) countersign(db hostDB, b *publish.Bundle, dir, keys, signed string) (signedEntries, error) {
	var out signedEntries
	var err error
	known := knows(db, b)
	if signed != "" {
		if out.release, err = os.ReadFile(filepath.Join(signed, b.ID()+".release")); err == nil && !known {
			out.artist, err = os.ReadFile(filepath.Join(signed, b.ID()+".artist"))
		}
		return out, err
	}
	if !hasKey(keys, roleEditor) {
		return out, e.requestSignatures(b, dir, known)
	}
	s, err := signer(keys, roleEditor)
	if err != nil {
		return out, err
	}
	if !known {
		if out.artist, err = ledger.AddSignature(b.ArtistEntry(), s); err != nil {
			return out, err
		}
	}
	out.release, err = ledger.AddSignature(b.Entry(), s)
	return out, err
}

// knows reports whether the bundle's artist needs no new entry.
func knows(v catalog.View, b *publish.Bundle) bool {
	_, ok := v.Artist(b.Release().Artist)
	return ok
}

func (e *env) requestSignatures(b *publish.Bundle, dir string, known bool) error {
	folder := filepath.Join(dir, requestsDir)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	write := func(kind string, raw []byte) error {
		return os.WriteFile(filepath.Join(folder, b.ID()+"."+kind), raw, 0o644)
	}
	err := errors.Join(write("release", b.Entry()), write(strings.TrimPrefix(manifestEnd, "."), b.ManifestBytes()))
	if !known {
		err = errors.Join(err, write("artist", b.ArtistEntry()))
	}
	if err != nil {
		return err
	}
	return refused("peerfy sign FILE --keys E --out SIGNED/FILE for each, then peerfy review accept … --signed SIGNED",
		"the editor's key is not here: what is to be signed lies in %s", folder)
}

// accept stores the files of a bundle and appends its entries.
func accept(db hostDB, b *publish.Bundle, entries signedEntries, p *progress) (index int64, err error) {
	var done, total int64
	for _, f := range b.Manifest().Files() {
		total += f.Size
	}
	err = b.Each(func(f catalog.File, open func() (io.ReadCloser, error)) error {
		r, err := open()
		if err != nil {
			return err
		}
		defer r.Close()
		done += f.Size
		p.step("storing the files", done, total)
		return db.PutObject(r, metainfo.Hashes{Root: f.Root, SHA256: f.SHA256, Size: f.Size})
	})
	if err != nil {
		return 0, err
	}
	for _, info := range b.Infos() {
		if err := db.PutInfo(info); err != nil {
			return 0, err
		}
	}
	items := []store.Item{{Raw: entries.release, Manifest: b.ManifestBytes()}}
	if entries.artist != nil {
		items = append([]store.Item{{Raw: entries.artist}}, items...)
	}
	indexes, err := db.AppendAll(items, time.Now())
	if err != nil {
		return 0, err
	}
	return indexes[len(indexes)-1], nil
}

// reviewRefuse moves a bundle out of the inbox and keeps the reason beside it,
// for the artist.
func (e *env) reviewRefuse(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	reason := fs.String("reason", "", "why, in words for the artist")
	rest, err := e.parse(fs, args, 1, "dir", "reason")
	if err != nil {
		return err
	}
	name, path := filepath.Base(rest[0]), rest[0]
	if filepath.Dir(filepath.Clean(path)) != filepath.Join(*dir, inbox) { // one in the inbox may be refused however it is broken
		b, found, err := e.findBundle(*dir, rest[0])
		if err != nil {
			return err
		}
		name, path = b.ID(), found
	}
	folder := filepath.Join(*dir, refusedDir)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	text := "release " + name + "\nrefused on " + time.Now().UTC().Format(time.DateOnly) + "\nreason: " + *reason + "\n"
	if err := writeNew(filepath.Join(folder, name+".txt"), text, 0o600); err != nil {
		return err
	}
	if filepath.Dir(path) == filepath.Join(*dir, inbox) {
		if err := os.Rename(path, filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	e.say("refused; the statement for the artist is %s", filepath.Join(folder, name+".txt"))
	return nil
}
