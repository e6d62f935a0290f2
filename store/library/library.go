// Package library keeps a member's own shelf: lists of tracks, the places where
// to go on listening, the artists followed.
//
// A library belongs to whoever holds its code, and to nothing else. Neither an
// account nor a pass stands in it or beside it: the database keeps it under a
// [Name] that is derived from the code alone, closed by [Seal] with a key that is
// derived from the code alone. A server that is seized while nobody listens knows
// how many libraries there are and, in steps of 4 KiB, how long they are. While
// its owner has it open the running server can read it; a lost code cannot be
// replaced; and a server that puts an older state of a library back is not found
// out, because nothing outside the sealed bytes remembers the newer one.
//
// Each operation that is refused leaves the library as it was. Nothing is thrown
// away to make room: what is full stays full until its owner takes something out.
// Tracks and artists are names here; whether they exist is for the catalogue to
// say, and those that were withdrawn may stay on a shelf.
//
// What comes out is made to be taken elsewhere: [Library.Encode] is the file of a
// whole library, [WriteM3U8] and [WriteXSPF] those of one list, and
// [Library.Import] takes all three, of this site or of a mirror. The formats are
// in format.md.
//
// A Library is not safe for use by several goroutines at once.
package library

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Refusals that callers tell apart.
var (
	ErrFull      = errors.New("the library is full")
	ErrName      = errors.New("not a name")
	ErrUnknown   = errors.New("no such list, track or artist")
	ErrMalformed = errors.New("not a library")
	ErrSealed    = errors.New("does not open")
)

// Limits. What goes beyond one of those of size is refused with [ErrFull].
const (
	MaxName    = 100       // bytes of a list's name
	MaxBytes   = 250 << 10 // bytes of an encoded library
	MaxLists   = 100
	MaxTracks  = 1000 // of one list
	MaxPlaces  = 500
	MaxFollows = 500

	maxAt = 48 * time.Hour // the longest track of the catalogue
)

// Library is all that one code opens. Its zero value is empty and ready for use.
type Library struct {
	Lists   []List   // in the order of their making
	Places  []Place  // the newest first, at most one for each track
	Follows []Follow // in the order of their beginning, at most one for each artist
}

// List is a list of tracks under a name. Neither a name nor a track in it need be
// the only one.
type List struct {
	ID     string   // 8 characters of lower-case base32, drawn at random
	Name   string   // as catalog.CheckText wants it, at most MaxName bytes
	Tracks []string // as catalog.TrackID names them
}

// Place is where to go on with a track.
type Place struct {
	Track string
	At    time.Duration // from the track's beginning, whole seconds, at most 48 hours
}

// Follow is an artist whose news a member wants to see.
type Follow struct {
	Slug string
	Seen int64 // index of the log's last entry whose news were seen
}

// change puts an edited copy of l in its place, or leaves l as it was.
func (l *Library) change(edit func(next *Library) error) error {
	next := l.clone()
	if err := edit(next); err != nil {
		return err
	}
	if err := next.fits(len(next.Encode())); err != nil {
		return err
	}
	*l = *next
	return nil
}

func (l *Library) clone() *Library {
	next := &Library{slices.Clone(l.Lists), slices.Clone(l.Places), slices.Clone(l.Follows)}
	for i := range next.Lists {
		next.Lists[i].Tracks = slices.Clone(next.Lists[i].Tracks)
	}
	return next
}

// fits says which limit a library of so many encoded bytes goes beyond.
func (l *Library) fits(size int) error {
	for _, one := range l.Lists {
		if len(one.Tracks) > MaxTracks {
			return fmt.Errorf("%w: a list of %d tracks", ErrFull, len(one.Tracks))
		}
	}
	switch {
	case len(l.Lists) > MaxLists:
		return fmt.Errorf("%w: %d lists", ErrFull, len(l.Lists))
	case len(l.Places) > MaxPlaces:
		return fmt.Errorf("%w: %d places", ErrFull, len(l.Places))
	case len(l.Follows) > MaxFollows:
		return fmt.Errorf("%w: %d artists", ErrFull, len(l.Follows))
	case size > MaxBytes:
		return fmt.Errorf("%w: %d bytes", ErrFull, size)
	}
	return nil
}
