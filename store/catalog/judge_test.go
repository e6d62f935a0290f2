package catalog_test

import (
	"errors"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// wantVoid checks that an entry is void for a reason that holds the words, and
// that the catalogue is what it was.
func wantVoid(t *testing.T, c *coop, e *ledger.Entry, words string) {
	t.Helper()
	before := c.state.Charter()
	err := c.add(e)
	var void *ledger.VoidError
	if !errors.As(err, &void) || !strings.Contains(void.Reason, words) {
		t.Errorf("%s: got %v, want a void entry because of %q", e.Kind, err, words)
	}
	if c.state.Charter() != before {
		t.Error("a void entry changed the charter")
	}
}

func TestFirstEntryIsTheCharter(t *testing.T) {
	c := newCoop(t)
	wantVoid(t, c, c.entry(ledger.KindArtist, c.artist("brume", "Brume"), "brume", "editor"), "no charter")
	// Entry 0 is spent: a charter at entry 1 founds nothing.
	wantVoid(t, c, c.entry(ledger.KindCharter, c.charter, "root"), "stands at entry 1")
	c = newCoop(t)
	wantVoid(t, c, c.entry(ledger.KindCharter, c.charter, "editor"), "own root keys")
}

func TestLaterCharterNeedsTheQuorumBefore(t *testing.T) {
	c := founded(t)
	next := *c.charter
	next.Fee.Cents = 900
	wantVoid(t, c, c.entry(ledger.KindCharter, next, "editor", "treasurer"), "root keys of the charter before")

	// Two of three from now on; one alone can no longer change the rules.
	c.key("root2")
	c.key("root3")
	next.Keys.Root = catalog.RootKeys{Threshold: 2, Keys: []string{c.vkeys["root"], c.vkeys["root2"], c.vkeys["root3"]}}
	c.must(c.entry(ledger.KindCharter, next, "root"))
	last := next
	last.Fee.Cents = 1000
	wantVoid(t, c, c.entry(ledger.KindCharter, last, "root"), "needs 2")
	c.must(c.entry(ledger.KindCharter, last, "root", "root3"))

	moved := last
	moved.Origin = "autre/ledger"
	wantVoid(t, c, c.entry(ledger.KindCharter, moved, "root", "root2"), "origin cannot change")
	rekeyed := last
	rekeyed.Keys.Log = c.vkeys["stranger"]
	wantVoid(t, c, c.entry(ledger.KindCharter, rekeyed, "root", "root2"), "succession")
	rekeyed.Succession = &catalog.Succession{OldKey: last.Keys.Log, Size: 3, Root: catalog.Hash{1}}
	c.must(c.entry(ledger.KindCharter, rekeyed, "root", "root2"))
}

func TestArtistSignatures(t *testing.T) {
	c := founded(t)
	c.key("dune")
	dune := c.artist("dune", "Dune")
	wantVoid(t, c, c.entry(ledger.KindArtist, dune, "dune"), "signature of an editor")
	wantVoid(t, c, c.entry(ledger.KindArtist, dune, "editor"), "signature of the artist")
	wantVoid(t, c, c.entry(ledger.KindArtist, dune, "editor", "brume"), "signature of the artist")
	taken := dune
	taken.Name = "le  PHARE"
	wantVoid(t, c, c.entry(ledger.KindArtist, taken, "editor", "dune"), "belongs to phare")
	silent := dune
	silent.Agrees = "yes"
	wantVoid(t, c, c.entry(ledger.KindArtist, silent, "editor", "dune"), "sentence")
	c.must(c.entry(ledger.KindArtist, dune, "editor", "dune"))
	if a, _ := c.state.Artist("dune"); a.Number != 2 {
		t.Errorf("dune has number %d, want 2: void entries give no number", a.Number)
	}
}

func TestArtistKeyChange(t *testing.T) {
	c := founded(t)
	changed := c.again("brume", "Brume")
	changed.Key = c.vkeys["stranger"]
	wantVoid(t, c, c.entry(ledger.KindArtist, changed, "stranger", "editor"), "old key")
	c.must(c.entry(ledger.KindArtist, changed, "brume", "editor"))
	// The key is lost: root and editor together give a new one.
	again := c.again("brume", "Brume again")
	c.must(c.entry(ledger.KindArtist, again, "root", "editor"))
	if a, _ := c.state.Artist("brume"); a.Number != 0 || a.Key != c.vkeys["brume"] {
		t.Errorf("brume is number %d with key %s", a.Number, a.Key)
	}
}

// TestArtistSerial: each record of an artist says which one it is, so that an
// earlier name and key can be signed again, and none can be skipped or repeated.
func TestArtistSerial(t *testing.T) {
	c := founded(t)
	c.key("dune")
	early := c.artist("dune", "Dune")
	early.Serial = 1
	wantVoid(t, c, c.entry(ledger.KindArtist, early, "editor", "dune"), "its serial is 1, not 0")
	early.Serial = -1
	wantVoid(t, c, c.entry(ledger.KindArtist, early, "editor", "dune"), "negative")

	same := c.artist("brume", "Brume et Cie")
	wantVoid(t, c, c.entry(ledger.KindArtist, same, "brume", "editor"), "its serial is 0, not 1")
	same.Serial = 2
	skipped := c.entry(ledger.KindArtist, same, "brume", "editor")
	wantVoid(t, c, skipped, "its serial is 2, not 1")

	c.must(c.entry(ledger.KindArtist, c.again("brume", "Brume et Cie"), "brume", "editor"))
	c.must(c.entry(ledger.KindArtist, c.again("brume", "Brume"), "brume", "editor"))
	back, _ := c.state.Artist("brume")
	if back.Name != "Brume" || back.Key != c.vkeys["brume"] || back.Serial != 2 || back.Number != 0 {
		t.Errorf("the earlier record does not come back: %+v", back)
	}
	wantVoid(t, c, skipped, "its serial is 2, not 3")
}

func TestReleaseSignatures(t *testing.T) {
	c := founded(t)
	r := release("brume", 1, 2)
	wantVoid(t, c, c.entry(ledger.KindRelease, r, "brume"), "editor")
	wantVoid(t, c, c.entry(ledger.KindRelease, r, "editor"), "artist")
	wantVoid(t, c, c.entry(ledger.KindRelease, r, "phare", "editor"), "artist")
	wantVoid(t, c, c.entry(ledger.KindRelease, release("nobody", 1), "brume", "editor"), "not in the log")
	unsorted := release("brume", 2, 1)
	wantVoid(t, c, c.entry(ledger.KindRelease, unsorted, "brume", "editor"), "sorted")
	e := c.must(c.entry(ledger.KindRelease, r, "brume", "editor"))
	wantVoid(t, c, c.entry(ledger.KindRelease, r, "editor", "brume"), "stands in the log already, at entry 8")

	other := release("phare", 7)
	other.Replaces = e.ID()
	wantVoid(t, c, c.entry(ledger.KindRelease, other, "phare", "editor"), "no release of this artist")
	better := release("brume", 9)
	better.Replaces = e.ID()
	n := c.must(c.entry(ledger.KindRelease, better, "brume", "editor"))
	if old, _ := c.state.Release(e.ID()); old.Replaced != n.ID() {
		t.Error("the old release does not name the one that replaces it")
	}
}

func TestWithdrawnStaysDown(t *testing.T) {
	c := founded(t)
	e := c.must(c.entry(ledger.KindRelease, release("brume", 1, 2), "brume", "editor"))
	w := catalog.Withdrawal{Release: e.ID(), Reason: "right-holder"}
	wantVoid(t, c, c.entry(ledger.KindWithdrawal, w, "phare"), "artist or of an editor")
	wantVoid(t, c, c.entry(ledger.KindWithdrawal, catalog.Withdrawal{Release: strings.Repeat("z", 20), Reason: "law"}, "editor"), "no release")
	wantVoid(t, c, c.entry(ledger.KindWithdrawal, catalog.Withdrawal{Release: e.ID(), Reason: "mood"}, "editor"), "reason")
	c.must(c.entry(ledger.KindWithdrawal, w, "brume"))
	other := catalog.Withdrawal{Release: e.ID(), Reason: "court"}
	wantVoid(t, c, c.entry(ledger.KindWithdrawal, other, "editor"), "withdrawn already")

	// One file of it, published by somebody else, is refused.
	wantVoid(t, c, c.entry(ledger.KindRelease, release("phare", 2, 3), "phare", "editor"), "stays down")
	// The same right-holder may publish again.
	c.must(c.entry(ledger.KindRelease, release("brume", 2, 4), "brume", "editor"))

	lift := catalog.Withdrawal{Release: e.ID(), Reason: "mistake", Lift: true}
	wantVoid(t, c, c.entry(ledger.KindWithdrawal, lift, "brume"), "only an editor")
	c.must(c.entry(ledger.KindWithdrawal, lift, "editor"))
	c.must(c.entry(ledger.KindRelease, release("phare", 2, 3), "phare", "editor"))
}

// TestReplayedEntriesAreVoid appends entries a second time, as whoever holds
// the log's key could: none brings back what its signers have replaced.
func TestReplayedEntriesAreVoid(t *testing.T) {
	c := founded(t)
	genesis := c.entry(ledger.KindCharter, c.charter, "root")
	dearer := *c.charter
	dearer.Fee.Cents = 900
	c.must(c.entry(ledger.KindCharter, dearer, "root"))
	wantVoid(t, c, genesis, "stands in the log already, at entry 0")

	first := c.entry(ledger.KindArtist, c.artist("brume", "Brume"), "brume", "editor")
	c.must(c.entry(ledger.KindArtist, c.again("brume", "Brume et Cie"), "brume", "editor"))
	wantVoid(t, c, first, "at entry 1")
	if a, _ := c.state.Artist("brume"); a.Name != "Brume et Cie" {
		t.Errorf("the name is %q again", a.Name)
	}

	e := c.must(c.entry(ledger.KindRelease, release("brume", 1, 2), "brume", "editor"))
	withdrawal := catalog.Withdrawal{Release: e.ID(), Reason: "right-holder"}
	c.must(c.entry(ledger.KindWithdrawal, withdrawal, "brume"))
	lift := c.must(c.entry(ledger.KindWithdrawal, catalog.Withdrawal{Release: e.ID(), Reason: "mistake", Lift: true}, "editor"))
	wantVoid(t, c, c.entry(ledger.KindWithdrawal, withdrawal, "brume"), "stands in the log already")
	wantVoid(t, c, lift, "stands in the log already")
	wantVoid(t, c, e, "stands in the log already")
}

// TestVoidTextMayComeAgain: only valid entries stand, so that what lacked a
// signature can be appended complete, by whatever hands in whatever order.
func TestVoidTextMayComeAgain(t *testing.T) {
	c := founded(t)
	r := release("brume", 1)
	wantVoid(t, c, c.entry(ledger.KindRelease, r, "brume"), "editor")
	e := c.must(c.entry(ledger.KindRelease, r, "brume", "editor"))
	wantVoid(t, c, c.entry(ledger.KindRelease, r, "editor", "brume", "stranger"), "at entry 4")
	if i, ok := c.state.Stands(e.ID()); !ok || i != 4 {
		t.Errorf("it stands at %d, %t", i, ok)
	}
}

func TestUnknownAndUnjudgedKinds(t *testing.T) {
	c := founded(t)
	if err := c.add(c.entry("concert", map[string]string{"where": "Nantes"}, "stranger")); err != nil {
		t.Errorf("an unknown kind is void: %v", err)
	}
	wantVoid(t, c, c.entry(ledger.KindMirror, map[string]string{"onion": "x"}, "stranger"), "does not judge")
}

func TestUnknownFieldsAreRefused(t *testing.T) {
	c := founded(t)
	body := map[string]any{"release": strings.Repeat("a", 20), "reason": "law", "note": "quietly"}
	wantVoid(t, c, c.entry(ledger.KindWithdrawal, body, "editor"), "note")
}

// TestStayDownHasOneOwner: two artists published the same file; who withdrew it
// first keeps it down, and the other's lift does not free it.
func TestStayDownHasOneOwner(t *testing.T) {
	c := founded(t)
	first := c.must(c.entry(ledger.KindRelease, release("brume", 1, 2), "brume", "editor"))
	second := c.must(c.entry(ledger.KindRelease, release("phare", 2, 3), "phare", "editor"))
	for _, e := range []*ledger.Entry{first, second} {
		c.must(c.entry(ledger.KindWithdrawal, catalog.Withdrawal{Release: e.ID(), Reason: "dispute"}, "editor"))
	}
	c.must(c.entry(ledger.KindWithdrawal, catalog.Withdrawal{Release: second.ID(), Reason: "mistake", Lift: true}, "editor"))
	wantVoid(t, c, c.entry(ledger.KindRelease, release("phare", 2, 4), "phare", "editor"), "stays down")
	c.must(c.entry(ledger.KindRelease, release("phare", 3, 4), "phare", "editor"))
}
