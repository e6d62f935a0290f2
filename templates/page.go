package templates

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/a-h/templ"
	"p2p.legal/peerfy/templates/i18n"
)

// To is the address of a page of the site, in this page's language.
func (p Page) To(href string) templ.SafeURL { return templ.URL(p.Base + href) }

// File is the address of what has no language: stylesheet, sprite, media.
func (p Page) File(path string) string { return p.Root + path }

// In is the address of this page in another language.
func (p Page) In(l i18n.Lang) templ.SafeURL { return templ.URL(p.Root + string(l) + "/" + p.Path) }

// documentTitle is the page's title before the site's name, or the name alone.
func (p Page) documentTitle() string {
	if p.Title == "" {
		return p.Site
	}
	return p.Title + " · " + p.Site
}

// onionTail is what a visitor compares with the address they were given: its
// last 8 characters before ".onion".
func (f Footer) onionTail() string {
	name := strings.TrimSuffix(f.Onion, ".onion")
	return name[max(0, len(name)-8):]
}

// current is the value of aria-current for a link in a set.
func current(yes bool, value string) templ.Attributes {
	if !yes {
		return nil
	}
	return templ.Attributes{"aria-current": value}
}

// sheetColumns is how many cells a sheet has in a row, once it has that many;
// cellSide is the side of a cell in pixels.
const (
	sheetColumns = 6
	cellSide     = 96
)

// sheet is a sprite whose size follows from the cells that are in use.
type sheet struct {
	src           string
	columns, rows int
}

// sheetOf is the sheet in which these cards have their covers.
func sheetOf(p Page, sprite string, groups ...[]Card) sheet {
	cells := 0
	for _, cards := range groups {
		for _, c := range cards {
			cells = max(cells, c.Cell+1)
		}
	}
	return sheet{p.File(sprite), min(cells, sheetColumns), (cells + sheetColumns - 1) / sheetColumns}
}

// class moves cell i of the sheet into the frame: wN is its width in frames, xN
// and yN the column and the row, when they are not the first.
func (s sheet) class(i int) string {
	class := "w" + strconv.Itoa(s.columns)
	if x := i % sheetColumns; x > 0 {
		class += " x" + strconv.Itoa(x)
	}
	if y := i / sheetColumns; y > 0 {
		class += " y" + strconv.Itoa(y)
	}
	return class
}

// blank is the class of the printed sleeve for a release without a cover.
func (c Card) blank() string {
	sum := 0
	for _, b := range []byte(c.ID) {
		sum += int(b)
	}
	return "cover blank n" + strconv.Itoa(sum%2)
}

// initial is the letter on a printed sleeve.
func initial(title string) string {
	for _, r := range title {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "♪"
}

// line joins the parts that are there.
func line(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " · ")
}

// sameSplits reports whether all tracks are paid to the same people in the same
// shares: then the sheet is shown once.
func sameSplits(tracks []Track) bool {
	for _, t := range tracks {
		if len(t.Splits) != len(tracks[0].Splits) {
			return false
		}
		for i, s := range t.Splits {
			if s != tracks[0].Splits[i] {
				return false
			}
		}
	}
	return true
}

// parcels are the files that hold the whole release; singles hold one track.
func parcels(files []File) []File { return pick(files, false) }
func singles(files []File) []File { return pick(files, true) }

func pick(files []File, single bool) []File {
	var kept []File
	for _, f := range files {
		if (f.Torrent == "" && f.Sum == "") == single {
			kept = append(kept, f)
		}
	}
	return kept
}

// sheet is the one sheet of all seasons.
func (v SeriesPage) sheet() sheet {
	groups := make([][]Card, len(v.Seasons))
	for i, s := range v.Seasons {
		groups[i] = s.Episodes
	}
	return sheetOf(v.Page, v.Sprite, groups...)
}

// attributes is the block's id, if it has one.
func (b Block) attributes() templ.Attributes {
	if b.ID == "" {
		return nil
	}
	return templ.Attributes{"id": b.ID}
}

// words is the key for a step to another page.
func (l Listing) words(key, otherwise string) string {
	if key == "" {
		return otherwise
	}
	return key
}

// nothing reports whether the query, without any filter, finds neither works
// nor artists.
func (v Search) nothing() bool {
	return len(v.Cards) == 0 && len(v.Active) == 0 && len(v.Artists) == 0
}

// found counts the works, unless there are none: the page says so in words.
func (v Search) found() string {
	if len(v.Cards) == 0 {
		return ""
	}
	return v.Count
}

// warning is what to know before any of the files is opened: said once.
func warning(files []File) string {
	for _, f := range files {
		if f.Warning != "" {
			return f.Warning
		}
	}
	return ""
}
