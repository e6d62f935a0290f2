package main

import (
	"crypto/ed25519"
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"p2p.legal/peerfy/onion"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/publish"
)

//go:embed licence/fr.txt
var licenceFR string

//go:embed licence/en.txt
var licenceEN string

// init founds a co-operative.
func (e *env) init(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`, made if need be")
	name := fs.String("name", "", "the co-operative's `name`, as shown on every page")
	if _, err := e.parse(fs, args, 0, "dir", "name"); err != nil {
		return err
	}
	c, err := found(*dir, *name, time.Now())
	if err != nil {
		return err
	}
	e.say("founded %q: its charter is entry 0 of the log %s", c.Name, c.Origin)
	e.say("\nThe site will be http://%s", c.Onion)
	e.say("\nBefore you serve it to anybody, move these off this machine:")
	for _, role := range offline {
		e.say("    %s", filepath.Join(*dir, "keys", role))
	}
	e.say("The root key changes the rules: keep it offline, in two places, and give it to")
	e.say("several people by a later charter (n of m). The editor's and the treasurer's keys")
	e.say("go to the people who hold these offices; editor.identity opens the notices that")
	e.say("visitors send, which nobody else can read. What stays here is the log key, the")
	e.say("freshness key and the onion key: whoever steals them can publish nothing new.")
	e.print("onion %s\nvkey %s", c.Onion, c.Keys.Log)
	return nil
}

// found makes keys, charter and an empty catalogue in dir. An interrupted run
// can be repeated after the folder was removed; it never overwrites a key.
func found(dir, name string, now time.Time) (*catalog.Charter, error) {
	if err := catalog.CheckText(name, catalog.MaxName); err != nil {
		return nil, refused("", "the name %w", err)
	}
	slug := publish.Slug(name)
	if slug == "" {
		return nil, refused("a name with some letters or digits", "the name %q has nothing that could stand in an address", name)
	}
	keys := filepath.Join(dir, "keys")
	for _, folder := range []string{keys, filepath.Join(dir, inbox)} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
	}
	c, err := foundingCharter(keys, name, slug, now)
	if err != nil {
		return nil, err
	}
	text, err := ledger.Text(ledger.KindCharter, c)
	if err != nil {
		return nil, err
	}
	root, err := signer(keys, roleRoot)
	if err != nil {
		return nil, err
	}
	raw, err := ledger.SignText(text, root)
	if err != nil {
		return nil, err
	}
	db, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	_, err = db.Append(raw, nil, now)
	return c, errors.Join(err, db.Close())
}

// foundingCharter makes every key and the charter that names them. Its figures
// are a proposal to the first assembly, which signs the charter it wants.
func foundingCharter(keys, name, slug string, now time.Time) (*catalog.Charter, error) {
	pub := map[string]string{}
	for _, role := range []string{roleRoot, roleEditor, roleTreasurer, roleLog, roleFresh} {
		keyed := keyName(slug, role)
		if role == roleLog {
			keyed = keyName(slug, "ledger") // a log's key has its origin's name
		}
		vkey, err := makeKey(keys, role, keyed)
		if err != nil {
			return nil, err
		}
		pub[role] = vkey
	}
	fresh, err := ledger.CosignatureKey(pub[roleFresh])
	if err != nil {
		return nil, err
	}
	notices, err := makeIdentity(keys, editorIdentity)
	if err != nil {
		return nil, err
	}
	address, err := makeOnionKey(keys)
	if err != nil {
		return nil, err
	}
	c := proposal(name, slug, address, now)
	c.Keys = catalog.Keys{
		Root:   catalog.RootKeys{Threshold: 1, Keys: []string{pub[roleRoot]}},
		Editor: []string{pub[roleEditor]}, Treasurer: []string{pub[roleTreasurer]},
		Log: pub[roleLog], Fresh: fresh,
	}
	c.Notices = notices
	return c, c.Check()
}

// proposal is the charter without its keys.
func proposal(name, slug, address string, now time.Time) *catalog.Charter {
	return &catalog.Charter{
		Name: name, Origin: keyName(slug, "ledger"), Since: now.UTC().Format(time.DateOnly), Onion: address,
		Fee: catalog.Fee{Cents: 800, TaxBP: 2000},
		Shares: catalog.Shares{
			Artists: 7000, Costs: 2000,
			Contributions: []catalog.Fund{{ID: "creation", Name: "Fonds commun de création", BP: 1000}},
		},
		Coin:      1,
		Plays:     catalog.PlayRule{Seconds: 30, Clock: 25, Fast: 10, PacePct: 150, Parallel: 3, PlayUnits: 1, Download: 5},
		Unclaimed: "creation", Unplayed: "creation", Expired: "creation",
		MinPayout: 1000,
		Licence:   catalog.Licence{ID: "p2p-legal-1", FR: paragraphs(licenceFR), EN: paragraphs(licenceEN)},
	}
}

func makeOnionKey(keys string) (address string, err error) {
	key, err := onion.NewKey()
	if err != nil {
		return "", err
	}
	if err := writeNew(filepath.Join(keys, roleOnion), string(onion.FormatKey(key)), 0o600); err != nil {
		return "", err
	}
	return onion.Address(key.Public().(ed25519.PublicKey)), nil
}

// paragraphs splits a text at its empty lines.
func paragraphs(text string) []string {
	return strings.Split(strings.TrimSpace(text), "\n\n")
}
