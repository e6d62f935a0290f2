package catalog_test

import (
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// recipient has the form of an age key, which is all the log can check.
const recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

// coop is a co-operative with a key for every role and an empty log.
type coop struct {
	t       testing.TB
	state   catalog.State
	next    int64
	keys    map[string]note.Signer
	vkeys   map[string]string
	charter *catalog.Charter
}

func newCoop(t testing.TB) *coop {
	c := &coop{t: t, keys: map[string]note.Signer{}, vkeys: map[string]string{}}
	for _, role := range []string{"root", "editor", "treasurer", "ledger", "fresh", "brume", "phare", "stranger"} {
		c.key(role)
	}
	fresh, err := ledger.CosignatureKey(c.vkeys["fresh"])
	if err != nil {
		t.Fatal(err)
	}
	c.charter = &catalog.Charter{
		Name: "Coopérative d’essai", Origin: "essai/ledger", Since: "2026-03-01",
		Onion: strings.Repeat("a", 56) + ".onion",
		Keys: catalog.Keys{
			Root:   catalog.RootKeys{Threshold: 1, Keys: []string{c.vkeys["root"]}},
			Editor: []string{c.vkeys["editor"]}, Treasurer: []string{c.vkeys["treasurer"]},
			Log: c.vkeys["ledger"], Fresh: fresh,
		},
		Fee:    catalog.Fee{Cents: 800, TaxBP: 2000},
		Shares: catalog.Shares{Artists: 7000, Costs: 2000, Contributions: []catalog.Fund{{ID: "creation", Name: "Création", BP: 1000}}},
		Coin:   1, Plays: catalog.PlayRule{Seconds: 30, Clock: 25, Fast: 10, PacePct: 150, Parallel: 3, PlayUnits: 1, Download: 5},
		Unclaimed: "creation", Unplayed: "creation", Expired: "creation", MinPayout: 1000,
		Licence: catalog.Licence{ID: "p2p-legal-1", FR: []string{"Le texte."}, EN: []string{"The text."}}, Notices: recipient,
	}
	return c
}

func (c *coop) key(name string) {
	skey, vkey, err := ledger.GenerateKey("essai/" + name)
	if err != nil {
		c.t.Fatal(err)
	}
	s, err := ledger.NewSigner(skey)
	if err != nil {
		c.t.Fatal(err)
	}
	c.keys[name], c.vkeys[name] = s, vkey
}

// entry signs body with the keys of the named roles.
func (c *coop) entry(kind ledger.Kind, body any, roles ...string) *ledger.Entry {
	c.t.Helper()
	text, err := ledger.Text(kind, body)
	if err != nil {
		c.t.Fatal(err)
	}
	var signers []note.Signer
	for _, r := range roles {
		signers = append(signers, c.keys[r])
	}
	raw, err := ledger.SignText(text, signers...)
	if err != nil {
		c.t.Fatal(err)
	}
	e, err := ledger.ParseEntry(raw)
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

// add judges an entry, which takes its place in the log whatever comes of it.
func (c *coop) add(e *ledger.Entry) error {
	err := c.state.Judge(c.next, e)
	c.next++
	return err
}

func (c *coop) must(e *ledger.Entry) *ledger.Entry {
	c.t.Helper()
	if err := c.add(e); err != nil {
		c.t.Fatal(err)
	}
	return e
}

// founded is a co-operative with a charter and the artists brume and phare.
func founded(t *testing.T) *coop {
	c := newCoop(t)
	c.must(c.entry(ledger.KindCharter, c.charter, "root"))
	c.must(c.entry(ledger.KindArtist, c.artist("brume", "Brume"), "brume", "editor"))
	c.must(c.entry(ledger.KindArtist, c.artist("phare", "Le Phare"), "phare", "editor"))
	return c
}

func (c *coop) artist(slug, name string) catalog.Artist {
	return catalog.Artist{Slug: slug, Name: name, Key: c.vkeys[slug], Recipient: recipient, Agrees: catalog.Agreement}
}

// release is an entry body that names the given roots.
func release(artist string, roots ...byte) catalog.Release {
	r := catalog.Release{
		Artist: artist, Manifest: catalog.Sum([]byte(artist)), Size: 100,
		Torrents: []string{strings.Repeat("a", 40), strings.Repeat("b", 40)},
	}
	for _, b := range roots {
		r.Roots = append(r.Roots, catalog.Hash{b})
	}
	return r
}
