package catalog_test

import (
	"encoding/base64"
	"math/rand/v2"
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

// modulus has the form of a pass key's: 2,048 bits, odd. Whether it has two
// prime factors no reader of a log can tell.
func modulus(seed string) string {
	n := make([]byte, 256)
	_, _ = rand.NewChaCha8(catalog.Sum([]byte(seed))).Read(n)
	n[0], n[255] = n[0]|0x80, n[255]|1
	return base64.RawURLEncoding.EncodeToString(n)
}

// opening is what a period would be opened with. Its till key is made when
// there is none.
func (c *coop) opening(period string) catalog.Opening {
	c.t.Helper()
	salesUntil, statementBy, err := catalog.Calendar(period)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.keys["till/"+period] == nil {
		c.key("till/" + period)
	}
	return catalog.Opening{
		Period: period, PassKey: catalog.PassKey{N: modulus(period), E: catalog.PassExponent}, Till: c.vkeys["till/"+period],
		Closing: recipient, Fee: c.charter.Fee.Cents, SalesUntil: salesUntil, StatementBy: statementBy,
	}
}

// again is the artist's record with the serial that comes next.
func (c *coop) again(slug, name string) catalog.Artist {
	c.t.Helper()
	old, ok := c.state.Artist(slug)
	if !ok {
		c.t.Fatalf("there is no artist %s", slug)
	}
	a := c.artist(slug, name)
	a.Serial = old.Serial + 1
	return a
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
