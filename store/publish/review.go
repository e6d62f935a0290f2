package publish

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"p2p.legal/peerfy/store/catalog"
)

// Conflicts says every reason why the log that v shows would not take the
// bundle: another co-operative or licence text, a key that is no longer the
// artist's, a name that somebody else has, payees that nobody knows, files that
// were withdrawn. It is empty when the bundle can be accepted.
func (b *Bundle) Conflicts(v catalog.View) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	c := v.Charter()
	if c == nil {
		return []string{"there is no charter yet"}
	}
	b.conflictsOfRights(c, add)
	payees := v
	record, known := v.Artist(b.artist.Slug)
	switch owner, taken := v.Named(b.artist.Name); {
	case known && record.Key != b.artist.Key:
		add("%s has another key in the log", b.artist.Slug)
	case taken && owner != b.artist.Slug:
		add("the name %s belongs to %s", quote(b.artist.Name), owner)
	case !known:
		payees = newcomer{v, b.artist}
	}
	if err := b.manifest.Fits(b.release, b.bytes, payees); err != nil {
		add("%s", err)
	}
	for _, root := range b.release.Roots {
		if owner, down := v.StayDown(root); down && owner != b.artist.Slug {
			add("it holds a file that was withdrawn by %s and stays down", owner)
			break
		}
	}
	if _, dup := v.Release(b.ID()); dup {
		add("the release is in the log already")
	}
	if old := b.release.Replaces; old != "" {
		if r, ok := v.Release(old); !ok || r.Artist != b.artist.Slug {
			add("it replaces %s, which is no release of this artist", old)
		}
	}
	return all
}

func (b *Bundle) conflictsOfRights(c *catalog.Charter, add func(string, ...any)) {
	if b.cooperative != c.Origin {
		add("the authorisation is for the co-operative %s, not %s", quote(b.cooperative), c.Origin)
	}
	if _, free := catalog.Licences[b.manifest.Licence]; free {
		return
	}
	text := catalog.Sum([]byte(c.Licence.Text()))
	if b.manifest.Licence != c.Licence.ID || b.manifest.Texts[0].SHA256 != text {
		add("the licence %s is not the co-operative's %s with its present text, nor a free one", b.manifest.Licence, c.Licence.ID)
	}
}

// newcomer is the log after the bundle's artist has been added.
type newcomer struct {
	catalog.View
	artist *catalog.Artist
}

func (n newcomer) Artist(slug string) (catalog.ArtistRecord, bool) {
	if slug == n.artist.Slug {
		return catalog.ArtistRecord{Artist: *n.artist}, true
	}
	return n.View.Artist(slug)
}

// Review is what an editor reads before accepting: all that will be public, in
// plain lines, and at the end what deserves a second look.
func (b *Bundle) Review() string {
	var w strings.Builder
	m := b.manifest
	line := func(key, format string, args ...any) {
		fmt.Fprintf(&w, "%-13s %s\n", key, fmt.Sprintf(format, args...))
	}
	line("release", "%s", b.ID())
	line(string(m.Kind), "%s — %s", m.Artist, m.Title)
	if s := m.Series; s != nil {
		place := fmt.Sprintf("episode %d", s.Episode)
		if s.Season > 0 {
			place = fmt.Sprintf("season %d, %s", s.Season, place)
		}
		line("series", "%s, %s", s.Title, place)
	}
	line("published by", "%s (%s)", b.artist.Name, b.artist.Slug)
	line("date", "%s, language %s, %s", m.Date, m.Language, strings.Join(m.Genres, ", "))
	line("licence", "%s", m.Licence)
	line("authorised", "for %s, signed by %s", b.cooperative, b.artist.Slug)
	for _, c := range m.Contributors {
		line("contributor", "%s: %s; %s; basis: %s", c.Name, strings.Join(c.Roles, ", "), societyAnswer(c), c.Basis)
	}
	var before string
	for _, t := range m.Tracks {
		line("track", "%d-%02d  %s  %s%s", t.Disc, t.Number, clock(t.Duration), t.Title, map[bool]string{true: "  (open to everybody)"}[t.Open])
		if s := splitSheet(t.Splits); s != before {
			line("  paid", "%s", s)
			before = s
		}
	}
	for _, h := range b.halves() {
		var size int64
		for _, f := range h.files {
			size += f.Size
		}
		line(h.name, "%d files, %.1f MB, %s", len(h.files), float64(size)/1e6, h.torrent.Name)
	}
	for _, n := range m.Notes {
		line("notes", "%s", n)
	}
	for _, warning := range b.warnings() {
		line("LOOK AGAIN", "%s", warning)
	}
	return w.String()
}

func societyAnswer(c catalog.Contributor) string {
	if c.Society == "" {
		return "no collecting society"
	}
	return "member of " + c.Society + ", agreement: " + c.Agreement
}

func splitSheet(splits []catalog.Split) string {
	var parts []string
	for _, s := range splits {
		parts = append(parts, fmt.Sprintf("%s %d.%02d %%", s.Payee, s.BP/100, s.BP%100))
	}
	return strings.Join(parts, ", ")
}

func clock(ms int64) string {
	d := (time.Duration(ms) * time.Millisecond).Round(time.Second)
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// warnings are what a person must judge.
func (b *Bundle) warnings() []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	m := b.manifest
	if catalog.FoldName(m.Artist) != catalog.FoldName(b.artist.Name) {
		add("the sleeve says %s, and it is published by %s", m.Artist, b.artist.Name)
	}
	for _, c := range m.Contributors {
		if c.Society != "" {
			add("%s is a member of %s: ask for the agreement in writing", c.Name, c.Society)
		}
	}
	names := []string{m.Artist, b.artist.Name, m.Title}
	for _, c := range m.Contributors {
		names = append(names, c.Name)
	}
	for _, t := range m.Tracks {
		names = append(names, t.Title)
	}
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		if mixesScripts(n) {
			add("%s mixes letters of several scripts that look alike", quote(n))
		}
	}
	if m.Cover == nil {
		add("there is no cover")
	}
	if b.release.Replaces != "" {
		add("it takes the place of the release %s", b.release.Replaces)
	}
	return all
}

// mixesScripts finds words such as "Веatles" whose first two letters are
// Cyrillic. Words wholly in one script are nobody's disguise.
func mixesScripts(s string) bool {
	for word := range strings.FieldsSeq(s) {
		scripts := 0
		for _, script := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee} {
			if strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(script, r) }) {
				scripts++
			}
		}
		if scripts > 1 {
			return true
		}
	}
	return false
}
