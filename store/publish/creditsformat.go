package publish

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"p2p.legal/peerfy/store/catalog"
)

// Format writes the credits in their canonical form: ParseCredits gives the
// same back, and formats to the same bytes again.
func (c *Credits) Format() []byte {
	w := new(creditsWriter)
	w.value("kind", string(c.Kind))
	w.value("title", c.Title)
	w.value("artist", c.Artist)
	w.value("date", c.Date)
	w.value("language", c.Language)
	w.value("genre", strings.Join(c.Genres, ", "))
	w.value("series", c.Series)
	w.number("season", c.Season)
	w.number("episode", c.Episode)
	w.value("licence", c.Licence)
	w.value("replaces", c.Replaces)
	for _, n := range c.Notes {
		w.value("notes", n)
	}
	if c.Open {
		w.value("open", "yes")
	}
	for _, p := range c.Contributors {
		w.value("contributor", formatContributor(p))
	}
	w.splits(c.Splits)
	for _, t := range c.Tracks {
		w.track(t)
	}
	return w.b
}

type creditsWriter struct{ b []byte }

func (w *creditsWriter) value(key, value string) {
	if value != "" {
		w.b = fmt.Appendf(w.b, "%s: %s\n", key, value)
	}
}

func (w *creditsWriter) number(key string, n int) {
	if n != 0 {
		w.value(key, strconv.Itoa(n))
	}
}

func (w *creditsWriter) splits(shares []Share) {
	for _, s := range shares {
		w.value("split", fmt.Sprintf("%s = %d", s.Payee, s.BP))
	}
}

func (w *creditsWriter) track(t TrackCredits) {
	w.b = fmt.Appendf(w.b, "[%s]\n", t.File)
	w.value("title", t.Title)
	if t.Open != nil {
		w.value("open", map[bool]string{true: "yes", false: "no"}[*t.Open])
	}
	w.splits(t.Splits)
	w.value("isrc", t.ISRC)
	w.value("excerpt", t.Excerpt)
}

func formatContributor(c catalog.Contributor) string {
	society := c.Society
	if society == "" {
		society = "none"
	}
	s := fmt.Sprintf("%s | %s | society: %s | basis: %s", c.Name, strings.Join(c.Roles, ", "), society, c.Basis)
	if c.Agreement != "" {
		s += " | agreement: " + c.Agreement
	}
	return s
}

const templateHead = `# Peerfy credits. Fill in what is empty, then check again.
# Lines are "key: value". A line that begins with # is not read.
`

// Template is a credits file to fill in, made from the folder's tags and file
// names. What only a person can know is left empty, and Check asks for it.
func (f *Folder) Template() []byte {
	g := f.guess()
	var b strings.Builder
	b.WriteString(templateHead)
	fmt.Fprintf(&b, "# album, single, film, episode or podcast\nkind: %s\n", g.Kind)
	fmt.Fprintf(&b, "title: %s\nartist: %s\n# the day it came out, like 2026-03-20\ndate: %s\n", g.Title, g.Artist, g.Date)
	fmt.Fprintf(&b, "# the language of the words, like fr or en; zxx when there are none\nlanguage: %s\ngenre: %s\n", g.Language, strings.Join(g.Genres, ", "))
	b.WriteString("# for an episode or a podcast:\n#series:\n#season:\n#episode:\n")
	b.WriteString("# a free licence instead of the co-operative's own: " + strings.Join(licenceIDs(), ", ") + "\n#licence:\n")
	b.WriteString("# a paragraph about this release; repeat the key for more\nnotes:\n")
	b.WriteString("# yes: everybody may stream, download and share it in full without a membership\nopen: no\n")
	b.WriteString("# Everyone who took part, one line each. Roles: " + strings.Join(catalog.Roles, ", ") + ".\n")
	b.WriteString("# society: none, or the collecting society's name; then also \"| agreement: \" and what that society has agreed to.\n")
	fmt.Fprintf(&b, "contributor: %s | author, composer, performer, producer | society: | basis: author of the work\n", g.Artist)
	b.WriteString("# Who is paid, in basis points that sum to 10000: self, or the name of somebody registered here.\nsplit: self = 10000\n")
	b.WriteString("# In a section, title, open, split, isrc and excerpt (the time it begins at, like 1:05, or no) are for that file alone.\n")
	for _, t := range g.Tracks {
		fmt.Fprintf(&b, "[%s]\ntitle: %s\n", t.File, t.Title)
		if t.ISRC != "" {
			fmt.Fprintf(&b, "isrc: %s\n", t.ISRC)
		}
	}
	return []byte(b.String())
}

// guess is what tags and names tell. Only text that may be published is taken.
func (f *Folder) guess() Credits {
	c := Credits{Kind: catalog.Album}
	for _, t := range f.tracks {
		c.Artist = first(c.Artist, fit(t.tags.AlbumArtist), fit(t.tags.Artist))
		c.Title = first(c.Title, fit(t.tags.Album))
		c.Date = first(c.Date, fit(t.tags.Date))
		c.Language = first(c.Language, fit(t.tags.Language))
		for _, g := range t.tags.Genre {
			if g = strings.ToLower(fit(g)); g != "" && !slices.Contains(c.Genres, g) && len(c.Genres) < maxGenres {
				c.Genres = append(c.Genres, g)
			}
		}
		c.Tracks = append(c.Tracks, TrackCredits{File: t.name, Title: t.guessTitle(), ISRC: t.tags.ISRC})
	}
	if len(f.tracks) == 1 {
		c.Kind = catalog.Single
		c.Title = first(c.Title, c.Tracks[0].Title)
		if f.tracks[0].format.IsVideo() {
			c.Kind = catalog.Film
		}
	}
	return c
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
