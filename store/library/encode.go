package library

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"p2p.legal/peerfy/store/catalog"
)

// marker says which form a file has.
const marker = "peerfy-library-v1"

type file struct {
	Format  string       `json:"format"`
	Lists   []fileList   `json:"lists"`
	Places  []filePlace  `json:"places"`
	Follows []fileFollow `json:"follows"`
}

type fileList struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Tracks []string `json:"tracks"`
}

type filePlace struct {
	Track string `json:"track"`
	At    int64  `json:"at"` // seconds
}

type fileFollow struct {
	Slug string `json:"slug"`
	Seen int64  `json:"seen"`
}

// Encode is the library as canonical JSON: one line without its end, fields in
// the order of format.md, nothing escaped but the quotation mark and the
// backslash.
func (l *Library) Encode() []byte {
	f := file{marker, make([]fileList, len(l.Lists)), make([]filePlace, len(l.Places)), make([]fileFollow, len(l.Follows))}
	for i, one := range l.Lists {
		f.Lists[i] = fileList{one.ID, one.Name, append([]string{}, one.Tracks...)}
	}
	for i, p := range l.Places {
		f.Places[i] = filePlace{p.Track, int64(p.At / time.Second)}
	}
	for i, one := range l.Follows {
		f.Follows[i] = fileFollow(one)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(f); err != nil {
		panic("library: " + err.Error()) // texts and integers can always be written
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Decode reads exactly what Encode writes of a library within its limits. Errors:
// ErrMalformed, ErrFull.
func Decode(data []byte) (*Library, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes", ErrFull, len(data))
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil || f.Format != marker {
		return nil, fmt.Errorf("%w: not JSON of the form %s", ErrMalformed, marker)
	}
	l, err := f.library()
	if err != nil {
		return nil, err
	}
	if err := l.fits(len(data)); err != nil {
		return nil, err
	}
	if !bytes.Equal(l.Encode(), data) {
		return nil, fmt.Errorf("%w: a field is unknown, missing, misplaced, repeated or spelled in another way", ErrMalformed)
	}
	return l, nil
}

// library checks all but the limits of size.
func (f *file) library() (*Library, error) {
	l := new(Library)
	seen := map[string]bool{}
	once := func(ok bool, what, name string) error {
		if !ok || seen[what+name] {
			return fmt.Errorf("%w: what should be %s is not, or stands twice", ErrMalformed, what)
		}
		seen[what+name] = true
		return nil
	}
	for _, one := range f.Lists {
		if err := once(one.ok(), "a list ", one.ID); err != nil {
			return nil, err
		}
		l.Lists = append(l.Lists, List(one))
	}
	for _, p := range f.Places {
		if err := once(isTrack(p.Track) && p.At >= 0 && p.At <= int64(maxAt/time.Second), "a place ", p.Track); err != nil {
			return nil, err
		}
		l.Places = append(l.Places, Place{p.Track, time.Duration(p.At) * time.Second})
	}
	for _, one := range f.Follows {
		if err := once(catalog.IsSlug(one.Slug) && one.Seen >= 0, "an artist ", one.Slug); err != nil {
			return nil, err
		}
		l.Follows = append(l.Follows, Follow(one))
	}
	return l, nil
}

func (one *fileList) ok() bool {
	for _, track := range one.Tracks {
		if !isTrack(track) {
			return false
		}
	}
	return listID.MatchString(one.ID) && checkName(one.Name) == nil
}
