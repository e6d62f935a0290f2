package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/metainfo"
)

// MaxManifest is the most bytes a manifest may have.
const MaxManifest = 1 << 20

// Kind is what sort of release it is.
type Kind string

// The kinds of release.
const (
	Album   Kind = "album"
	Single  Kind = "single"
	Film    Kind = "film"
	Episode Kind = "episode" // of a video series
	Podcast Kind = "podcast" // an episode of one
)

// Kinds lists them in the order pages show them.
var Kinds = []Kind{Album, Single, Film, Episode, Podcast}

// Video reports whether releases of this kind are moving pictures.
func (k Kind) Video() bool { return k == Film || k == Episode }

// Serial reports whether releases of this kind belong to a series.
func (k Kind) Serial() bool { return k == Episode || k == Podcast }

// Manifest is all that the public may read of a release. It stands beside the
// log as canonical JSON, is named by its SHA-256 in the release entry, and is
// forgotten when the work is withdrawn.
type Manifest struct {
	Nonce        string        `json:"nonce"` // 32 hexadecimal digits, random: a forgotten title cannot be guessed from its hash
	Kind         Kind          `json:"kind"`
	Title        string        `json:"title"`
	Artist       string        `json:"artist"`   // the name on the sleeve
	Date         string        `json:"date"`     // YYYY-MM-DD
	Language     string        `json:"language"` // BCP 47; zxx when there are no words
	Genres       []string      `json:"genres"`   // lower case
	Series       *Series       `json:"series,omitempty"`
	Licence      string        `json:"licence"`         // id: the charter's, or one of Licences
	Notes        []string      `json:"notes,omitempty"` // paragraphs
	Cover        *Cover        `json:"cover,omitempty"`
	Tracks       []Track       `json:"tracks"`
	Whole        []Rendition   `json:"whole,omitempty"` // all tracks in one gapless file; track i begins at Tracks[i].Start
	Texts        []File        `json:"texts"`           // LICENCE.txt, AUTHORISATION.txt, SHA256SUMS
	Torrents     Torrents      `json:"torrents"`
	Contributors []Contributor `json:"contributors"`
}

// Series places an episode.
type Series struct {
	Title   string `json:"title"`
	Slug    string `json:"slug"`
	Season  int    `json:"season"` // 0 when the series has none
	Episode int    `json:"episode"`
}

// File is one file: its place in the torrent, and what it holds.
type File struct {
	Path   string `json:"path"` // below the torrent's folder, with forward slashes
	Root   Hash   `json:"root"` // BEP 52 pieces root: the object's name on disk
	SHA256 Hash   `json:"sha256"`
	Size   int64  `json:"size"` // bytes
	Type   string `json:"type"` // MIME type
}

// Cover is the artwork: the original, and two small JPEG files for pages.
type Cover struct {
	Original File `json:"original"`
	Large    File `json:"large"` // 480 pixels wide
	Small    File `json:"small"` // 96 pixels wide: a cell of the listing's sprite
}

// Track is one work: what is played, counted and paid.
type Track struct {
	Title      string      `json:"title"`
	Disc       int         `json:"disc"`     // from 1
	Number     int         `json:"number"`   // from 1, on its disc
	Duration   int64       `json:"duration"` // milliseconds
	Start      int64       `json:"start"`    // milliseconds into Whole
	Open       bool        `json:"open"`     // free of charge for everybody
	ISRC       string      `json:"isrc,omitempty"`
	Master     File        `json:"master"`
	Renditions []Rendition `json:"renditions"`
	Excerpt    *File       `json:"excerpt,omitempty"` // at most 60 seconds
	Subtitles  []Subtitle  `json:"subtitles,omitempty"`
	Splits     []Split     `json:"splits"`
}

// Rendition is a file made for streaming.
type Rendition struct {
	File
	Label string `json:"label"` // "96", "128" (kbit/s of audio), "360", "480" (lines of video), "ogg"
	Kbps  int    `json:"kbps"`  // of the whole file, rounded up
}

// Subtitle is a WebVTT file.
type Subtitle struct {
	Language string `json:"language"`
	File
}

// Split is one line of the split sheet, in basis points of the work.
type Split struct {
	Payee string `json:"payee"` // slug of an artist entry
	BP    int64  `json:"bp"`
}

// Torrents are the two deterministic v1 torrents of the release.
type Torrents struct {
	Masters    Torrent `json:"masters"`
	Renditions Torrent `json:"renditions"`
}

// Torrent names a folder and the infohash of its metainfo.
type Torrent struct {
	Name     string `json:"name"`
	InfoHash string `json:"infohash"` // 40 hexadecimal digits
}

// Contributor is a line of the authorisation: who took part, and on what
// ground the right-holder may authorise in their name.
type Contributor struct {
	Name      string   `json:"name"`
	Roles     []string `json:"roles"`
	Society   string   `json:"society,omitempty"`   // the collecting society, empty for none
	Agreement string   `json:"agreement,omitempty"` // of that society; without it the work is refused
	Basis     string   `json:"basis"`
}

// Roles are the parts a contributor can have.
var Roles = []string{"author", "composer", "performer", "producer", "publisher", "director"}

// Licences are the free licences a right-holder may choose beside the
// charter's own, with the address of their text.
var Licences = map[string]string{
	"cc0-1.0":         "https://creativecommons.org/publicdomain/zero/1.0/",
	"cc-by-4.0":       "https://creativecommons.org/licenses/by/4.0/",
	"cc-by-sa-3.0":    "https://creativecommons.org/licenses/by-sa/3.0/",
	"cc-by-sa-4.0":    "https://creativecommons.org/licenses/by-sa/4.0/",
	"cc-by-nc-sa-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
	"free-art-1.3":    "https://artlibre.org/licence/lal/en/",
	"gpl-3.0":         "https://www.gnu.org/licenses/gpl-3.0.html",
}

// ParseManifest reads canonical JSON and checks all of it.
func ParseManifest(b []byte) (*Manifest, error) {
	if len(b) > MaxManifest {
		return nil, fmt.Errorf("the manifest has %d bytes, more than %d", len(b), MaxManifest)
	}
	m := new(Manifest)
	if err := ledger.UnmarshalCanonical(b, m); err != nil {
		return nil, err
	}
	return m, m.Check()
}

// Format is the canonical JSON of m, the bytes that its SHA-256 names.
func (m *Manifest) Format() ([]byte, error) { return ledger.MarshalCanonical(m) }

// Check says everything that is wrong with the manifest.
func (m *Manifest) Check() error {
	var p problems
	p.check(len(m.Nonce) == 32 && strings.Trim(m.Nonce, "0123456789abcdef") == "", "the nonce is not 32 hexadecimal digits")
	p.check(slices.Contains(Kinds, m.Kind), "%q is not a kind of release", clip(string(m.Kind)))
	p.text("the title", m.Title, MaxName)
	p.text("the artist's name", m.Artist, MaxName)
	p.check(datePattern.MatchString(m.Date), "the date %q is not like 2026-03-20", clip(m.Date))
	p.check(langPattern.MatchString(m.Language) && len(m.Language) <= MaxShort, "the language %q is not a BCP 47 tag such as fr", clip(m.Language))
	p.check(len(m.Genres) >= 1 && len(m.Genres) <= 8, "there are %d genres: 1 to 8 are allowed", len(m.Genres))
	for _, g := range m.Genres {
		p.text("a genre", g, MaxShort)
	}
	m.checkSeries(&p)
	p.check(IsLicence(m.Licence), "the licence %q is not an id such as cc-by-sa-4.0", clip(m.Licence))
	p.check(len(m.Notes) <= 20, "more than 20 paragraphs of notes")
	for _, n := range m.Notes {
		p.text("a paragraph of notes", n, 4<<10)
	}
	checkContributors(&p, m.Contributors)
	m.checkTracks(&p)
	m.checkFiles(&p)
	for _, t := range []Torrent{m.Torrents.Masters, m.Torrents.Renditions} {
		p.check(infoPattern.MatchString(t.InfoHash), "the infohash %q is not 40 hexadecimal digits", clip(t.InfoHash))
		if err := metainfo.CheckName(t.Name); err != nil {
			p.addf("the torrent's name: %w", err)
		}
	}
	return p.err()
}

// IsLicence reports whether id has the form of a licence id.
func IsLicence(id string) bool { return IsSlug(strings.ReplaceAll(id, ".", "-")) }

func (m *Manifest) checkSeries(p *problems) {
	if !m.Kind.Serial() {
		p.check(m.Series == nil, "a release of the kind %s belongs to no series", m.Kind)
		return
	}
	if m.Series == nil {
		p.addf("an episode needs the name of its series")
		return
	}
	s := m.Series
	p.text("the series' title", s.Title, MaxName)
	p.check(IsSlug(s.Slug), "the series' slug %q", clip(s.Slug))
	p.check(s.Season >= 0 && s.Season <= 999, "season %d", s.Season)
	p.check(s.Episode >= 1 && s.Episode <= 99_999, "episode %d", s.Episode)
}

func checkContributors(p *problems, cs []Contributor) {
	p.check(len(cs) >= 1 && len(cs) <= 200, "the authorisation names %d contributors: 1 to 200 are allowed", len(cs))
	for _, c := range cs {
		p.text("a contributor's name", c.Name, MaxName)
		p.text("the basis of the permission of "+clip(c.Name), c.Basis, 1<<10)
		p.optional("the society of "+clip(c.Name), c.Society, MaxName)
		p.optional("the agreement of "+clip(c.Name), c.Agreement, 1<<10)
		p.check(len(c.Roles) >= 1, "%s has no role", clip(c.Name))
		for _, r := range c.Roles {
			p.check(slices.Contains(Roles, r), "%q is not a role (%s)", clip(r), strings.Join(Roles, ", "))
		}
		if c.Society != "" && c.Agreement == "" {
			p.addf("%s is a member of %s and states no agreement of that society: a member usually cannot authorise alone", clip(c.Name), clip(c.Society))
		}
	}
}

func (m *Manifest) checkTracks(p *problems) {
	p.check(len(m.Tracks) >= 1 && len(m.Tracks) <= 999, "there are %d tracks: 1 to 999 are allowed", len(m.Tracks))
	p.check(m.Kind == Album || len(m.Tracks) == 1, "a release of the kind %s has one track", m.Kind)
	prev := Track{}
	for i, t := range m.Tracks {
		name := fmt.Sprintf("track %d", i+1)
		p.text("the title of "+name, t.Title, MaxName)
		inOrder := t.Disc == prev.Disc && t.Number == prev.Number+1 || t.Disc == prev.Disc+1 && t.Number == 1
		p.check(inOrder, "%s is numbered %d-%d, out of order", name, t.Disc, t.Number)
		p.check(t.Duration > 0 && t.Duration <= 48*3_600_000, "%s has no usable duration", name)
		p.check(t.Start >= prev.Start, "%s starts before the one before it", name)
		p.check(t.ISRC == "" || isrcPattern.MatchString(t.ISRC), "%s: %q is not an ISRC", name, clip(t.ISRC))
		p.check(len(t.Renditions) >= 1, "%s has no rendition", name)
		for _, s := range t.Subtitles {
			p.check(langPattern.MatchString(s.Language), "%s: the language of a subtitle, %q", name, clip(s.Language))
		}
		if err := CheckSplits(t.Splits); err != nil {
			p.addf("%s: %w", name, err)
		}
		prev = t
	}
}

// CheckSplits says what is wrong with a split sheet: a payee twice, a share of
// nothing, or a sum other than 10,000 basis points.
func CheckSplits(splits []Split) error {
	sum, seen := int64(0), map[string]bool{}
	for _, s := range splits {
		switch {
		case !IsSlug(s.Payee):
			return fmt.Errorf("the payee %q is not a slug", clip(s.Payee))
		case seen[s.Payee]:
			return fmt.Errorf("the payee %s stands twice in the split sheet", s.Payee)
		case s.BP < 1 || s.BP > 10_000:
			return fmt.Errorf("the share of %s is %d basis points", s.Payee, s.BP)
		}
		seen[s.Payee] = true
		sum += s.BP
	}
	if sum != 10_000 || len(splits) > 100 {
		return fmt.Errorf("the split sheet sums to %d basis points, not 10,000", sum)
	}
	return nil
}

func (m *Manifest) checkFiles(p *problems) {
	seen := map[string]bool{}
	for _, f := range m.Files() {
		p.check(f.Size >= 0 && f.Size <= 1<<40, "%s: a size of %d bytes", clip(f.Path), f.Size)
		p.check(mimeTypes[f.Type], "%s: the type %q is not one that is published", clip(f.Path), clip(f.Type))
		p.check(!seen[strings.ToLower(f.Path)], "two files are called %s", clip(f.Path))
		seen[strings.ToLower(f.Path)] = true
		for part := range strings.SplitSeq(f.Path, "/") {
			if err := metainfo.CheckName(part); err != nil {
				p.addf("the file name %q: %w", clip(f.Path), err)
			}
		}
	}
}

// mimeTypes are the only types the site ever sends for a published file.
var mimeTypes = map[string]bool{
	"audio/flac": true, "audio/mpeg": true, "audio/ogg": true, "audio/mp4": true, "audio/webm": true, "audio/wav": true,
	"video/webm": true, "video/mp4": true, "video/x-matroska": true,
	"image/jpeg": true, "image/png": true, "text/plain": true, "text/vtt": true,
}

// MasterFiles are the files of the masters torrent, without order.
func (m *Manifest) MasterFiles() []File {
	files := slices.Clone(m.Texts)
	if m.Cover != nil {
		files = append(files, m.Cover.Original)
	}
	for _, t := range m.Tracks {
		files = append(files, t.Master)
		for _, s := range t.Subtitles {
			files = append(files, s.File)
		}
	}
	return files
}

// RenditionFiles are the files of the renditions torrent, without order.
func (m *Manifest) RenditionFiles() []File {
	var files []File
	if m.Cover != nil {
		files = append(files, m.Cover.Large, m.Cover.Small)
	}
	for _, w := range m.Whole {
		files = append(files, w.File)
	}
	for _, t := range m.Tracks {
		for _, r := range t.Renditions {
			files = append(files, r.File)
		}
		if t.Excerpt != nil {
			files = append(files, *t.Excerpt)
		}
	}
	return files
}

// Files are all files of the release.
func (m *Manifest) Files() []File { return append(m.MasterFiles(), m.RenditionFiles()...) }

// Roots are the pieces roots that stay down after a withdrawal: the tracks'
// masters and everything made from them, sorted, each once. Covers and texts
// are not among them.
func (m *Manifest) Roots() []Hash {
	var roots []Hash
	for _, w := range m.Whole {
		roots = append(roots, w.Root)
	}
	for _, t := range m.Tracks {
		roots = append(roots, t.Master.Root)
		for _, r := range t.Renditions {
			roots = append(roots, r.Root)
		}
		if t.Excerpt != nil {
			roots = append(roots, t.Excerpt.Root)
		}
	}
	slices.SortFunc(roots, func(a, b Hash) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(roots)
}

// Open reports whether every track is free of charge.
func (m *Manifest) Open() bool {
	return !slices.ContainsFunc(m.Tracks, func(t Track) bool { return !t.Open })
}

// Duration is the length of all tracks in milliseconds.
func (m *Manifest) Duration() (ms int64) {
	for _, t := range m.Tracks {
		ms += t.Duration
	}
	return ms
}

// Rendition finds the file with that label, or the first when label is empty.
func (t *Track) Rendition(label string) (Rendition, bool) { return pick(t.Renditions, label) }

func pick(rs []Rendition, label string) (Rendition, bool) {
	for _, r := range rs {
		if r.Label == label || label == "" {
			return r, true
		}
	}
	return Rendition{}, false
}

// errManifest is wrapped by every disagreement between entry and manifest.
var errManifest = errors.New("the manifest does not fit its entry")

// Fits checks that m is the manifest of r: the same infohashes and roots, and
// payees that all exist. bytes are the manifest's own.
func (m *Manifest) Fits(r *Release, bytes []byte, v View) error {
	if Sum(bytes) != r.Manifest || int64(len(bytes)) != r.Size {
		return fmt.Errorf("%w: another hash or size", errManifest)
	}
	if !slices.Equal(r.Torrents, []string{m.Torrents.Masters.InfoHash, m.Torrents.Renditions.InfoHash}) {
		return fmt.Errorf("%w: other infohashes", errManifest)
	}
	if !slices.Equal(r.Roots, m.Roots()) {
		return fmt.Errorf("%w: other pieces roots", errManifest)
	}
	for _, t := range m.Tracks {
		for _, s := range t.Splits {
			if _, ok := v.Artist(s.Payee); !ok {
				return fmt.Errorf("%w: the payee %s is not in the log", errManifest, s.Payee)
			}
		}
	}
	return nil
}
