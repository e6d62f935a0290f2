package store_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/storetest"
)

func TestLogIsATilesLog(t *testing.T) {
	c := storetest.New(t)
	if err := storetest.Fill(c, 300); err != nil {
		t.Fatal(err)
	}
	v, err := ledger.NewVerifier(c.Keys.Log.Public)
	if err != nil {
		t.Fatal(err)
	}
	m := ledger.NewMemory(storetest.Origin, new(catalog.State))
	f := ledger.Follower{Source: "test", Origin: storetest.Origin, Verifier: v, Tiles: tiles{c.DB}}
	head, err := f.Follow(nil, c.DB.Checkpoint(), func(_ int64, raw []byte) error {
		_, err := m.Append(raw)
		return err
	})
	if err != nil || head.Size != c.DB.Size() || tlog.Hash(head.Root) != c.DB.Root() {
		t.Fatalf("following: %v, size %d", err, head.Size)
	}
	for _, path := range []string{"tile/0/000", "tile/0/001.p/5", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/7"} {
		got, err := c.DB.Tile(path)
		want, wantErr := m.ReadTile(path)
		if err != nil || wantErr != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v, %v, the same: %v", path, err, wantErr, bytes.Equal(got, want))
		}
	}
	for path, want := range map[string]error{"tile/0/002": store.ErrUnknown, "tile/7/000": store.ErrUnknown, "tile/0/0": ledger.ErrMalformed, "../peerfy.db": ledger.ErrMalformed} {
		if _, err := c.DB.Tile(path); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	proof, err := ledger.ProveEntry(c.DB.Size(), 7, c.DB, c.DB.Checkpoint())
	if err != nil {
		t.Fatal(err)
	}
	raw, void, err := c.DB.Entry(7)
	if err != nil || void != "" {
		t.Fatal(err, void)
	}
	if err := proof.CheckKey(raw, storetest.Origin, v); err != nil {
		t.Error(err)
	}
	if _, _, err := c.DB.Entry(c.DB.Size()); !errors.Is(err, store.ErrUnknown) {
		t.Errorf("an entry beyond the end: %v", err)
	}
}

type tiles struct{ db *store.DB }

func (t tiles) ReadTile(path string) ([]byte, error) { return t.db.Tile(path) }

func TestCheckpointNeedsTheRightKeys(t *testing.T) {
	c := storetest.New(t)
	raw, _, err := c.ArtistEntry("marie", "Marie")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]note.Signer{"none": nil, "another": c.Keys.Editor} {
		c.DB.SetSigner(s)
		if _, err := c.DB.Append(raw, nil, storetest.Day); !errors.Is(err, store.ErrRefused) {
			t.Errorf("with %s key: %v", name, err)
		}
	}
	c.DB.SetSigner(c.Keys.Log)
	if _, ok := c.DB.Freshened(); ok {
		t.Error("it is fresh before its time")
	}
	wrong, err := ledger.NewCosigner(c.Keys.Editor.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.DB.Freshen(wrong, storetest.Day); !errors.Is(err, store.ErrRefused) {
		t.Errorf("freshened by the editor: %v", err)
	}
	fresh, err := ledger.NewCosigner(c.Keys.Fresh.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.DB.Freshen(fresh, storetest.Day); err != nil {
		t.Fatal(err)
	}
	reopen(t, c)
	if at, ok := c.DB.Freshened(); !ok || !at.Equal(storetest.Day) {
		t.Errorf("freshened at %v, %v", at, ok)
	}
	if err := c.DB.Freshen(fresh, storetest.Day); err != nil {
		t.Fatal(err)
	}
	later := storetest.Day.Add(time.Hour)
	if _, err := c.DB.Append(raw, nil, later); err != nil {
		t.Fatal(err)
	}
	if at, ok := c.DB.Freshened(); !ok || !at.Equal(later) {
		t.Errorf("after an append freshened at %v, %v", at, ok)
	}
	sound(t, c)
}
