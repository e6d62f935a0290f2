package publish

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"p2p.legal/peerfy/store/catalog"
)

// CreditsFile is what the artist's text file is called.
const CreditsFile = "credits.txt"

// Limits of a credits file.
const (
	MaxCredits  = 256 << 10 // bytes
	maxNote     = 4 << 10   // bytes of one paragraph of notes
	maxMistakes = 100       // listed at once
)

// Credits is the artist's text file, as written in format.md. A field that is
// not given is zero; Check says what is missing.
type Credits struct {
	Kind         catalog.Kind
	Title        string
	Artist       string // the name on the sleeve
	Date         string // YYYY-MM-DD
	Language     string // BCP 47
	Genres       []string
	Series       string
	Season       int
	Episode      int
	Licence      string // id; empty for the co-operative's own
	Replaces     string // id of the release that this one corrects
	Notes        []string
	Open         bool
	Contributors []catalog.Contributor
	Splits       []Share
	Tracks       []TrackCredits
}

// TrackCredits is what a section says of one file. Zero fields leave what the
// head of the file, the tags or the file's name say.
type TrackCredits struct {
	File    string // as it stands in the folder, in composed Unicode form
	Title   string
	ISRC    string
	Excerpt string // where it begins, as "1:05"; "no" for none
	Open    *bool
	Splits  []Share
}

// Share is one line of a split sheet. The payee is a display name or a slug;
// "self" is whoever publishes.
type Share struct {
	Payee string
	BP    int64 // basis points
}

// Self is the payee who publishes.
const Self = "self"

// A CreditsError lists every mistake of a credits file.
type CreditsError []Mistake

// Mistake is what is wrong with one line, counted from 1.
type Mistake struct {
	Line    int
	Message string
}

// Error lists the mistakes, a line each.
func (e CreditsError) Error() string {
	lines := make([]string, len(e))
	for i, m := range e {
		lines[i] = fmt.Sprintf("line %d: %s", m.Line, m.Message)
	}
	return strings.Join(lines, "\n")
}

// ParseCredits reads a credits file of at most MaxCredits bytes. Byte order
// mark, CRLF and decomposed accents are taken as editors write them. An error
// is a CreditsError with every mistake; what could be read is returned with it.
func ParseCredits(b []byte) (*Credits, error) {
	p := &creditsParser{c: new(Credits), seen: map[string]bool{}}
	if len(b) > MaxCredits {
		return p.c, CreditsError{{1, fmt.Sprintf("the file has %d bytes; at most %d are read", len(b), MaxCredits)}}
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	for line := range bytes.SplitSeq(b, []byte("\n")) {
		p.line++
		if !utf8.Valid(line) {
			p.fault("this is not UTF-8: save the file with that encoding")
			continue
		}
		p.read(strings.TrimSpace(norm.NFC.String(string(line))))
	}
	if len(p.mistakes) > 0 {
		return p.c, p.mistakes
	}
	return p.c, nil
}

type creditsParser struct {
	c        *Credits
	track    *TrackCredits // the open section, nil in the head
	skipping bool          // in a section that cannot be used
	line     int
	seen     map[string]bool // keys of the open section
	mistakes CreditsError
}

func (p *creditsParser) fault(format string, args ...any) {
	if len(p.mistakes) < maxMistakes {
		p.mistakes = append(p.mistakes, Mistake{p.line, fmt.Sprintf(format, args...)})
	}
}

func (p *creditsParser) read(line string) {
	switch {
	case line == "" || line[0] == '#':
		return
	case line[0] == '[':
		p.section(line)
		return
	case p.skipping:
		return
	}
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok {
		p.fault("%s is neither “key: value” nor a comment (#)", quote(line))
		return
	}
	i := slices.IndexFunc(creditKeys, func(k creditKey) bool { return k.name == name })
	if i < 0 || p.track != nil && !creditKeys[i].track || p.track == nil && !creditKeys[i].head {
		p.fault("there is no key %s here; there are %s", quote(name), p.keys())
		return
	}
	k := creditKeys[i]
	if p.seen[name] && !k.repeats {
		p.fault("%s stands twice", name)
		return
	}
	p.seen[name] = true
	if value != "" {
		k.read(p, value)
	}
}

// keys are those that may stand where the parser is.
func (p *creditsParser) keys() string {
	var names []string
	for _, k := range creditKeys {
		if p.track != nil && k.track || p.track == nil && k.head {
			names = append(names, k.name)
		}
	}
	return strings.Join(names, ", ")
}

func (p *creditsParser) section(line string) {
	p.seen, p.skipping = map[string]bool{}, true
	name, ok := strings.CutSuffix(line[1:], "]")
	if !ok {
		p.fault("a section is written [FILE NAME]")
		return
	}
	if err := catalog.CheckText(name, 2*catalog.MaxName); err != nil {
		p.fault("the file name %s", err)
		return
	}
	if slices.ContainsFunc(p.c.Tracks, func(t TrackCredits) bool { return t.File == name }) {
		p.fault("the section [%s] stands twice", name)
		return
	}
	p.c.Tracks = append(p.c.Tracks, TrackCredits{File: name})
	p.track, p.skipping = &p.c.Tracks[len(p.c.Tracks)-1], false
}

// creditKey is one key: where it may stand and what reads its value, which is
// never empty.
type creditKey struct {
	name                 string
	head, track, repeats bool
	read                 func(p *creditsParser, value string)
}

// creditKeys are in the order of a canonical file.
var creditKeys = []creditKey{
	{name: "kind", head: true, read: (*creditsParser).kind},
	{name: "title", head: true, track: true, read: (*creditsParser).title},
	{name: "artist", head: true, read: func(p *creditsParser, v string) { p.c.Artist = p.text(v, catalog.MaxName) }},
	{name: "date", head: true, read: (*creditsParser).date},
	{name: "language", head: true, read: (*creditsParser).language},
	{name: "genre", head: true, read: (*creditsParser).genre},
	{name: "series", head: true, read: func(p *creditsParser, v string) { p.c.Series = p.text(v, catalog.MaxName) }},
	{name: "season", head: true, read: func(p *creditsParser, v string) { p.c.Season = int(p.number(v, 999)) }},
	{name: "episode", head: true, read: func(p *creditsParser, v string) { p.c.Episode = int(p.number(v, 99_999)) }},
	{name: "licence", head: true, read: (*creditsParser).licence},
	{name: "replaces", head: true, read: (*creditsParser).replaces},
	{name: "notes", head: true, repeats: true, read: (*creditsParser).notes},
	{name: "open", head: true, track: true, read: (*creditsParser).open},
	{name: "contributor", head: true, repeats: true, read: (*creditsParser).contributor},
	{name: "split", head: true, track: true, repeats: true, read: (*creditsParser).split},
	{name: "isrc", track: true, read: (*creditsParser).isrc},
	{name: "excerpt", track: true, read: (*creditsParser).excerpt},
}

// text passes a value on if it may be published, and is empty otherwise.
func (p *creditsParser) text(v string, limit int) string {
	if err := catalog.CheckText(v, limit); err != nil {
		p.fault("this %s", err)
		return ""
	}
	return v
}

func (p *creditsParser) kind(v string) {
	if !slices.Contains(catalog.Kinds, catalog.Kind(v)) {
		p.fault("%s is not a kind: it is one of %s", quote(v), list(catalog.Kinds))
		return
	}
	p.c.Kind = catalog.Kind(v)
}

func (p *creditsParser) title(v string) {
	v = p.text(v, catalog.MaxName)
	if p.track != nil {
		p.track.Title = v
		return
	}
	p.c.Title = v
}

func (p *creditsParser) date(v string) {
	if _, err := time.Parse(time.DateOnly, v); err != nil {
		p.fault("%s is not a day written like 2026-03-20", quote(v))
		return
	}
	p.c.Date = v
}

func (p *creditsParser) language(v string) {
	if !languagePattern.MatchString(v) || len(v) > catalog.MaxShort {
		p.fault("%s is not a language code such as fr, en or br (zxx for no words)", quote(v))
		return
	}
	p.c.Language = v
}

func (p *creditsParser) genre(v string) {
	for g := range strings.SplitSeq(v, ",") {
		g = strings.ToLower(strings.TrimSpace(g))
		if g = p.text(g, catalog.MaxShort); g != "" && !slices.Contains(p.c.Genres, g) {
			p.c.Genres = append(p.c.Genres, g)
		}
	}
	if len(p.c.Genres) > maxGenres {
		p.fault("there are %d genres; at most %d are taken", len(p.c.Genres), maxGenres)
	}
}

func (p *creditsParser) number(v string, limit int64) int64 {
	n, err := strconv.ParseUint(v, 10, 32)
	if err != nil || n < 1 || int64(n) > limit || strconv.FormatUint(n, 10) != v {
		p.fault("%s is not a number from 1 to %d", quote(v), limit)
		return 0
	}
	return int64(n)
}

func (p *creditsParser) licence(v string) {
	if !catalog.IsLicence(v) {
		p.fault("%s is not the id of a licence, such as cc-by-sa-4.0", quote(v))
		return
	}
	p.c.Licence = v
}

func (p *creditsParser) replaces(v string) {
	if !catalog.IsID(v) {
		p.fault("%s is not the id of a release: 20 letters and digits", quote(v))
		return
	}
	p.c.Replaces = v
}

func (p *creditsParser) notes(v string) {
	if v = p.text(v, maxNote); v != "" {
		p.c.Notes = append(p.c.Notes, v)
	}
	if len(p.c.Notes) == maxNotes+1 {
		p.fault("at most %d paragraphs of notes are taken", maxNotes)
	}
}

func (p *creditsParser) open(v string) {
	yes := v == "yes"
	if !yes && v != "no" {
		p.fault("open is yes or no")
	}
	if p.track != nil {
		p.track.Open = &yes
		return
	}
	p.c.Open = yes
}

// contributor reads "NAME | ROLE, ROLE | society: … | basis: … | agreement: …".
func (p *creditsParser) contributor(v string) {
	parts := strings.Split(v, "|")
	c := catalog.Contributor{Name: p.text(strings.TrimSpace(parts[0]), catalog.MaxName)}
	if len(parts) < 2 {
		p.fault("a contributor is written: NAME | ROLE, ROLE | society: none | basis: author of the work")
		return
	}
	p.roles(&c, parts[1])
	p.statements(&c, parts[2:])
	p.c.Contributors = append(p.c.Contributors, c)
	if len(p.c.Contributors) == maxContributors+1 {
		p.fault("at most %d contributors are taken", maxContributors)
	}
}

func (p *creditsParser) roles(c *catalog.Contributor, list string) {
	for r := range strings.SplitSeq(list, ",") {
		r = strings.TrimSpace(r)
		if !slices.Contains(catalog.Roles, r) {
			p.fault("%s is not a role of %s: it is one of %s", quote(r), c.Name, strings.Join(catalog.Roles, ", "))
		} else if !slices.Contains(c.Roles, r) {
			c.Roles = append(c.Roles, r)
		}
	}
}

func (p *creditsParser) statements(c *catalog.Contributor, parts []string) {
	said := map[string]string{}
	for _, part := range parts {
		name, value, _ := strings.Cut(part, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !slices.Contains([]string{"society", "basis", "agreement"}, name) {
			p.fault("after the roles come society:, basis: and agreement:, not %s", quote(name))
			return
		}
		if _, twice := said[name]; twice {
			p.fault("%s stands twice", name)
		}
		if said[name] = value; value != "" {
			said[name] = p.text(value, 1<<10)
		}
	}
	switch {
	case said["society"] == "":
		p.fault("is %s a member of a collecting society? Write “society: none”, or its name", c.Name)
	case !strings.EqualFold(said["society"], "none"):
		c.Society = said["society"]
	}
	c.Basis, c.Agreement = said["basis"], said["agreement"]
	if c.Basis == "" {
		p.fault("on what ground does %s permit this? Write “basis: author of the work”, or what it is", c.Name)
	}
	if c.Society == "" && c.Agreement != "" {
		p.fault("%s has an agreement but no society", c.Name)
		c.Agreement = ""
	}
}

// split reads "PAYEE = BASIS POINTS".
func (p *creditsParser) split(v string) {
	i := strings.LastIndexByte(v, '=')
	if i < 0 {
		p.fault("a split is written: NAME = 5000 (basis points: 10000 is all)")
		return
	}
	s := Share{Payee: p.text(strings.TrimSpace(v[:i]), catalog.MaxName), BP: p.number(strings.TrimSpace(v[i+1:]), 10_000)}
	if s.Payee == "" || s.BP == 0 {
		return
	}
	list := &p.c.Splits
	if p.track != nil {
		list = &p.track.Splits
	}
	if slices.ContainsFunc(*list, func(o Share) bool { return catalog.FoldName(o.Payee) == catalog.FoldName(s.Payee) }) {
		p.fault("%s stands twice in the split", s.Payee)
		return
	}
	*list = append(*list, s)
}

func (p *creditsParser) isrc(v string) {
	v = strings.ToUpper(strings.ReplaceAll(v, "-", ""))
	if !isrcPattern.MatchString(v) {
		p.fault("%s is not an ISRC: two letters, three letters or digits, seven digits", quote(v))
		return
	}
	p.track.ISRC = v
}

func (p *creditsParser) excerpt(v string) {
	if _, err := parseClock(v); v != "no" && err != nil {
		p.fault("the excerpt begins at a time like 1:05, or is “no”")
		return
	}
	p.track.Excerpt = v
}

// parseClock reads minutes and seconds, as "1:05".
func parseClock(v string) (time.Duration, error) {
	m, s, _ := strings.Cut(v, ":")
	minutes, err1 := strconv.ParseUint(m, 10, 16)
	seconds, err2 := strconv.ParseUint(s, 10, 8)
	if err1 != nil || err2 != nil || v != fmt.Sprintf("%d:%02d", minutes, seconds) || seconds > 59 || minutes > 720 {
		return 0, fmt.Errorf("%q is not a time like 1:05", v)
	}
	return time.Duration(minutes)*time.Minute + time.Duration(seconds)*time.Second, nil
}
