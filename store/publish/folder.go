package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/media"
	"p2p.legal/peerfy/store/metainfo"
)

const (
	maxFiles  = 2000     // in an artist's folder
	maxSource = 64 << 30 // bytes of one track or film
)

// Folder is what Check found in an artist's folder.
type Folder struct {
	dir        string
	credits    *Credits
	hasCredits bool
	tracks     []*source // in the order of the release
	cover      string    // file name, empty for none
	subtitles  []subtitle
}

// source is a track as the artist has it.
type source struct {
	name   string // below the folder, with forward slashes, in composed Unicode form
	path   string // on disk
	format media.Format
	info   media.Info
	tags   media.Tags
	hashes metainfo.Hashes

	disc, number int
	title        string
	isrc         string
	open         bool
	excerpt      string
	splits       []catalog.Split
}

// masterFormat is the format that is kept.
func (s *source) masterFormat() media.Format {
	if s.format == media.WAV {
		return media.FLAC
	}
	return s.format
}

// subtitle is a file called like the film, with its language: "Film.fr.vtt".
type subtitle struct {
	name, path, language string
	format               media.Format
}

// HasCredits reports whether there is a credits file, whatever it says.
func (f *Folder) HasCredits() bool { return f.hasCredits }

// discs is how many the tracks lie on.
func (f *Folder) discs() int {
	n := 0
	for _, t := range f.tracks {
		n = max(n, t.disc)
	}
	return n
}

func (f *Folder) duration() (d time.Duration) {
	for _, t := range f.tracks {
		d += t.info.Duration
	}
	return d
}

var discPattern = regexp.MustCompile(`(?i)^(?:cd|dis[ck]|disque)[ _-]?([1-9][0-9]?)$`)

// read lists the folder, and the folders "CD 1", "CD 2"… in it.
func (f *Folder) read(p *problems) error {
	entries, err := readDir(f.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		f.entry(p, e, "", 0)
	}
	return f.readCredits(p)
}

func readDir(dir string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no folder %s", quote(dir))
	}
	if err == nil && len(entries) > maxFiles {
		return nil, fmt.Errorf("there are %d files; at most %d are looked at", len(entries), maxFiles)
	}
	return entries, err
}

// entry puts one file of the folder, or of a disc's, where it belongs.
func (f *Folder) entry(p *problems, e fs.DirEntry, below string, disc int) {
	name := path.Join(below, norm.NFC.String(e.Name()))
	if strings.HasPrefix(e.Name(), ".") || strings.EqualFold(name, CreditsFile) {
		return
	}
	if err := catalog.CheckText(norm.NFC.String(e.Name()), 255); err != nil {
		p.fatal(quote(name), "the file's name %s; give it another", err)
		return
	}
	if e.IsDir() {
		f.discFolder(p, e, name, disc)
		return
	}
	on := filepath.Join(f.dir, below, e.Name())
	format, ok := media.Accepted(name)
	switch {
	case !e.Type().IsRegular():
		p.fatal(name, "this is not a plain file, and links are not followed")
	case !ok:
		p.advise(name, "it is left out: not a kind of file that is published")
	case format.IsCover():
		f.picture(p, name)
	case format.IsSubtitles():
		f.subtitles = append(f.subtitles, subtitle{name: name, path: on, format: format})
	default:
		f.tracks = append(f.tracks, &source{name: name, path: on, format: format, disc: disc})
	}
}

func (f *Folder) discFolder(p *problems, e fs.DirEntry, name string, disc int) {
	m := discPattern.FindStringSubmatch(e.Name())
	if disc > 0 || m == nil {
		p.advise(name, "the folder is left out; those of several discs are called CD1, CD2…")
		return
	}
	n, _ := strconv.Atoi(m[1])
	entries, err := readDir(filepath.Join(f.dir, e.Name()))
	if err != nil {
		p.fatal(name, "%s", err)
		return
	}
	for _, e := range entries {
		f.entry(p, e, name, n)
	}
}

// picture takes the cover: the file called so, or else the only one.
func (f *Folder) picture(p *problems, name string) {
	rank := func(name string) int {
		stem := strings.ToLower(strings.TrimSuffix(name, path.Ext(name)))
		return slices.Index([]string{"folder", "front", "cover"}, stem)
	}
	switch {
	case f.cover == "":
		f.cover = name
	case rank(name) > rank(f.cover):
		p.advise(f.cover, "it is left out: the cover is %s", name)
		f.cover = name
	default:
		p.advise(name, "it is left out: the cover is %s", f.cover)
	}
}

func (f *Folder) readCredits(p *problems) error {
	f.credits = new(Credits)
	b, err := readFile(filepath.Join(f.dir, CreditsFile), MaxCredits+1)
	if errors.Is(err, fs.ErrNotExist) {
		p.fatal(CreditsFile, "there is none: it says who made this and who is paid; fill in the template")
		return nil
	}
	if err != nil {
		return err
	}
	f.hasCredits = true
	f.credits, err = ParseCredits(b)
	var mistakes CreditsError
	if errors.As(err, &mistakes) {
		for _, m := range mistakes {
			p.fatal(CreditsFile, "line %d: %s", m.Line, m.Message)
		}
	}
	return nil
}

// readFile reads a plain file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	info, err := os.Lstat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a plain file", quote(filepath.Base(name)))
	case info.Size() > limit:
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", quote(filepath.Base(name)), info.Size(), limit)
	}
	return os.ReadFile(name)
}

// look opens every track: what is in it, its tags, its hashes.
func (f *Folder) look(ctx context.Context, p *problems, c Config) error {
	const step = "looking into the files"
	var done, total int64
	for _, t := range f.tracks {
		if info, err := os.Stat(t.path); err == nil {
			total += info.Size()
		}
	}
	c.progress(step, 0, total)
	for _, t := range f.tracks {
		if err := t.look(ctx, p, c); err != nil {
			return err
		}
		done = min(done+t.hashes.Size, total)
		c.progress(step, done, total)
	}
	c.progress(step, total, total)
	return nil
}

func (t *source) look(ctx context.Context, p *problems, c Config) error {
	info, err := os.Stat(t.path)
	if err != nil {
		return err
	}
	if info.Size() > maxSource {
		p.fatal(t.name, "it has %d bytes; at most %d are taken", info.Size(), int64(maxSource))
		return nil
	}
	if t.hashes, err = hashFile(ctx, t.path); err != nil {
		return err
	}
	if t.info, err = c.Media.Probe(ctx, t.path); err != nil {
		return p.fault(t.name, err)
	}
	t.tags, err = media.ReadTags(t.path)
	return p.fault(t.name, err)
}

// fault lists what is the file's own fault and passes on what is not.
func (p *problems) fault(name string, err error) error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if err := p.fault(name, e); err != nil {
				return err
			}
		}
		return nil
	}
	var bad *media.FileError
	if !errors.As(err, &bad) {
		return err
	}
	p.fatal(name, "%s", bad.Reason)
	return nil
}

func hashFile(ctx context.Context, name string) (metainfo.Hashes, error) {
	f, err := os.Open(name)
	if err != nil {
		return metainfo.Hashes{}, err
	}
	defer f.Close()
	r := &reader{ctx: ctx, progress: func(string, int64, int64) {}}
	return metainfo.Hash(r.watch(f))
}

var numberPattern = regexp.MustCompile(`^(?:([1-9][0-9]?)-)?([0-9]{1,3})(?:[ ._-]+|$)(.*)$`)

// fromName takes apart "1-01 - Title" and "01 Title".
func (t *source) fromName() (disc, number int, title string) {
	base := path.Base(t.name)
	base = strings.TrimSuffix(base, path.Ext(base))
	m := numberPattern.FindStringSubmatch(base)
	if m == nil {
		return 0, 0, base
	}
	disc, _ = strconv.Atoi(m[1])
	number, _ = strconv.Atoi(m[2])
	return disc, number, strings.TrimSpace(m[3])
}

// guessTitle is the tag's title, or what the file's name says after a number.
func (t *source) guessTitle() string {
	_, _, named := t.fromName()
	return first(fit(t.tags.Title), fit(named), fit(path.Base(t.name)))
}

// order numbers the tracks: by tag, else by file name, else by the alphabet.
func (f *Folder) order() {
	for _, t := range f.tracks {
		disc, number, _ := t.fromName()
		t.number = t.tags.Track
		if t.number == 0 {
			t.number = number
		}
		for _, d := range []int{t.tags.Disc, disc, 1} {
			if t.disc == 0 {
				t.disc = d
			}
		}
	}
	slices.SortStableFunc(f.tracks, func(a, b *source) int {
		if a.disc != b.disc {
			return a.disc - b.disc
		}
		if a.number != b.number {
			return a.number - b.number
		}
		return strings.Compare(a.name, b.name)
	})
	if !slices.ContainsFunc(f.tracks, func(t *source) bool { return t.number != 0 }) {
		for i, t := range f.tracks {
			t.disc, t.number = 1, i+1
		}
	}
	if len(f.tracks) == 1 {
		f.tracks[0].disc, f.tracks[0].number = 1, 1 // a single keeps no place on an album
	}
}
