package catalog

import (
	"fmt"

	"p2p.legal/peerfy/store/ledger"
)

// View is the state of the catalogue before the entry being judged. The store
// answers from its database, a replay from memory (State).
type View interface {
	// Charter is the one in force, nil before the first.
	Charter() *Charter
	// Artist is the current record of a slug.
	Artist(slug string) (ArtistRecord, bool)
	// Named reports which slug has that display name, if any.
	Named(name string) (slug string, ok bool)
	// Payees is how many artists have a number.
	Payees() int
	// Release is the record of a release id, withdrawn or not.
	Release(id string) (ReleaseRecord, bool)
	// StayDown names the artist whose withdrawn work has this pieces root.
	StayDown(root Hash) (artist string, ok bool)
	// Opening is the record of a period that was opened.
	Opening(period string) (OpeningRecord, bool)
	// MonthKey names the period whose opening has this key: one of
	// Opening.MonthKeys.
	MonthKey(key string) (period string, ok bool)
	// Stands reports at which index a valid entry with this id, that of its
	// signed text, stands. Entries of unknown kinds need not be counted.
	Stands(id string) (index int64, ok bool)
}

// ArtistRecord is an artist with the number payees are counted by.
type ArtistRecord struct {
	Artist
	Number int   // from 0, in the order of the log
	Index  int64 // of the entry in force
}

// ReleaseRecord is a release and what became of it.
type ReleaseRecord struct {
	Release
	ID        string
	Index     int64  // of its entry
	Withdrawn string // the reason's code, empty while it is visible
	Replaced  string // id of the release that took its place
}

// Change is what a valid entry does to the catalogue: beside ID and Index,
// which say where it stands from now on, exactly one field is set.
type Change struct {
	ID    string // of the entry: ledger.Entry.ID
	Index int64

	Charter    *Charter
	Artist     *ArtistRecord
	Release    *ReleaseRecord
	Withdrawal *Withdrawal
	Opening    *OpeningRecord
	Unknown    bool // a kind of a later version: kept, shown as unknown, without effect
}

// Judge decides what the entry at index does to the catalogue that v shows. A
// *ledger.VoidError says why it does nothing; no other error is returned.
func Judge(v View, index int64, e *ledger.Entry) (Change, error) {
	ch, err := judge(v, index, e)
	if err != nil {
		return Change{}, &ledger.VoidError{Reason: err.Error()}
	}
	ch.ID, ch.Index = e.ID(), index
	return ch, nil
}

func judge(v View, index int64, e *ledger.Entry) (Change, error) {
	if v.Charter() == nil && e.Kind != ledger.KindCharter {
		return Change{}, fmt.Errorf("there is no charter before this %s", e.Kind)
	}
	if !e.Known {
		return Change{Unknown: true}, nil
	}
	// What was signed once was meant once. Else whoever holds the log's key could
	// bring back rules, keys and names that their signers have since replaced.
	if at, ok := v.Stands(e.ID()); ok {
		return Change{}, fmt.Errorf("it stands in the log already, at entry %d", at)
	}
	switch {
	case e.Kind == ledger.KindCharter:
		return judgeCharter(v, index, e)
	case e.Kind == ledger.KindArtist:
		return judgeArtist(v, index, e)
	case e.Kind == ledger.KindRelease:
		return judgeRelease(v, index, e)
	case e.Kind == ledger.KindWithdrawal:
		return judgeWithdrawal(v, e)
	case e.Kind == ledger.KindOpening:
		return judgeOpening(v, index, e)
	}
	return Change{}, fmt.Errorf("this version does not judge entries of the kind %s", e.Kind)
}

func judgeCharter(v View, index int64, e *ledger.Entry) (Change, error) {
	c, err := ParseCharter(e.Body)
	if err != nil {
		return Change{}, err
	}
	prev := v.Charter()
	if prev == nil {
		if index != 0 {
			return Change{}, fmt.Errorf("the first charter stands at entry %d, not 0", index)
		}
		if !c.quorum(e) {
			return Change{}, fmt.Errorf("the first charter lacks the signatures of its own root keys")
		}
		return Change{Charter: c}, nil
	}
	if !prev.quorum(e) {
		return Change{}, fmt.Errorf("a later charter needs %d of the root keys of the charter before it", prev.Keys.Root.Threshold)
	}
	return Change{Charter: c}, prev.follows(c)
}

func judgeArtist(v View, index int64, e *ledger.Entry) (Change, error) {
	a, err := ParseArtist(e.Body)
	if err != nil {
		return Change{}, err
	}
	c := v.Charter()
	if !c.editor(e) {
		return Change{}, fmt.Errorf("an artist entry needs the signature of an editor")
	}
	if owner, ok := v.Named(a.Name); ok && owner != a.Slug {
		return Change{}, fmt.Errorf("the name %q belongs to %s", clip(a.Name), owner)
	}
	old, known := v.Artist(a.Slug)
	switch {
	case !known && !signed(e, a.Key):
		return Change{}, fmt.Errorf("a new artist's entry needs the signature of the artist")
	case known && !signed(e, old.Key) && !c.quorum(e):
		return Change{}, fmt.Errorf("%s can only be changed with the old key, or by the root keys", a.Slug)
	}
	rec := &ArtistRecord{Artist: *a, Number: v.Payees(), Index: index}
	if !known {
		return Change{Artist: rec}, checkSerial(a.Serial, 0)
	}
	rec.Number = old.Number
	return Change{Artist: rec}, checkSerial(a.Serial, old.Serial+1)
}

func checkSerial(got, want int64) error {
	if got != want {
		return fmt.Errorf("its serial is %d, not %d: the first record has 0, each later one 1 more than the one it replaces", got, want)
	}
	return nil
}

func judgeRelease(v View, index int64, e *ledger.Entry) (Change, error) {
	r, err := ParseRelease(e.Body)
	if err != nil {
		return Change{}, err
	}
	artist, ok := v.Artist(r.Artist)
	switch {
	case !ok:
		return Change{}, fmt.Errorf("the artist %s is not in the log", clip(r.Artist))
	case !signed(e, artist.Key):
		return Change{}, fmt.Errorf("a release needs the signature of its artist")
	case !v.Charter().editor(e):
		return Change{}, fmt.Errorf("a release needs the signature of an editor")
	}
	if r.Replaces != "" {
		if old, ok := v.Release(r.Replaces); !ok || old.Artist != r.Artist {
			return Change{}, fmt.Errorf("it replaces %s, which is no release of this artist", clip(r.Replaces))
		}
	}
	for _, root := range r.Roots {
		if owner, down := v.StayDown(root); down && owner != r.Artist {
			return Change{}, fmt.Errorf("the file %s was withdrawn by %s and stays down", root, owner)
		}
	}
	return Change{Release: &ReleaseRecord{Release: *r, ID: e.ID(), Index: index}}, nil
}

func judgeWithdrawal(v View, e *ledger.Entry) (Change, error) {
	w, err := ParseWithdrawal(e.Body)
	if err != nil {
		return Change{}, err
	}
	r, ok := v.Release(w.Release)
	if !ok {
		return Change{}, fmt.Errorf("there is no release %s to withdraw", w.Release)
	}
	editor := v.Charter().editor(e)
	if w.Lift {
		if r.Withdrawn == "" || !editor {
			return Change{}, fmt.Errorf("only an editor lifts a withdrawal, and %s must be withdrawn", w.Release)
		}
		return Change{Withdrawal: w}, nil
	}
	artist, _ := v.Artist(r.Artist)
	switch {
	case r.Withdrawn != "":
		return Change{}, fmt.Errorf("the release %s is withdrawn already", w.Release)
	case !editor && !signed(e, artist.Key):
		return Change{}, fmt.Errorf("a withdrawal needs the signature of the artist or of an editor")
	}
	return Change{Withdrawal: w}, nil
}
