package publish

import (
	"bytes"
	"os"
	"path"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/media"
)

// checkNames is what a manifest's own check leaves: composed Unicode
// everywhere, endings that say what a file is, and the texts that must be there.
func (b *Bundle) checkNames(*os.Root) error {
	m := b.manifest
	lines := append([]string{m.Title, m.Artist, m.Torrents.Masters.Name, m.Torrents.Renditions.Name}, m.Genres...)
	lines = append(lines, m.Notes...)
	if m.Series != nil {
		lines = append(lines, m.Series.Title)
	}
	for _, c := range m.Contributors {
		lines = append(lines, c.Name, c.Basis, c.Society, c.Agreement)
	}
	for _, t := range m.Tracks {
		lines = append(lines, t.Title)
	}
	for _, f := range m.Files() {
		lines = append(lines, f.Path)
		if !endsLike(f) {
			return unfit("%s is not called like a file of the type %s", quote(f.Path), f.Type)
		}
	}
	for _, s := range lines {
		if s == "" {
			continue
		}
		if err := checkUnicode(s, catalog.MaxText); err != nil {
			return unfit("the text %s %w", quote(s), err)
		}
	}
	if len(m.Texts) != 3 || m.Texts[0].Path != licenceFile || m.Texts[1].Path != authorisationFile || m.Texts[2].Path != sumsFile {
		return unfit("the texts are not %s, %s and %s", licenceFile, authorisationFile, sumsFile)
	}
	if m.Torrents.Masters.Name == m.Torrents.Renditions.Name {
		return unfit("both torrents have the same name")
	}
	return b.checkKinds()
}

// endings are those that belong to a MIME type; a text has a fixed name.
var endings = map[string][]string{
	"audio/flac": {".flac"}, "audio/mpeg": {".mp3"}, "audio/ogg": {".ogg", ".opus"}, "audio/mp4": {".m4a"},
	"audio/webm": {".webm"}, "video/webm": {".webm"}, "video/mp4": {".mp4"}, "video/x-matroska": {".mkv"},
	"image/jpeg": {".jpg"}, "image/png": {".png"}, "text/vtt": {".vtt"}, "text/plain": {".txt", ""},
}

func endsLike(f catalog.File) bool {
	for _, end := range endings[f.Type] {
		if path.Ext(f.Path) == end {
			return true
		}
	}
	return false
}

// checkKinds wants music where music belongs and film where film does: a page
// chooses its player by the kind of the release.
func (b *Bundle) checkKinds() error {
	of := func(family string, files ...catalog.File) error {
		for _, f := range files {
			if !strings.HasPrefix(f.Type, family) {
				return unfit("%s is of the type %s where %s… belongs", quote(f.Path), f.Type, family)
			}
		}
		return nil
	}
	family := "audio/"
	if b.manifest.Kind.Video() {
		family = "video/"
	}
	var media []catalog.File
	for _, w := range b.manifest.Whole {
		media = append(media, w.File)
	}
	for _, t := range b.manifest.Tracks {
		media = append(media, t.Master)
		for _, r := range t.Renditions {
			media = append(media, r.File)
		}
		if t.Excerpt != nil {
			media = append(media, *t.Excerpt)
		}
		for _, s := range t.Subtitles {
			if err := of("text/vtt", s.File); err != nil {
				return err
			}
		}
	}
	if err := of(family, media...); err != nil {
		return err
	}
	if err := of("text/plain", b.manifest.Texts...); err != nil {
		return err
	}
	if c := b.manifest.Cover; c != nil {
		if err := of("image/", c.Original); err != nil {
			return err
		}
		return of("image/jpeg", c.Large, c.Small)
	}
	return nil
}

// checkTexts verifies the authorisation without a charter: who signed, and that
// it says of this release what the manifest says. The co-operative that it
// names is compared with the charter in Conflicts.
func (b *Bundle) checkTexts(root *os.Root) error {
	signed, err := b.text(root, authorisationFile)
	if err != nil {
		return err
	}
	v, err := ledger.NewVerifier(b.artist.Key)
	if err != nil {
		return unfit("%w", err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return unfit("%s is not signed by %s: %w", authorisationFile, b.artist.Slug, err)
	}
	a := b.manifest.Authorisation(new(catalog.Charter), catalog.ArtistRecord{Artist: *b.artist})
	a.Cooperative = cooperative(n.Text)
	if a.Text() != n.Text {
		return unfit("%s does not say what the manifest says", authorisationFile)
	}
	b.cooperative = a.Cooperative
	if err := b.checkLicence(root); err != nil {
		return err
	}
	if got, err := b.text(root, sumsFile); err != nil || !bytes.Equal(got, sums(b.manifest.MasterFiles())) {
		return unfit("%s does not list the files of the masters", sumsFile)
	}
	return nil
}

// cooperative is the origin that an authorisation names, which the manifest
// does not know.
func cooperative(text string) string {
	for line := range strings.Lines(text) {
		if origin, ok := strings.CutPrefix(line, "co-operative: "); ok {
			return strings.TrimSuffix(origin, "\n")
		}
	}
	return ""
}

// checkLicence wants our words for a free licence; the co-operative's own text
// is compared with the charter in Conflicts.
func (b *Bundle) checkLicence(root *os.Root) error {
	text, err := b.text(root, licenceFile)
	if err != nil {
		return err
	}
	if _, free := catalog.Licences[b.manifest.Licence]; free && string(text) != freeLicenceText(b.manifest.Licence) {
		return unfit("%s is not the text of the licence %s", licenceFile, b.manifest.Licence)
	}
	return nil
}

// checkPictures looks into what pages will show: covers of the right size, and
// subtitles in the plain form that store/media writes.
func (b *Bundle) checkPictures(root *os.Root) error {
	halves := b.halves()
	if c := b.manifest.Cover; c != nil {
		height := media.LargeSide
		if b.manifest.Kind.Video() {
			height = media.LargeSide * 3 / 2
		}
		for _, p := range []struct {
			half          half
			f             catalog.File
			width, height int
		}{
			{halves[0], c.Original, media.MaxSide, media.MaxSide},
			{halves[1], c.Large, media.LargeSide, height},
			{halves[1], c.Small, media.SmallSide, media.SmallSide},
		} {
			raw, err := readSmall(root, p.half.path(p.f), media.MaxCover)
			if err != nil {
				return err
			}
			img, err := media.ReadCover(raw)
			if err != nil {
				return unfit("%s: %w", quote(p.f.Path), err)
			}
			if s := img.Bounds().Size(); s.X > p.width || s.Y > p.height {
				return unfit("%s has %d × %d pixels; at most %d × %d are shown", quote(p.f.Path), s.X, s.Y, p.width, p.height)
			}
		}
	}
	for _, t := range b.manifest.Tracks {
		for _, s := range t.Subtitles {
			raw, err := readSmall(root, halves[0].path(s.File), media.MaxSubtitles)
			if err != nil {
				return err
			}
			if plain, err := media.ReadSubtitles(raw, media.VTT); err != nil || !bytes.Equal(plain, raw) {
				return unfit("%s is not plain WebVTT", quote(s.Path))
			}
		}
	}
	return nil
}
