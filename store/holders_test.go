package store_test

import (
	"fmt"
	"slices"
	"testing"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/storetest"
)

func wantHolders(t *testing.T, db *store.DB, root catalog.Hash, want ...string) {
	t.Helper()
	if got, err := db.Holders(root); err != nil || !slices.Equal(got, want) {
		t.Errorf("%s is held by %q, %v, wanted %q", root, got, err, want)
	}
}

// TestHolders asks for files by their roots while works come, are replaced and
// go.
func TestHolders(t *testing.T) {
	c := storetest.New(t)
	first := c.Add(t, storetest.Work{Title: "First", Seed: "same"})
	second := c.Add(t, storetest.Work{Title: "Second", Seed: "same"})
	other := c.Add(t, storetest.Work{Title: "Other"})
	m, err := c.DB.Manifest(first)
	if err != nil {
		t.Fatal(err)
	}
	shared, text := m.Tracks[0].Master.Root, m.Texts[1].Root
	wantHolders(t, c.DB, shared, second, first)
	wantHolders(t, c.DB, text, first)
	wantHolders(t, c.DB, catalog.Hash{1})
	near := shared
	near[31] ^= 1 // the first 8 bytes are not the root
	wantHolders(t, c.DB, near)

	// What was replaced still has its page, and so its files.
	third := c.Add(t, storetest.Work{Title: "Third", Seed: "same", Replaces: second})
	wantHolders(t, c.DB, shared, third, second, first)
	if err := c.Withdraw(second, "mistake"); err != nil {
		t.Fatal(err)
	}
	wantHolders(t, c.DB, shared, third, first)
	for _, id := range []string{first, third, other} {
		if err := c.Withdraw(id, "mistake"); err != nil {
			t.Fatal(err)
		}
	}
	wantHolders(t, c.DB, shared)
	sound(t, c)
	if err := store.Rebuild(c.Dir); err != nil {
		t.Fatal(err)
	}
	c.DB = open(t, c.Dir)
	wantHolders(t, c.DB, shared)
	sound(t, c)
}

// TestHoldersOfMany finds every file of more works than one block of the index
// covers, before and after a rebuild.
func TestHoldersOfMany(t *testing.T) {
	c := storetest.New(t)
	if err := storetest.Fill(c, 300); err != nil {
		t.Fatal(err)
	}
	says := eachHolder(t, c.DB)
	if err := c.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Rebuild(c.Dir); err != nil {
		t.Fatal(err)
	}
	c.DB = open(t, c.Dir)
	defer c.DB.Close()
	if eachHolder(t, c.DB) != says {
		t.Error("the index says something else after the rebuild")
	}
}

// eachHolder checks that every release is found by each of its files.
func eachHolder(t *testing.T, db *store.DB) (says string) {
	t.Helper()
	cards, _, _, err := db.List(store.Filter{}, store.Newest, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, card := range cards {
		m, err := db.Manifest(card.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range m.Files() {
			ids, err := db.Holders(f.Root)
			if err != nil || !slices.Contains(ids, card.ID) {
				t.Errorf("%s of %s is held by %q, %v", f.Path, card.ID, ids, err)
			}
			says += fmt.Sprint(ids)
		}
	}
	return says
}
