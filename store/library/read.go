package library

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"p2p.legal/peerfy/store/catalog"
)

const (
	maxFile    = 256 << 10 // bytes of a file that is brought in
	maxUnknown = 20        // lines that are shown to whoever brought them
	maxShown   = 200       // bytes of such a line
)

// Imported is a list that was read from a file: a name that NewList takes, and at
// most MaxTracks tracks.
type Imported struct {
	Name   string
	Tracks []string
}

// Read finds the lists in a file of at most 256 KiB: the JSON of a library (its
// white space does not matter), or one list as M3U8, as XSPF, or as plain lines.
// Which it is, the content tells. A track is known by its name, or by an address
// of this site or of any mirror that leads to it; a whole release and what a token
// hides are not tracks. The first 20 lines that lead to no track are returned as
// unknown, cleaned and cut, also with an error. Errors: ErrMalformed when no track
// was found, ErrFull.
func Read(data []byte) (lists []Imported, unknown []string, err error) {
	l, unknown, err := read(data)
	if err != nil {
		return nil, unknown, err
	}
	for _, one := range l.Lists {
		lists = append(lists, Imported{one.Name, one.Tracks})
	}
	return lists, unknown, nil
}

// read is Read, with all else that the JSON of a library holds. A list from
// another format has no id yet.
func read(data []byte) (*Library, []string, error) {
	if len(data) > maxFile {
		return nil, nil, fmt.Errorf("%w: a file of %d bytes", ErrFull, len(data))
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	var f found
	switch {
	case bytes.HasPrefix(data, []byte("{")):
		l, err := readJSON(data)
		return l, nil, err
	case bytes.HasPrefix(data, []byte("<")):
		if err := f.readXSPF(data); err != nil {
			return nil, nil, err
		}
	default:
		f.readLines(string(data))
	}
	switch {
	case len(f.tracks) == 0:
		return nil, f.unknown, fmt.Errorf("%w: it names no track", ErrMalformed)
	case len(f.tracks) > MaxTracks:
		return nil, f.unknown, fmt.Errorf("%w: a list of %d tracks", ErrFull, len(f.tracks))
	}
	return &Library{Lists: []List{{Name: CutName(f.name), Tracks: f.tracks}}}, f.unknown, nil
}

// readJSON forgives what an editor or a form does to a file: white space.
func readJSON(data []byte) (*Library, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return nil, fmt.Errorf("%w: not JSON", ErrMalformed)
	}
	return Decode(b.Bytes())
}

// found gathers what a list in a foreign format holds.
type found struct {
	name    string
	tracks  []string
	unknown []string
}

// add takes the first of the addresses of one track that leads to it.
func (f *found) add(addresses ...string) {
	for _, a := range addresses {
		if track, ok := trackOf(strings.TrimSpace(a)); ok {
			f.tracks = append(f.tracks, track)
			return
		}
	}
	i := slices.IndexFunc(addresses, func(a string) bool { return clean(a) != "" })
	if i >= 0 && len(f.unknown) < maxUnknown {
		f.unknown = append(f.unknown, cut(clean(addresses[i]), maxShown))
	}
}

// readLines reads M3U8, or lines that are tracks or addresses and nothing else.
func (f *found) readLines(text string) {
	f.name = "M3U8"
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, tagName):
			if name := clean(strings.TrimPrefix(line, tagName)); name != "" {
				f.name = name
			}
		case line != "" && !strings.HasPrefix(line, "#"):
			f.add(line)
		}
	}
}

// trackOf is the track that a name or an address leads to. The host does not
// matter: the same release has the same id on every mirror.
func trackOf(address string) (track string, ok bool) {
	if isTrack(address) {
		return address, true
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return "", false
	}
	switch parts := strings.Split(strings.TrimPrefix(u.Path, "/"), "/"); {
	case len(parts) == 2 && (parts[0] == "t" || parts[0] == "e"):
		track, _, _ = strings.Cut(parts[1], ".")
	case len(parts) == 3 && parts[0] == "r" && parts[2] == "play":
		n, err := strconv.ParseUint(u.Query().Get("track"), 10, 16)
		if err != nil {
			return "", false
		}
		track = catalog.TrackID(parts[1], int(n)-1)
	}
	return track, isTrack(track)
}
