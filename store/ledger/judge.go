package ledger

import (
	"errors"
	"fmt"
)

// Judge decides, from the entries before it, whether an entry has effect: who
// must have signed it, what it may say. Its answer depends on nothing else, so
// that everybody who replays the log comes to the same state.
//
// Entries come in order, each once, from index 0. When the answer is nil the
// judge counts the entry as in force. It answers [*VoidError] when the entry
// has no effect; any other error means that it could not decide, and stops the
// replay.
type Judge interface {
	Judge(index int64, e *Entry) error
}

// VoidError says why an entry has no effect. It is one sentence that is
// published beside the entry, for ever.
type VoidError struct{ Reason string }

// Error says that the entry is void, and why.
func (e *VoidError) Error() string { return "void: " + e.Reason }

// Void is an entry that is in the log and has no effect.
type Void struct {
	Index  int64
	Reason string
}

// Decide parses what stands, or is to stand, at index and asks the judge. The
// entry is nil when it cannot be parsed, which makes it void too. A host appends
// only when the error is nil; a replay goes on after a [*VoidError].
func Decide(index int64, raw []byte, j Judge) (*Entry, error) {
	e, err := ParseEntry(raw)
	if err != nil {
		return nil, &VoidError{Reason: err.Error()}
	}
	return e, j.Judge(index, e)
}

// Replay lets the judge see the entries from index first on, and returns those
// that are void. It stops with an error only when the judge cannot decide.
func Replay(first int64, entries [][]byte, j Judge) ([]Void, error) {
	var voids []Void
	for i, raw := range entries {
		index := first + int64(i)
		_, err := Decide(index, raw, j)
		if v, ok := errors.AsType[*VoidError](err); ok {
			voids = append(voids, Void{Index: index, Reason: v.Reason})
			continue
		}
		if err != nil {
			return voids, fmt.Errorf("replaying entry %d: %w", index, err)
		}
	}
	return voids, nil
}
