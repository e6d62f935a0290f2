package library

import (
	"fmt"
	"slices"
)

// Merge brings another library in, whole or not at all. Its lists are appended:
// one whose name is taken becomes "name (2)", one whose id is taken gets another.
// Places and artists are united: of two places in one track l's own stays, of two
// looks at one artist's news the later counts. What l holds stays as it is.
// Errors: ErrFull.
func (l *Library) Merge(other *Library) error {
	return l.change(func(next *Library) error {
		for _, one := range other.Lists {
			one.Name = next.freeName(one.Name)
			if _, err := next.find(one.ID); err == nil || one.ID == "" {
				one.ID = next.newID()
			}
			next.Lists = append(next.Lists, one)
		}
		for _, p := range other.Places {
			if next.place(p.Track) < 0 {
				next.Places = append(next.Places, p)
			}
		}
		for _, f := range other.Follows {
			if i := next.follow(f.Slug); i >= 0 {
				next.Follows[i].Seen = max(next.Follows[i].Seen, f.Seen)
			} else {
				next.Follows = append(next.Follows, f)
			}
		}
		return nil
	})
}

// freeName is a name that no list has, as near to the wanted one as can be.
func (l *Library) freeName(wanted string) string {
	name := wanted
	for n := 2; slices.ContainsFunc(l.Lists, func(one List) bool { return one.Name == name }); n++ {
		number := fmt.Sprintf(" (%d)", n)
		name = cut(wanted, MaxName-len(number)) + number
	}
	return name
}

// Import merges what [Read] finds: a whole library from JSON, or a list from M3U8
// or XSPF. It returns how many tracks its lists hold. Errors: ErrMalformed when
// nothing can be read, ErrFull.
func (l *Library) Import(data []byte) (tracks int, err error) {
	found, _, err := read(data)
	if err != nil {
		return 0, err
	}
	if err := l.Merge(found); err != nil {
		return 0, err
	}
	for _, one := range found.Lists {
		tracks += len(one.Tracks)
	}
	return tracks, nil
}
