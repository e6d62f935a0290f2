package media

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.senan.xyz/taglib"

	"p2p.legal/peerfy/store/metainfo"
)

// Limits on tags, in bytes of UTF-8.
const (
	MaxTag     = 500  // of one tag
	MaxComment = 4000 // of the comment
	MaxGenres  = 16
)

// Tags are what a track says of itself. Empty strings and zeros are tags that are not there.
type Tags struct {
	Title       string
	Artist      string
	AlbumArtist string
	Album       string
	Date        string // as the artist wrote it, best "2024-05-31" or "2024"
	Genre       []string
	Track       int
	TrackTotal  int
	Disc        int
	ISRC        string
	Language    string
	Comment     string
	Licence     string
}

// ReadTags reads the tags of a track or an MP4. Runs of white space, also line breaks, become one space. What cannot be
// published is an error, one line per tag, each a [FileError]: too long, not UTF-8, control characters, characters that
// hide or turn text, numbers that are none. Matroska and WebM carry no tags that we read: the result is empty.
func ReadTags(path string) (Tags, error) {
	format, ok := Accepted(path)
	if !ok || !format.IsAudio() && !format.IsVideo() {
		return Tags{}, refuse(path, "not a kind of file that has tags")
	}
	if format == MKV || format == WebM {
		return Tags{}, nil
	}
	raw, err := readRaw(path)
	if err != nil {
		return Tags{}, err
	}
	r := &tagReader{path: path, raw: raw}
	tags := Tags{
		Title: r.text(taglib.Title), Artist: r.text(taglib.Artist), AlbumArtist: r.text(taglib.AlbumArtist), Album: r.text(taglib.Album),
		Date: r.text(taglib.Date), Genre: r.list(taglib.Genre, MaxGenres), ISRC: r.text(taglib.ISRC),
		Language: r.text(taglib.Language), Comment: r.long(taglib.Comment, MaxComment), Licence: r.text(taglib.License),
	}
	tags.Track, tags.TrackTotal = r.number(taglib.TrackNumber)
	if n, _ := r.number(totalTracks); n > 0 {
		tags.TrackTotal = n
	}
	tags.Disc, _ = r.number(taglib.DiscNumber)
	return tags, errors.Join(r.errs...)
}

// totalTracks is where Vorbis comments keep what other formats write behind a slash.
const totalTracks = "TRACKTOTAL"

// readRaw asks TagLib. It is not told the file is ours until the first bytes say so, because it would guess; and a
// library that panics over a file must not take us with it.
func readRaw(path string) (raw map[string][]string, err error) {
	if _, err := identify(path); err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = refuse(path, "its tags cannot be read")
		}
	}()
	raw, err = taglib.ReadTags(path)
	if err != nil {
		return nil, refuse(path, "its tags cannot be read: %v", err)
	}
	return raw, nil
}

// tagReader collects every fault instead of stopping at the first.
type tagReader struct {
	path string
	raw  map[string][]string
	errs []error
}

func (r *tagReader) fault(tag, format string, args ...any) {
	r.errs = append(r.errs, refuse(r.path, "the tag %s %s", tag, fmt.Sprintf(format, args...)))
}

func (r *tagReader) text(tag string) string { return r.long(tag, MaxTag) }

// long joins what stands twice, as with two artists, and leaves out what is refused.
func (r *tagReader) long(tag string, limit int) string {
	s := plain(strings.Join(r.raw[tag], ", "))
	if why := tagFault(s, limit); why != "" {
		r.fault(tag, "%s", why)
		return ""
	}
	return s
}

func (r *tagReader) list(tag string, most int) (list []string) {
	for _, s := range r.raw[tag] {
		s = plain(s)
		if why := tagFault(s, MaxTag); why != "" {
			r.fault(tag, "%s", why)
		} else if s != "" {
			list = append(list, s)
		}
	}
	if len(list) > most {
		r.fault(tag, "stands there %d times; at most %d are taken", len(list), most)
		return list[:most]
	}
	return list
}

// number reads "3" and "3/12".
func (r *tagReader) number(tag string) (n, of int) {
	s := r.text(tag)
	if s == "" {
		return 0, 0
	}
	first, second, both := strings.Cut(s, "/")
	n, err := smallNumber(first)
	if both && err == nil {
		of, err = smallNumber(second)
	}
	if err != nil {
		r.fault(tag, "is %q, not a number from 1 to 9999", s)
		return 0, 0
	}
	return n, of
}

func smallNumber(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err == nil && (n < 0 || n > 9999) {
		err = strconv.ErrRange
	}
	return n, err
}

func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

func tagFault(s string, limit int) string {
	switch {
	case !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError):
		return "is not UTF-8"
	case len(s) > limit:
		return fmt.Sprintf("has %d bytes; at most %d are taken", len(s), limit)
	case strings.ContainsFunc(s, metainfo.Hidden):
		return "holds a character that cannot be seen"
	}
	return ""
}

// WriteTags replaces all tags of a track by these; sound and embedded pictures stay as they are. The same limits hold as
// for reading. The file is complete at every moment: a changed copy takes its place.
func WriteTags(path string, tags Tags) error {
	format, ok := Accepted(path)
	if !ok || !format.IsAudio() {
		return refuse(path, "not a kind of file that tags are written to")
	}
	raw, err := rawTags(path, format, tags)
	if err != nil {
		return err
	}
	return create(path, func(tmp string) error {
		if err := copyBytes(context.Background(), path, tmp); err != nil {
			return err
		}
		return writeRaw(path, tmp, raw)
	})
}

func writeRaw(path, tmp string, raw map[string][]string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = refuse(path, "its tags cannot be written")
		}
	}()
	if err := taglib.WriteTags(tmp, raw, taglib.Clear); err != nil {
		return refuse(path, "its tags cannot be written: %v", err)
	}
	return nil
}

// rawTags are TagLib's keys. Vorbis comments have a key for the number of tracks, the others a slash.
func rawTags(path string, f Format, t Tags) (map[string][]string, error) {
	raw := map[string][]string{}
	put := func(tag string, values ...string) {
		if values = slices.DeleteFunc(values, func(s string) bool { return s == "" }); len(values) > 0 {
			raw[tag] = values
		}
	}
	put(taglib.Title, t.Title)
	put(taglib.Artist, t.Artist)
	put(taglib.AlbumArtist, t.AlbumArtist)
	put(taglib.Album, t.Album)
	put(taglib.Date, t.Date)
	put(taglib.Genre, slices.Clone(t.Genre)...)
	put(taglib.ISRC, t.ISRC)
	put(taglib.Language, t.Language)
	put(taglib.Comment, t.Comment)
	put(taglib.License, t.Licence)
	put(taglib.DiscNumber, decimal(t.Disc))
	if track := decimal(t.Track); t.TrackTotal == 0 || track == "" {
		put(taglib.TrackNumber, track)
	} else if f == FLAC || f == Vorbis || f == Opus {
		put(taglib.TrackNumber, track)
		put(totalTracks, decimal(t.TrackTotal))
	} else {
		put(taglib.TrackNumber, track+"/"+decimal(t.TrackTotal))
	}
	return raw, checkRaw(path, raw)
}

func decimal(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func checkRaw(path string, raw map[string][]string) error {
	r := &tagReader{path: path, raw: raw}
	for tag, values := range raw {
		limit := MaxTag
		if tag == taglib.Comment {
			limit = MaxComment
		}
		for _, s := range values {
			if why := tagFault(s, limit); why != "" {
				r.fault(tag, "%s", why)
			}
		}
	}
	r.list(taglib.Genre, MaxGenres)
	for _, tag := range []string{taglib.TrackNumber, totalTracks, taglib.DiscNumber} {
		r.number(tag)
	}
	slices.SortFunc(r.errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(slices.CompactFunc(r.errs, func(a, b error) bool { return a.Error() == b.Error() })...)
}
