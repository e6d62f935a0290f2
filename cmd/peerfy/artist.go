package main

import (
	"os"
	"path/filepath"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/publish"
)

// artistEntry is the signed note by which an artist asks to be in the log.
const artistEntry = "artist.note"

// artistInit makes what an artist needs: a signing key, an age identity for the
// monthly statement, and the signed entry that introduces both.
func (e *env) artistInit(args []string) error {
	fs := e.flags()
	keys := fs.String("keys", "", "the artist's `folder`, made if need be")
	name := fs.String("name", "", "the artist's public `name`")
	if _, err := e.parse(fs, args, 0, "keys", "name"); err != nil {
		return err
	}
	a, err := newArtist(*keys, *name)
	if err != nil {
		return err
	}
	e.say("made the keys of %s in %s", a.Name, *keys)
	e.say("Keep a copy of that folder where nobody else reads it: whoever has the key %q", roleArtist)
	e.say("can publish and withdraw in your name, and %q opens your monthly statements.", identityFile)
	e.say("Next: peerfy publish check FOLDER")
	e.print("slug %s\nkey %s", a.Slug, a.Key)
	return nil
}

func newArtist(keys, name string) (catalog.Artist, error) {
	if err := catalog.CheckText(name, catalog.MaxName); err != nil {
		return catalog.Artist{}, refused("", "the name %w", err)
	}
	slug := publish.Slug(name)
	if slug == "" {
		return catalog.Artist{}, refused("add some letters or digits", "nothing in the name %q can stand in an address", name)
	}
	if err := os.MkdirAll(keys, 0o700); err != nil {
		return catalog.Artist{}, err
	}
	vkey, err := makeKey(keys, roleArtist, slug)
	if err != nil {
		return catalog.Artist{}, err
	}
	recipient, err := makeIdentity(keys, identityFile)
	if err != nil {
		return catalog.Artist{}, err
	}
	a := publish.NewArtist(name, slug, vkey, recipient)
	if err := a.Check(); err != nil {
		return a, err
	}
	s, err := signer(keys, roleArtist)
	if err != nil {
		return a, err
	}
	text, err := ledger.Text(ledger.KindArtist, a)
	if err != nil {
		return a, err
	}
	raw, err := ledger.SignText(text, s)
	if err != nil {
		return a, err
	}
	return a, writeNew(filepath.Join(keys, artistEntry), string(raw), 0o644)
}

// readArtist reads the entry that artistInit left in a keys folder.
func readArtist(keys string) (catalog.Artist, []byte, error) {
	raw, err := os.ReadFile(filepath.Join(keys, artistEntry))
	if err != nil {
		return catalog.Artist{}, nil, refused("peerfy artist init --keys "+keys+" --name NAME", "%s is not an artist's keys folder", keys)
	}
	entry, err := ledger.ParseEntry(raw)
	if err != nil {
		return catalog.Artist{}, nil, err
	}
	a, err := catalog.ParseArtist(entry.Body)
	if err != nil {
		return catalog.Artist{}, nil, err
	}
	return *a, raw, nil
}
