// Package tally keeps what one pass played in one month, sealed: no times, no
// order, no address, only which works and how often.
//
// # What it promises
//
//   - To a listener: a record at rest tells nothing without the month's tally key,
//     and with that key it still tells nothing without either the signature of
//     the pass, which the host does not store, or the closing identity, which was
//     never on the host. So whoever seizes the machine cold, in the middle of the
//     month, learns how many passes there are and roughly how many works each
//     played; and once the month's keys are destroyed nobody learns even what
//     the closing identity could have opened.
//   - To the same listener: the pass opens its own record, so that it can be shown
//     and corrected. A correction is the whole truth for that pass, and what the
//     site had counted stays beside it, to go back to.
//   - To the treasurer: every record opens with the closing identity, and names
//     its pass with the signature and the recipient that make it good.
//   - To all of them: a record opens whole or is [ErrSealed]. One altered byte, a
//     record under another pass's name or in another month, another key: refused.
//
// # Why it is safe
//
// Layers from outside: AES-256-GCM under a key from the month's tally key and the
// record's name; inside, a random data key wrapped twice, with AES-256-GCM under
// a key from the pass's signature and with age to the closing recipient; and the
// tally under the data key. HKDF-SHA-256 makes the keys. Period and name are
// bound into each layer. See format.md.
//
// The signature is a good secret because a pass's RSA-PSS salt is random, 48
// bytes: not even the holder of the month's pass key can make the same signature
// twice. A suite without salt would break this.
//
// Nonces are random, 96 bits. That is safe while one key seals less than 2^32
// times (NIST SP 800-38D, section 8.3: a repeat is then less likely than 2^-32).
// No two records share a key, and a record is sealed once a play: a month has
// fewer than 2^22 seconds.
//
// Lengths: the tally is padded to a multiple of 1 KiB, a recipient always takes
// the room of the longest kind. So the length tells the number of works in steps
// of sixty, and that of a corrected tally counts both versions.
//
// # Limits
//
// While a pass listens its tally is open in memory. An older record of the same
// pass is as good as the newest: who can write the database can turn it back
// (the member's own correction and record are the remedy). Two signatures over one
// message are one pass with one name, but the record opens for the signature that
// made it. A pass with more than [MaxWorks] tracks in a month counts no further
// ones.
package tally

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Sentinels that callers branch on.
var (
	// ErrSealed says that a record does not open: another key, pass, month or
	// name, or altered bytes. Which of them cannot be told.
	ErrSealed = errors.New("the record does not open")

	// ErrWork says that a text names no work, or not one of the kind asked for.
	ErrWork = errors.New("not a work")

	// ErrFull says that the tally has MaxWorks works and takes no further one.
	ErrFull = errors.New("the tally is full")
)

const (
	// MaxWorks is the most entries of one pass in one month: its tracks and its
	// downloaded releases together.
	MaxWorks = 6000

	// MaxPlays is the most plays of one track by one pass in one month; further
	// ones are not counted. A month has 89,280 half minutes.
	MaxPlays = 1<<16 - 1

	// MaxRecord is more than any record has bytes.
	MaxRecord = 256 << 10

	// SignatureSize is the length of a pass's signature in bytes: RSA-2048.
	SignatureSize = 256
)

// Work is the name of what was played or downloaded, as the catalogue writes it:
// a track, "ID-01" to "ID-999", or a release as a whole, "ID", the id being 20
// characters of lower-case base32.
type Work string

const (
	idLen    = 20
	maxTrack = 999
)

// ParseWork reads a work's name in its one spelling, or answers ErrWork.
func ParseWork(s string) (Work, error) {
	if _, err := keyOf(Work(s)); err != nil {
		return "", err
	}
	return Work(s), nil
}

// Release is the id of the release that the work is or belongs to.
func (w Work) Release() string { return string(w[:min(len(w), idLen)]) }

// track is the position of a track from 1, and 0 for a release as a whole.
func (w Work) track() (int, error) {
	if len(w) < idLen || strings.Trim(w.Release(), alphabet) != "" {
		return 0, fmt.Errorf("%w: %.30q", ErrWork, string(w))
	}
	if len(w) == idLen {
		return 0, nil
	}
	n, err := strconv.Atoi(string(w[idLen+1:]))
	if err != nil || n < 1 || n > maxTrack || string(w[idLen:]) != fmt.Sprintf("-%02d", n) {
		return 0, fmt.Errorf("%w: %.30q", ErrWork, string(w))
	}
	return n, nil
}

// Count is what a work has: plays if it is a track, the mark of a download if it
// is a release.
type Count struct {
	Plays      int // 1 to MaxPlays
	Downloaded bool
}

// Tally is what one pass played in one month.
type Tally struct {
	Pass      [32]byte // the id: the message that the signature signs
	Signature [SignatureSize]byte
	Recipient string   // age recipient of the receipt; "" while the site was not given it
	Owner     [32]byte // SHA-256 of the owner word, given with the recipient

	Units     map[Work]Count // what counts: the member's correction if there is one
	Counted   map[Work]Count // what the site has counted
	Corrected bool           // Units is the member's own
	Sequence  uint64         // of the record; the highest is the newest
}
