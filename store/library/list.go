package library

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"p2p.legal/peerfy/store/catalog"
)

// NewList adds an empty list. Errors: ErrName, ErrFull.
func (l *Library) NewList(name string) (List, error) {
	if err := checkName(name); err != nil {
		return List{}, err
	}
	one := List{ID: l.newID(), Name: name}
	err := l.change(func(next *Library) error {
		next.Lists = append(next.Lists, one)
		return nil
	})
	if err != nil {
		return List{}, err
	}
	return one, nil
}

// Rename gives a list another name. Errors: ErrName, ErrUnknown, ErrFull.
func (l *Library) Rename(id, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return l.changeList(id, func(one *List) error {
		one.Name = name
		return nil
	})
}

// DropList takes a list away. Errors: ErrUnknown.
func (l *Library) DropList(id string) error {
	return l.change(func(next *Library) error {
		i, err := next.find(id)
		if err != nil {
			return err
		}
		next.Lists = slices.Delete(next.Lists, i, i+1)
		return nil
	})
}

// Add puts tracks at the end of a list, all or none, even those that are in it
// already. Errors: ErrUnknown, ErrFull.
func (l *Library) Add(id string, tracks ...string) error {
	for _, track := range tracks {
		if err := checkTrack(track); err != nil {
			return err
		}
	}
	return l.changeList(id, func(one *List) error {
		one.Tracks = append(one.Tracks, tracks...)
		return nil
	})
}

// Move lets the track at a position, counted from 0, change places with the one
// before it (by is -1) or after it (by is 1). Errors: ErrUnknown, also at the ends
// of the list.
func (l *Library) Move(id string, position, by int) error {
	return l.changeList(id, func(one *List) error {
		if by != -1 && by != 1 || !one.has(position) || !one.has(position+by) {
			return fmt.Errorf("%w: moving a track that cannot go there", ErrUnknown)
		}
		t := one.Tracks
		t[position], t[position+by] = t[position+by], t[position]
		return nil
	})
}

// Remove takes the track at a position, counted from 0, out of a list. Errors:
// ErrUnknown.
func (l *Library) Remove(id string, position int) error {
	return l.changeList(id, func(one *List) error {
		if !one.has(position) {
			return fmt.Errorf("%w: position %d", ErrUnknown, position)
		}
		one.Tracks = slices.Delete(one.Tracks, position, position+1)
		return nil
	})
}

// Version is a short name for the tracks of a list in their order, 12 hexadecimal
// digits: a form that carries it was made for the same positions.
func (one List) Version() string {
	sum := sha256.Sum256([]byte(strings.Join(one.Tracks, "\n")))
	return hex.EncodeToString(sum[:6])
}

func (one *List) has(position int) bool { return position >= 0 && position < len(one.Tracks) }

func (l *Library) changeList(id string, edit func(*List) error) error {
	return l.change(func(next *Library) error {
		i, err := next.find(id)
		if err != nil {
			return err
		}
		return edit(&next.Lists[i])
	})
}

func (l *Library) find(id string) (int, error) {
	i := slices.IndexFunc(l.Lists, func(one List) bool { return one.ID == id })
	if i < 0 {
		return 0, fmt.Errorf("%w: a list", ErrUnknown)
	}
	return i, nil
}

var (
	base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567")
	listID      = regexp.MustCompile(`^[a-z2-7]{8}$`)
)

// newID draws an id that no list of l has.
func (l *Library) newID() string {
	for {
		var b [5]byte
		rand.Read(b[:]) // never fails
		id := base32Lower.EncodeToString(b[:])
		if _, err := l.find(id); err != nil {
			return id
		}
	}
}

func checkName(name string) error {
	if err := catalog.CheckText(name, MaxName); err != nil {
		return fmt.Errorf("%w: it %w", ErrName, err)
	}
	return nil
}

func checkTrack(track string) error {
	if !isTrack(track) {
		return fmt.Errorf("%w: not the name of a track", ErrUnknown)
	}
	return nil
}

func isTrack(s string) bool {
	_, _, err := catalog.ParseTrackID(s)
	return err == nil
}
