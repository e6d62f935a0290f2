package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/media"
	"p2p.legal/peerfy/store/metainfo"
)

// Bytes of the parts that file and folder names are put together from, so that
// the whole stays below the 200 that every file system takes.
const (
	partName  = 75
	titleName = 150
)

// letters are those that no decomposition turns into ASCII.
var letters = strings.NewReplacer(
	"œ", "oe", "æ", "ae", "ø", "o", "ß", "ss", "đ", "d", "ð", "d", "þ", "th",
	"ł", "l", "ħ", "h", "ı", "i", "ŋ", "n", "ĸ", "k", "ŧ", "t", "ƒ", "f",
)

// Slug makes of a name what can stand in an address: lower-case ASCII, words
// joined by hyphens, at most 64 bytes. It is empty when the name has no letter
// or digit that has an ASCII form.
func Slug(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(letters.Replace(strings.ToLower(name))) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		case !unicode.Is(unicode.Mn, r) && r != '\'' && r != '’':
			gap = true
		}
	}
	s := b.String()
	if len(s) > catalog.MaxShort {
		s = strings.TrimRight(s[:catalog.MaxShort], "-")
	}
	return s
}

// seriesSlug always finds something: a title in another script gets a name
// that follows from it.
func seriesSlug(title string) string {
	if s := Slug(title); s != "" {
		return s
	}
	sum := sha256.Sum256([]byte(title))
	return "series-" + hex.EncodeToString(sum[:6])
}

// NewArtist is the body of an artist's entry. recipient is the age recipient
// of their monthly statements.
func NewArtist(name, slug, vkey, recipient string) catalog.Artist {
	return catalog.Artist{Slug: slug, Name: name, Key: vkey, Recipient: recipient, Agrees: catalog.Agreement}
}

// checkUnicode adds the composed form to what catalog.CheckText asks: two
// names that look the same should be the same bytes.
func checkUnicode(s string, limit int) error {
	if err := catalog.CheckText(s, limit); err != nil {
		return err
	}
	if !norm.NFC.IsNormalString(s) {
		return fmt.Errorf("is not in composed Unicode form (NFC)")
	}
	return nil
}

// fit passes on what may be published as it is, and nothing else.
func fit(s string) string {
	s = norm.NFC.String(strings.TrimSpace(s))
	if checkUnicode(s, catalog.MaxName) != nil {
		return ""
	}
	return s
}

// part makes a piece of a file name of at most limit bytes.
func part(s string, limit int) string {
	s = norm.NFC.String(metainfo.CleanName(s))
	for len(s) > limit {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return metainfo.CleanName(s)
}

// sleeve is what a release is called in file names: "Artist - Album (2024)",
// "Film (2023)", "Series - S01E02 - Title".
func (c *Credits) sleeve() string {
	switch {
	case c.Kind.Serial() && c.Season > 0:
		return fmt.Sprintf("%s - S%02dE%02d - %s", part(c.Series, partName), c.Season, c.Episode, part(c.Title, partName))
	case c.Kind.Serial():
		return fmt.Sprintf("%s - E%02d - %s", part(c.Series, partName), c.Episode, part(c.Title, partName))
	case c.Kind.Video():
		return fmt.Sprintf("%s (%s)", part(c.Title, titleName), c.Date[:4])
	}
	return fmt.Sprintf("%s - %s (%s)", part(c.Artist, partName), part(c.Title, partName), c.Date[:4])
}

// torrentNames are the folders of masters and renditions; they always differ.
func (f *Folder) torrentNames() (masters, renditions string) {
	made := "Opus"
	if f.credits.Kind.Video() {
		made = "WebM"
	}
	var formats []string
	for _, t := range f.tracks {
		if n := bracket(t.masterFormat()); !slices.Contains(formats, n) {
			formats = append(formats, n)
		}
	}
	of := strings.Join(formats, "+")
	if of == made {
		of += " master"
	}
	s := f.credits.sleeve()
	return s + " [" + of + "]", s + " [" + made + "]"
}

func bracket(f media.Format) string {
	switch f {
	case media.Vorbis:
		return "Ogg"
	case media.MKV:
		return "MKV"
	}
	return string(f)
}

// stem is what a track's files are called before the ending.
func (f *Folder) stem(t *source) string {
	if f.credits.Kind.Video() {
		return f.credits.sleeve()
	}
	if f.discs() > 1 {
		return fmt.Sprintf("%d-%02d - %s", t.disc, t.number, part(t.title, titleName))
	}
	return fmt.Sprintf("%02d - %s", t.number, part(t.title, titleName))
}

// wholeStem is what the whole album is called: its title, unless a track's file
// has that name.
func (f *Folder) wholeStem() string {
	title := part(f.credits.Title, titleName)
	for _, t := range f.tracks {
		if strings.EqualFold(f.stem(t), title) {
			return f.credits.sleeve()
		}
	}
	return title
}

func extension(f media.Format) string {
	switch f {
	case media.FLAC, media.WAV:
		return ".flac" // what is kept of a WAV is a FLAC
	case media.MP3:
		return ".mp3"
	case media.Vorbis:
		return ".ogg"
	case media.Opus:
		return ".opus"
	case media.M4A:
		return ".m4a"
	case media.MKV:
		return ".mkv"
	case media.MP4:
		return ".mp4"
	case media.WebM:
		return ".webm"
	case media.PNG:
		return ".png"
	}
	return ".jpg"
}
