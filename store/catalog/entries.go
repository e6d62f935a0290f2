package catalog

import (
	"fmt"
	"slices"
	"strings"

	"p2p.legal/peerfy/store/ledger"
)

// Agreement is the sentence every artist entry carries: its author consents to
// a line that nobody can take back.
const Agreement = "I agree that this line stays public for ever."

// Artist is the body of an artist entry: everyone who can be paid has one. The
// first valid entry of a slug gives the payee its number; a later one of the
// same slug changes name, key or recipient.
//
// The serial is 0 in the first and one more in each that follows. So no two
// records of an artist are the same text, and whoever wants an earlier name or
// key back can sign it again, though a text takes effect only once.
type Artist struct {
	Slug      string `json:"slug"`
	Serial    int64  `json:"serial"` // one more than that of the record it replaces
	Name      string `json:"name"`
	Key       string `json:"key"`       // verifier key
	Recipient string `json:"recipient"` // age recipient, for the monthly statement
	Agrees    string `json:"agrees"`    // Agreement
}

// Release is the body of a release entry.
type Release struct {
	Artist   string   `json:"artist"`             // slug
	Manifest Hash     `json:"manifest"`           // SHA-256
	Size     int64    `json:"size"`               // bytes of the manifest
	Torrents []string `json:"torrents"`           // infohashes: masters, renditions
	Roots    []Hash   `json:"roots"`              // Manifest.Roots: what stays down after a withdrawal
	Replaces string   `json:"replaces,omitempty"` // id of an earlier release of the same artist
}

// Withdrawal is the body of a withdrawal entry. Its reason in words is never
// in the log: it goes to the right-holder and to the public board.
type Withdrawal struct {
	Release string `json:"release"`        // id
	Reason  string `json:"reason"`         // one of Reasons
	Lift    bool   `json:"lift,omitempty"` // by an editor: the hashes may be published again
}

// Reasons are the codes of a withdrawal.
var Reasons = []string{"right-holder", "dispute", "court", "law", "mistake"}

// ParseArtist reads and checks the body of an artist entry.
func ParseArtist(body []byte) (*Artist, error) {
	a := new(Artist)
	if err := ledger.UnmarshalCanonical(body, a); err != nil {
		return nil, err
	}
	return a, a.Check()
}

// Check says everything that is wrong with the entry's body.
func (a *Artist) Check() error {
	var p problems
	p.check(IsSlug(a.Slug), "the slug %q is not made of lower-case letters, digits and hyphens", clip(a.Slug))
	p.check(a.Serial >= 0, "the serial %d is negative", a.Serial)
	p.text("the name", a.Name, MaxName)
	p.key("the key", a.Key)
	p.check(isRecipient(a.Recipient), "the recipient is not an age1… key")
	p.check(a.Agrees == Agreement, "the entry does not carry the sentence %q", Agreement)
	return p.err()
}

// isRecipient checks the form only; royalty/seal seals to it and so knows.
func isRecipient(s string) bool {
	return len(s) <= 2200 && strings.HasPrefix(s, "age1") && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// ParseRelease reads and checks the body of a release entry.
func ParseRelease(body []byte) (*Release, error) {
	r := new(Release)
	if err := ledger.UnmarshalCanonical(body, r); err != nil {
		return nil, err
	}
	return r, r.Check()
}

// Check says everything that is wrong with the entry's body.
func (r *Release) Check() error {
	var p problems
	p.check(IsSlug(r.Artist), "the artist %q is not a slug", clip(r.Artist))
	p.check(r.Size > 0 && r.Size <= MaxManifest, "a manifest of %d bytes", r.Size)
	p.check(len(r.Torrents) == 2, "%d torrents instead of 2", len(r.Torrents))
	for _, t := range r.Torrents {
		p.check(infoPattern.MatchString(t), "the infohash %q", clip(t))
	}
	p.check(len(r.Roots) > 0, "the release names no files")
	sorted := slices.IsSortedFunc(r.Roots, func(a, b Hash) int { return slices.Compare(a[:], b[:]) })
	p.check(sorted && len(slices.Compact(slices.Clone(r.Roots))) == len(r.Roots), "the roots are not sorted and distinct")
	p.check(r.Replaces == "" || IsID(r.Replaces), "the replaced release %q", clip(r.Replaces))
	return p.err()
}

// ParseWithdrawal reads and checks the body of a withdrawal entry.
func ParseWithdrawal(body []byte) (*Withdrawal, error) {
	w := new(Withdrawal)
	if err := ledger.UnmarshalCanonical(body, w); err != nil {
		return nil, err
	}
	var p problems
	p.check(IsID(w.Release), "the release %q is not an id", clip(w.Release))
	p.check(slices.Contains(Reasons, w.Reason), "the reason %q is not one of %s", clip(w.Reason), strings.Join(Reasons, ", "))
	return w, p.err()
}

// TrackID is the name of track i (from 0) of a release in addresses and
// tallies: the release id, a hyphen, and the position from 1 in two or more
// digits.
func TrackID(release string, i int) string { return fmt.Sprintf("%s-%02d", release, i+1) }

// ParseTrackID is the inverse of TrackID.
func ParseTrackID(s string) (release string, i int, err error) {
	release, digits, _ := strings.Cut(s, "-")
	if _, err := fmt.Sscanf(digits, "%d", &i); err != nil || !IsID(release) || TrackID(release, i-1) != s || i < 1 {
		return "", 0, fmt.Errorf("%q is not the name of a track", clip(s))
	}
	return release, i - 1, nil
}

// FoldName is the form under which two display names count as the same.
func FoldName(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }
