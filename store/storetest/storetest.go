// Package storetest makes small co-operatives for tests and benchmarks: a
// catalogue on disk, the keys of every role, and works that are signed,
// authorised and complete, but whose media are a few bytes that nobody can
// play. Their covers are real JPEG files.
//
// Everything goes through the doors of package store, so what a test sees was
// judged like anything else.
package storetest

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// Origin is the log's name in every test.
const Origin = "test.example/ledger"

// Day is when everything is appended.
var Day = time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)

// Recipient has the form of an age recipient; nobody has its identity.
const Recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

// Key is a key in its three forms.
type Key struct {
	Secret string // skey
	Public string // vkey
	note.Signer
}

// NewKey makes a key.
func NewKey(name string) (Key, error) {
	skey, vkey, err := ledger.GenerateKey(name)
	if err != nil {
		return Key{}, err
	}
	s, err := ledger.NewSigner(skey)
	return Key{skey, vkey, s}, err
}

// Keys are the keys of every role.
type Keys struct{ Root, Editor, Treasurer, Log, Fresh Key }

// Coop is a co-operative with its catalogue.
type Coop struct {
	DB      *store.DB
	Dir     string
	Keys    Keys
	Charter *catalog.Charter
	Artists map[string]Key // by slug
}

// New makes a co-operative in a folder that goes with the test; its charter is
// entry 0.
func New(t testing.TB) *Coop {
	t.Helper()
	c, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.DB.Close() })
	return c
}

// Create makes a co-operative in dir. The caller closes its DB.
func Create(dir string) (*Coop, error) {
	c := &Coop{Dir: dir, Artists: map[string]Key{}}
	if err := c.makeKeys(); err != nil {
		return nil, err
	}
	var err error
	if c.DB, err = store.Open(dir, store.Options{}); err != nil {
		return nil, err
	}
	c.DB.SetSigner(c.Keys.Log)
	c.Charter = c.NewCharter()
	if _, err := c.Append(ledger.KindCharter, c.Charter, c.Keys.Root); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Coop) makeKeys() error {
	k := &c.Keys
	for name, key := range map[string]*Key{"root": &k.Root, "editor": &k.Editor, "treasurer": &k.Treasurer, "fresh": &k.Fresh} {
		var err error
		if *key, err = NewKey("test.example/" + name); err != nil {
			return err
		}
	}
	var err error
	k.Log, err = NewKey(Origin)
	return err
}

// NewCharter is a charter that names the keys of the co-operative.
func (c *Coop) NewCharter() *catalog.Charter {
	k := &c.Keys
	fresh, _ := ledger.CosignatureKey(k.Fresh.Public) // of a key made above
	return &catalog.Charter{
		Name: "Test Co-operative", Origin: Origin, Since: "2026-03-01",
		Onion: "peerfytestpeerfytestpeerfytestpeerfytestpeerfytestpeerfy.onion",
		Keys: catalog.Keys{
			Root:   catalog.RootKeys{Threshold: 1, Keys: []string{k.Root.Public}},
			Editor: []string{k.Editor.Public}, Treasurer: []string{k.Treasurer.Public}, Log: k.Log.Public, Fresh: fresh,
		},
		Fee:    catalog.Fee{Cents: 800, TaxBP: 2000},
		Shares: catalog.Shares{Artists: 7000, Contributions: []catalog.Fund{{ID: "commons", Name: "The commons", BP: 1000}}, Costs: 2000},
		Coin:   1, Plays: catalog.PlayRule{Seconds: 30, Clock: 25, Fast: 10, PacePct: 150, Parallel: 3, PlayUnits: 1, Download: 1},
		Unclaimed: "commons", Unplayed: "commons", Expired: "commons", MinPayout: 1000,
		Licence: catalog.Licence{ID: "test-licence", FR: []string{"Copiez et partagez."}, EN: []string{"Copy and share."}}, Notices: Recipient,
	}
}

// Entry makes a signed entry without appending it.
func Entry(kind ledger.Kind, body any, signers ...note.Signer) ([]byte, error) {
	text, err := ledger.Text(kind, body)
	if err != nil {
		return nil, err
	}
	return ledger.SignText(text, signers...)
}

// Append signs and appends an entry that needs no manifest.
func (c *Coop) Append(kind ledger.Kind, body any, signers ...note.Signer) (int64, error) {
	raw, err := Entry(kind, body, signers...)
	if err != nil {
		return 0, err
	}
	return c.DB.Append(raw, nil, Day)
}

// ArtistEntry makes the entry of a new artist, and its key.
func (c *Coop) ArtistEntry(slug, name string) (raw []byte, key Key, err error) {
	if key, err = NewKey("test.example/artist/" + slug); err != nil {
		return nil, key, err
	}
	body := catalog.Artist{Slug: slug, Name: name, Key: key.Public, Recipient: Recipient, Agrees: catalog.Agreement}
	raw, err = Entry(ledger.KindArtist, body, key, c.Keys.Editor)
	return raw, key, err
}

// AddArtist appends an artist.
func (c *Coop) AddArtist(slug, name string) error {
	raw, key, err := c.ArtistEntry(slug, name)
	if err != nil {
		return err
	}
	c.Artists[slug] = key
	_, err = c.DB.Append(raw, nil, Day)
	return err
}

// Opening is what a period would be opened with. Nobody has the secrets of its
// keys: the modulus of its pass key follows from the period and is no product of
// two primes.
func (c *Coop) Opening(period string) (catalog.Opening, error) {
	salesUntil, statementBy, err := catalog.Calendar(period)
	if err != nil {
		return catalog.Opening{}, err
	}
	till, err := NewKey("test.example/till/" + period)
	if err != nil {
		return catalog.Opening{}, err
	}
	modulus := make([]byte, 2048/8)
	_, _ = rand.NewChaCha8(catalog.Sum([]byte(period))).Read(modulus)
	modulus[0], modulus[len(modulus)-1] = modulus[0]|0x80, modulus[len(modulus)-1]|1
	return catalog.Opening{
		Period: period, PassKey: catalog.PassKey{N: base64.RawURLEncoding.EncodeToString(modulus), E: catalog.PassExponent},
		Till: till.Public, Closing: Recipient, Fee: c.DB.Charter().Fee.Cents, SalesUntil: salesUntil, StatementBy: statementBy,
	}, nil
}

// Open opens a period and answers with the index of its opening.
func (c *Coop) Open(period string) (int64, error) {
	o, err := c.Opening(period)
	if err != nil {
		return 0, err
	}
	return c.Append(ledger.KindOpening, o, c.Keys.Treasurer)
}

// Withdraw appends a withdrawal signed by the editor.
func (c *Coop) Withdraw(release, reason string) error {
	_, err := c.Append(ledger.KindWithdrawal, catalog.Withdrawal{Release: release, Reason: reason}, c.Keys.Editor)
	return err
}

// Add appends a work and fails the test when that is refused.
func (c *Coop) Add(t testing.TB, w Work) string {
	t.Helper()
	id, err := c.AddRelease(w)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// AddRelease stores the files and torrents of a work and appends it; its artist
// is added first when the log does not know them. It returns the release id.
func (c *Coop) AddRelease(w Work) (string, error) {
	p, err := c.Prepare(w)
	if err != nil {
		return "", err
	}
	if err := p.Store(c.DB); err != nil {
		return "", err
	}
	if _, err := c.DB.Append(p.Raw, p.Manifest, Day); err != nil {
		return "", err
	}
	return p.ID, nil
}

// Prepare makes everything of a work but appends only its artists.
func (c *Coop) Prepare(w Work) (*Prepared, error) {
	w.complete()
	if err := c.addUnknown(w.Artist, w.ArtistName); err != nil {
		return nil, err
	}
	for _, payee := range w.Payees {
		if err := c.addUnknown(payee, "Payee "+payee); err != nil {
			return nil, err
		}
	}
	return c.prepare(w, nil)
}

// addUnknown appends an artist unless it was made here before.
func (c *Coop) addUnknown(slug, name string) error {
	if _, ok := c.Artists[slug]; ok {
		return nil
	}
	if err := c.AddArtist(slug, name); err != nil {
		return fmt.Errorf("adding %s: %w", slug, err)
	}
	return nil
}
