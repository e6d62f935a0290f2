package library

import (
	"fmt"
	"slices"
	"time"

	"p2p.legal/peerfy/store/catalog"
)

// KeepPlace remembers where to go on with a track, cut to whole seconds, instead
// of what was remembered for it. Errors: ErrUnknown for what is no track or no
// place in one, ErrFull: the oldest place does not make way.
func (l *Library) KeepPlace(track string, at time.Duration) error {
	if err := checkTrack(track); err != nil {
		return err
	}
	if at < 0 || at > maxAt {
		return fmt.Errorf("%w: a place %v into a track", ErrUnknown, at)
	}
	return l.change(func(next *Library) error {
		next.Places = slices.DeleteFunc(next.Places, func(p Place) bool { return p.Track == track })
		next.Places = slices.Insert(next.Places, 0, Place{track, at.Truncate(time.Second)})
		return nil
	})
}

// DropPlace forgets the place in a track. Errors: ErrUnknown.
func (l *Library) DropPlace(track string) error {
	i := l.place(track)
	if i < 0 {
		return fmt.Errorf("%w: no place in this track", ErrUnknown)
	}
	return l.change(func(next *Library) error {
		next.Places = slices.Delete(next.Places, i, i+1)
		return nil
	})
}

func (l *Library) place(track string) int {
	return slices.IndexFunc(l.Places, func(p Place) bool { return p.Track == track })
}

// Follow adds an artist whose news after the log's index seen are wanted. One who
// is followed already stays as it is. Errors: ErrUnknown for what is no artist's
// slug or no index, ErrFull.
func (l *Library) Follow(slug string, seen int64) error {
	if !catalog.IsSlug(slug) || seen < 0 {
		return fmt.Errorf("%w: not an artist", ErrUnknown)
	}
	if l.follow(slug) >= 0 {
		return nil
	}
	return l.change(func(next *Library) error {
		next.Follows = append(next.Follows, Follow{slug, seen})
		return nil
	})
}

// Unfollow takes an artist away. Errors: ErrUnknown.
func (l *Library) Unfollow(slug string) error {
	i := l.follow(slug)
	if i < 0 {
		return fmt.Errorf("%w: an artist", ErrUnknown)
	}
	return l.change(func(next *Library) error {
		next.Follows = slices.Delete(next.Follows, i, i+1)
		return nil
	})
}

// Seen says that the news of a followed artist were seen up to the log's index. A
// smaller index than before changes nothing. Errors: ErrUnknown, ErrFull.
func (l *Library) Seen(slug string, index int64) error {
	i := l.follow(slug)
	if i < 0 {
		return fmt.Errorf("%w: an artist", ErrUnknown)
	}
	return l.change(func(next *Library) error {
		next.Follows[i].Seen = max(next.Follows[i].Seen, index)
		return nil
	})
}

func (l *Library) follow(slug string) int {
	return slices.IndexFunc(l.Follows, func(f Follow) bool { return f.Slug == slug })
}
