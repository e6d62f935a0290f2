package library

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

// Entry is a track of a list as it leaves.
type Entry struct {
	Track, Title, Artist, Album string
	Duration                    time.Duration // 0 if it is not known
	URL                         string        // absolute, of the track here; Track stands for an empty one
}

func (e Entry) address() string {
	if e.URL == "" {
		return e.Track
	}
	return clean(e.URL)
}

const tagName = "#PLAYLIST:"

// WriteM3U8 writes a list as extended M3U in UTF-8. What it writes of at most
// MaxTracks entries can be read back: where titles would make the file longer than
// MaxBytes, they are left out.
func WriteM3U8(w io.Writer, name string, entries []Entry) error {
	return write(w, func(details bool) ([]byte, error) {
		var b bytes.Buffer
		fmt.Fprintf(&b, "#EXTM3U\n#EXTENC:UTF-8\n%s%s\n", tagName, clean(name))
		for _, e := range entries {
			if details {
				fmt.Fprintf(&b, "#EXTINF:%d,%s\n", seconds(e.Duration), clean(e.Artist+" - "+e.Title))
			}
			fmt.Fprintf(&b, "%s\n", e.address())
		}
		return b.Bytes(), nil
	})
}

// seconds are rounded to the nearest; players take -1 for a length that is not known.
func seconds(d time.Duration) int64 {
	if d <= 0 {
		return -1
	}
	return int64(d.Round(time.Second) / time.Second)
}

type xspfFile struct {
	XMLName xml.Name `xml:"http://xspf.org/ns/0/ playlist"`
	Version int      `xml:"version,attr"`
	Title   string   `xml:"title"`
	List    struct {
		Tracks []xspfTrack `xml:"track"`
	} `xml:"trackList"`
}

type xspfTrack struct {
	Location string `xml:"location"`
	Title    string `xml:"title,omitempty"`
	Creator  string `xml:"creator,omitempty"`
	Album    string `xml:"album,omitempty"`
	Duration int64  `xml:"duration,omitempty"` // milliseconds
}

// WriteXSPF writes a list as XSPF 1 (https://xspf.org/spec). What it writes of at
// most MaxTracks entries can be read back: where titles would make the file longer
// than MaxBytes, they are left out.
func WriteXSPF(w io.Writer, name string, entries []Entry) error {
	return write(w, func(details bool) ([]byte, error) {
		f := xspfFile{Version: 1, Title: clean(name)}
		for _, e := range entries {
			t := xspfTrack{Location: e.address()}
			if details {
				t = xspfTrack{t.Location, clean(e.Title), clean(e.Artist), clean(e.Album), max(0, e.Duration.Milliseconds())}
			}
			f.List.Tracks = append(f.List.Tracks, t)
		}
		b, err := xml.MarshalIndent(f, "", " ")
		return append([]byte(xml.Header), append(b, '\n')...), err
	})
}

// write writes what form gives, with all details if that is not too long.
func write(w io.Writer, form func(details bool) ([]byte, error)) error {
	b, err := form(true)
	if err == nil && len(b) > MaxBytes {
		b, err = form(false)
	}
	if err != nil {
		return fmt.Errorf("writing a list: %w", err)
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("writing a list: %w", err)
	}
	return nil
}
