package publish

import (
	"bytes"
	"context"
	"crypto/sha1"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/media"
	"p2p.legal/peerfy/store/metainfo"
)

// Check reads an artist's folder to its end and says everything that keeps it
// from being published, and what could be better. It changes nothing. The
// Folder is nil only when dir itself cannot be read.
func Check(ctx context.Context, dir string, c Config) (*Folder, []Problem) {
	p := new(problems)
	f := &Folder{dir: dir}
	if err := f.read(p); err != nil {
		p.fatal("", "%s", err)
		return nil, *p
	}
	if err := f.look(ctx, p, c); err != nil {
		p.fatal("", "the files could not be looked at: %s", err)
		return f, *p
	}
	f.order()
	if f.hasCredits {
		f.checkHead(p, c)
		f.checkPeople(p)
		f.checkSections(p)
		f.checkSplits(p, c)
	}
	f.checkTracks(p, c)
	f.checkTitles(p)
	f.checkCover(p)
	f.checkSubtitles(p)
	f.checkSize(p)
	return f, *p
}

// checkHead asks for what stands at the top of the credits.
func (f *Folder) checkHead(p *problems, c Config) {
	cr := f.credits
	for _, v := range []struct{ key, value, hint string }{
		{"kind", string(cr.Kind), "one of " + list(catalog.Kinds)},
		{"title", cr.Title, "of the release"},
		{"artist", cr.Artist, "the name on the sleeve"},
		{"date", cr.Date, "the day it came out, like 2026-03-20"},
		{"language", cr.Language, "of the words, like fr; zxx when there are none"},
		{"genre", list(cr.Genres), "at least one"},
	} {
		if v.value == "" {
			p.fatal(CreditsFile, "%s is missing: %s", v.key, v.hint)
		}
	}
	if cr.Kind.Serial() && (cr.Series == "" || cr.Episode == 0) {
		p.fatal(CreditsFile, "an %s needs its series: and its episode:", map[bool]string{true: "episode", false: "episode of a podcast"}[cr.Kind.Video()])
	}
	if cr.Kind != "" && !cr.Kind.Serial() && (cr.Series != "" || cr.Season != 0 || cr.Episode != 0) {
		p.fatal(CreditsFile, "series, season and episode are for kind: episode or podcast")
	}
	if c.Artist.Name != "" && cr.Artist != "" && catalog.FoldName(cr.Artist) != catalog.FoldName(c.Artist.Name) {
		p.advise(CreditsFile, "the sleeve says %s, and the key belongs to %s: the editor will ask why", cr.Artist, c.Artist.Name)
	}
	f.checkLicence(p, c)
}

func (f *Folder) checkLicence(p *problems, c Config) {
	id := f.credits.Licence
	if _, free := catalog.Licences[id]; free || id == "" {
		return
	}
	if c.Charter == nil || id != c.Charter.Licence.ID {
		p.fatal(CreditsFile, "the licence %s is not known: leave the line out for the co-operative's own, or choose one of %s", id, strings.Join(licenceIDs(), ", "))
	}
}

func licenceIDs() []string {
	var ids []string
	for id := range catalog.Licences {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// checkPeople is about who took part and may permit.
func (f *Folder) checkPeople(p *problems) {
	people := f.credits.Contributors
	if len(people) == 0 {
		p.fatal(CreditsFile, "nobody took part? Add a line: contributor: NAME | ROLE | society: none | basis: author of the work")
		return
	}
	has := func(roles ...string) bool {
		return slices.ContainsFunc(people, func(c catalog.Contributor) bool {
			return slices.ContainsFunc(c.Roles, func(r string) bool { return slices.Contains(roles, r) })
		})
	}
	if !has("author", "composer", "director") {
		p.advise(CreditsFile, "no contributor is author, composer or director: somebody made the work")
	}
	seen := map[string]bool{}
	for _, c := range people {
		if c.Society != "" && c.Agreement == "" {
			p.fatal(CreditsFile, "%s is a member of %s and states no agreement of that society: a member has usually assigned these rights and cannot authorise alone. Ask the society, then add “| agreement: …”", c.Name, c.Society)
		}
		if name := catalog.FoldName(c.Name); seen[name] {
			p.fatal(CreditsFile, "%s is listed twice: write all roles on one line", c.Name)
		} else {
			seen[name] = true
		}
	}
}

// checkSections gives every track what the credits say of it.
func (f *Folder) checkSections(p *problems) {
	for _, t := range f.tracks {
		t.open = f.credits.Open
	}
	for _, s := range f.credits.Tracks {
		i := slices.IndexFunc(f.tracks, func(t *source) bool { return t.name == s.File })
		if i < 0 {
			p.fatal(CreditsFile, "the section [%s] names a file that is not in this folder", s.File)
			continue
		}
		t := f.tracks[i]
		t.title, t.isrc, t.excerpt = s.Title, s.ISRC, s.Excerpt
		if s.Open != nil {
			t.open = *s.Open
		}
		if s.Title != "" && t.tags.Title != "" && fit(t.tags.Title) != s.Title {
			p.advise(t.name, "the tag says %s and the credits say %s: the credits count", quote(t.tags.Title), quote(s.Title))
		}
	}
}

// checkSplits turns names of payees into slugs and adds up.
func (f *Folder) checkSplits(p *problems, c Config) {
	own := map[string][]Share{}
	for _, s := range f.credits.Tracks {
		own[s.File] = s.Splits
	}
	if len(f.credits.Splits) == 0 && slices.ContainsFunc(f.tracks, func(t *source) bool { return len(own[t.name]) == 0 }) {
		p.fatal(CreditsFile, "who is paid? Add a line: split: self = 10000")
		return
	}
	head := resolve(p, c, "the split", f.credits.Splits)
	for _, t := range f.tracks {
		t.splits = head
		if shares := own[t.name]; len(shares) > 0 {
			t.splits = resolve(p, c, "the split of ["+t.name+"]", shares)
		}
	}
}

func resolve(p *problems, c Config, what string, shares []Share) []catalog.Split {
	var splits []catalog.Split
	var sum int64
	for _, s := range shares {
		sum += s.BP
		slug := payee(p, c, s.Payee)
		if slices.ContainsFunc(splits, func(o catalog.Split) bool { return o.Payee == slug }) {
			p.fatal(CreditsFile, "%s names %s twice, by two names", what, slug)
		}
		splits = append(splits, catalog.Split{Payee: slug, BP: s.BP})
	}
	if len(shares) > 0 && sum != 10_000 {
		p.fatal(CreditsFile, "%s adds up to %d basis points, not 10000", what, sum)
	}
	if len(shares) > 100 {
		p.fatal(CreditsFile, "%s has %d lines; at most 100 are possible", what, len(shares))
	}
	return splits
}

// payee finds the slug behind a line of a split sheet.
func payee(p *problems, c Config, name string) string {
	if name == Self || c.Artist.Name != "" && catalog.FoldName(name) == catalog.FoldName(c.Artist.Name) {
		return first(c.Artist.Slug, Self)
	}
	if c.Lookup != nil {
		slug, ok := c.Lookup(name)
		if !ok {
			p.fatal(CreditsFile, "%s cannot be paid: nobody of that name is registered with the co-operative", quote(name))
			return Slug(name)
		}
		return slug
	}
	slug := Slug(name)
	if slug == "" {
		p.fatal(CreditsFile, "%s cannot be looked up here: write the payee's short name, as in their address", quote(name))
	} else {
		p.advise(CreditsFile, "%s could not be looked up here and is taken for %s; the co-operative refuses the release if nobody has that name", quote(name), slug)
	}
	return slug
}

// checkTracks is about the files as music and film.
func (f *Folder) checkTracks(p *problems, c Config) {
	if len(f.tracks) == 0 {
		p.fatal("", "there is no music and no film in this folder (FLAC, WAV, MP3, Ogg, Opus, M4A; MKV, MP4, WebM)")
		return
	}
	f.checkKind(p)
	f.checkNumbers(p)
	seen := map[[32]byte]string{}
	for _, t := range f.tracks {
		if other, ok := seen[t.hashes.SHA256]; ok && t.hashes.Size > 0 {
			p.fatal(t.name, "it is the same file as %s", other)
		}
		seen[t.hashes.SHA256] = t.name
		if c.StayDown != nil {
			if owner, down := c.StayDown(t.hashes.Root); down && c.Artist.Slug == "" {
				p.advise(t.name, "this file was withdrawn: only %s can publish it again", owner)
			} else if down && owner != c.Artist.Slug {
				p.fatal(t.name, "this file was withdrawn by its right-holder and stays down")
			}
		}
		if d := t.info.Duration; d > 0 && d < time.Second {
			p.fatal(t.name, "it lasts %d ms: that is no track", d.Milliseconds())
		}
		if t.info.HasVideo && !t.info.HasAudio {
			p.advise(t.name, "the film has no sound")
		}
		if t.excerpt != "" && t.excerpt != "no" && t.info.Duration > 0 {
			if at, err := parseClock(t.excerpt); err != nil || at >= t.info.Duration {
				p.fatal(t.name, "its excerpt cannot begin at %s: it lasts %s", t.excerpt, t.info.Duration.Round(time.Second))
			}
		}
	}
	if d := f.duration(); d > media.MaxDuration {
		p.fatal("", "together the tracks last longer than %d hours: publish each disc on its own", int(media.MaxDuration.Hours()))
	}
}

func (f *Folder) checkKind(p *problems) {
	kind := f.credits.Kind
	if kind == "" {
		return
	}
	if kind != catalog.Album && len(f.tracks) != 1 {
		p.fatal("", "kind: %s has one file, and there are %d here", kind, len(f.tracks))
	}
	for _, t := range f.tracks {
		if kind.Video() && !t.format.IsVideo() {
			p.fatal(t.name, "kind: %s is a film file (MKV, MP4 or WebM), and this is music", kind)
		}
		if !kind.Video() && t.format.IsVideo() {
			p.fatal(t.name, "kind: %s is made of music files, and this is a film: write kind: film or kind: episode", kind)
		}
	}
	if kind == catalog.Album && len(f.tracks) == 1 {
		p.advise("", "an album of one track: perhaps kind: single")
	}
}

// checkNumbers wants the tracks of each disc to be 1, 2, 3…
func (f *Folder) checkNumbers(p *problems) {
	disc, number := 1, 0
	for _, t := range f.tracks {
		if t.disc == disc+1 && number > 0 {
			disc, number = t.disc, 0
		}
		switch {
		case t.number == 0:
			p.fatal(t.name, "it has no track number: begin its name with one, like “01 - ”, or tag it")
		case t.number == number && t.disc == disc:
			p.fatal(t.name, "disc %d has two tracks with the number %d", disc, number)
		case t.disc != disc || t.number != number+1:
			p.fatal(t.name, "it is track %d of disc %d, but track %d of disc %d is not there", t.number, t.disc, number+1, disc)
			disc = t.disc
		}
		number = max(number, t.number)
	}
}

// checkTitles settles what every track is called.
func (f *Folder) checkTitles(p *problems) {
	titles := map[string]string{}
	for _, t := range f.tracks {
		if len(f.tracks) == 1 {
			t.title = first(t.title, f.credits.Title)
		}
		t.title = first(t.title, t.guessTitle())
		t.isrc = first(t.isrc, strings.ToUpper(strings.ReplaceAll(t.tags.ISRC, "-", "")))
		if t.title == "" {
			p.fatal(t.name, "it has no usable title: add a section [%s] with title: to the credits", t.name)
		}
		if t.isrc != "" && !isrcPattern.MatchString(t.isrc) {
			p.fatal(t.name, "the tag %s is not an ISRC: two letters, three letters or digits, seven digits", quote(t.isrc))
		}
		if other, ok := titles[catalog.FoldName(t.title)]; ok {
			p.advise(t.name, "it has the same title as %s", other)
		}
		titles[catalog.FoldName(t.title)] = t.name
	}
}

func (f *Folder) checkCover(p *problems) {
	if f.cover == "" {
		if len(f.tracks) > 0 && !f.tracks[0].format.IsVideo() {
			p.advise("", "there is no cover: add cover.jpg or cover.png, %d × %d pixels or more", coverAdvised, coverAdvised)
		}
		return
	}
	b, err := readFile(filepath.Join(f.dir, f.cover), media.MaxCover)
	if err != nil {
		p.fatal(f.cover, "%s", err)
		return
	}
	img, err := media.ReadCover(b)
	if err != nil {
		p.fatal(f.cover, "%s", err)
		return
	}
	if bytes.Contains(b[:min(len(b), 1<<16)], []byte("Exif\x00")) {
		p.advise(f.cover, "it carries notes of the camera (Exif), perhaps the place: they are published with it unless you take them out")
	}
	if s := img.Bounds().Size(); min(s.X, s.Y) < coverAdvised && !f.credits.Kind.Video() {
		p.advise(f.cover, "it has %d × %d pixels; %d × %d or more look better", s.X, s.Y, coverAdvised, coverAdvised)
	}
}

// checkSubtitles finds the language in "Film.fr.vtt".
func (f *Folder) checkSubtitles(p *problems) {
	seen := map[string]bool{}
	for i := range f.subtitles {
		s := &f.subtitles[i]
		stem := strings.TrimSuffix(s.name, path.Ext(s.name))
		s.language = strings.TrimPrefix(path.Ext(stem), ".")
		switch {
		case len(f.tracks) > 0 && !f.tracks[0].format.IsVideo():
			p.fatal(s.name, "subtitles belong to a film, and there is none here")
		case !languagePattern.MatchString(s.language) || len(s.language) > catalog.MaxShort:
			p.fatal(s.name, "its name does not say the language: call it like the film, then .fr.vtt or .en.vtt")
		case seen[s.language]:
			p.fatal(s.name, "there are two subtitle files in the language %s", s.language)
		}
		seen[s.language] = true
		if _, err := s.read(); err != nil {
			p.fatal(s.name, "%s", err)
		}
	}
}

// read is the content as WebVTT.
func (s *subtitle) read() ([]byte, error) {
	b, err := readFile(s.path, media.MaxSubtitles)
	if err != nil {
		return nil, err
	}
	return media.ReadSubtitles(b, s.format)
}

// checkSize foresees whether the release's hashes fit one entry of the log, and
// its pieces one torrent.
func (f *Folder) checkSize(p *problems) {
	const (
		root   = 64 + 3    // hexadecimal, quotation marks and comma
		others = 1024      // the other fields, and the signatures of artist and editor
		each   = 1 + 3 + 1 // master, renditions, excerpt
		whole  = 2         // files of the whole album
		most   = (ledger.MaxEntry - others - whole*root) / (each * root)
	)
	if len(f.tracks) > most {
		p.fatal("", "there are %d tracks, and a release holds at most %d: publish each disc on its own", len(f.tracks), most)
	}
	var size int64
	for _, t := range f.tracks {
		size += t.hashes.Size
	}
	room := int64(metainfo.MaxInfo-1<<17) / sha1.Size * metainfo.PieceLength(f.credits.Kind.Video())
	if size > room {
		p.fatal("", "the files have %d bytes together, and a release holds at most %d: publish it in parts", size, room)
	}
}
