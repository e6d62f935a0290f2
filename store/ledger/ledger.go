// Package ledger is the co-operative's memory: one append-only log of signed
// notes, that anybody can copy, re-check and prove things from.
//
// # What it promises
//
//   - To whoever signs: a signature covers exactly the text that was read. An
//     entry's text is two lines, its kind and one line of canonical JSON; there
//     is one way to write each, so nothing can be said in bytes that do not show.
//   - To whoever reads: what does not follow the format is refused, never
//     repaired. [ParseEntry], [ParseCheckpoint], [ParsePolicy], [ParseProof],
//     [ParseTilePath] and [ParseEntryBundle] are strict and size-limited, and
//     printing what they returned gives the same bytes back (for a policy: the
//     same bytes once comments and spare blanks are gone).
//   - To whoever follows the log: a host that rewrites, reorders, hides or rolls
//     back entries cannot do so unseen. [Follower] hands over only entries that
//     lie under a signed root that extends the root already held; everything
//     else is a [*SecurityError] with the evidence in it.
//   - To whoever replays: an entry that breaks the rules is void. It keeps its
//     place and has no effect, for everybody alike ([Decide], [Replay]).
//
// # Why it is safe
//
// Hashing and notes are those of golang.org/x/mod/sumdb, the formats those of
// C2SP, unchanged, so that independent programs check the same log. Ed25519 is
// the only signature algorithm. One key may sign notes and cosign checkpoints:
// the first lines of the two messages ("peerfy/…" or an origin, and
// "cosignature/v1") keep them apart, and signers made here refuse the second as
// the text of a note.
//
// Who may sign what is not decided here but by a [Judge], from the charter in
// force. This package knows no clock, no disk, no network: every function is
// one of its arguments, and [Memory], the one type that holds state, holds it in
// memory. The formats are set down in format.md beside this file.
package ledger

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Limits, in bytes unless said otherwise.
const (
	// MaxEntry is the longest entry, signatures included: what a tlog-tiles
	// entry bundle can carry.
	MaxEntry = 65535

	// MaxCheckpoint is the longest signed checkpoint, cosignatures included.
	MaxCheckpoint = 128 << 10

	// MaxSignatures is how many signature lines a note may have: as many as
	// golang.org/x/mod/sumdb/note reads.
	MaxSignatures = 100

	// MaxSize is the largest tree, in entries. It keeps the arithmetic on
	// stored hash indexes far from the edge of an int64.
	MaxSize = 1 << 40

	// maxName is the longest key name or origin, as in tlog-cosignature.
	maxName = 255
)

// Sentinels that callers branch on. All errors of this package that speak of
// bad input wrap one of them, or are a [*SecurityError] or a [*VoidError].
var (
	// ErrMalformed says that the input does not follow its format.
	ErrMalformed = errors.New("malformed")

	// ErrTooLarge says that the input is longer than its format allows.
	ErrTooLarge = errors.New("too large")

	// ErrUnsigned says that no valid signature by the wanted key is there.
	ErrUnsigned = errors.New("not signed by the expected key")

	// ErrQuorum says that too few of a policy's witnesses have cosigned.
	ErrQuorum = errors.New("not enough witnesses")

	// ErrProof says that an inclusion or consistency proof does not hold.
	ErrProof = errors.New("proof does not hold")

	// ErrNotInTree says that an index, a size or a tile lies beyond the tree.
	ErrNotInTree = errors.New("not in the tree")
)

// A SecurityError says that a source has shown something that an honest log
// cannot show. Whoever meets one stops following that source and says so aloud.
type SecurityError struct {
	Source   string   // who showed it, as the caller named them
	Reason   string   // one sentence
	Evidence [][]byte // what they showed: signed checkpoints, tiles, entries
}

// Error names the source and what it did.
func (e *SecurityError) Error() string {
	return fmt.Sprintf("SECURITY: %s: %s", e.Source, e.Reason)
}

// malformed wraps ErrMalformed with what is wrong.
func malformed(format string, args ...any) error {
	return fmt.Errorf("%w %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// checkText reports why s cannot stand in a line that somebody signs: it must
// be valid UTF-8 and must show on one line, in the order of its bytes. So no
// control characters, no line or paragraph separators, and none of the marks
// that turn the reading direction around.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return malformed("text: not UTF-8")
	}
	for _, r := range s {
		if !shows(r) {
			return malformed("text: character %U is not allowed", r)
		}
	}
	return nil
}

// shows reports whether r may stand in signed text.
func shows(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return false
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return false
	}
	return true
}
