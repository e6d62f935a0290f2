package storetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"strings"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/metainfo"
)

// Work says what a release is to be; whatever is left empty is filled in.
type Work struct {
	Kind       catalog.Kind // Album
	Artist     string       // slug: "les-tests"
	ArtistName string       // made from the slug
	Title      string       // "First Light"
	Date       string       // 2024-03-20
	Language   string       // fr
	Genres     []string     // "chanson"
	Licence    string       // cc-by-sa-4.0
	Notes      []string
	Tracks     []string // titles; one for anything but an album
	Open       bool     // free of charge
	Series     *catalog.Series
	Payees     []string // slugs that share the second half of every track
	Replaces   string   // release id
	NoCover    bool
	Seed       string // changes every byte of the media; by default artist, title and date
	MasterSize int    // bytes of every master of an audio work; a line of text if 0
}

func (w *Work) complete() {
	set := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	set((*string)(&w.Kind), string(catalog.Album))
	set(&w.Artist, "les-tests")
	set(&w.ArtistName, strings.ToUpper(w.Artist[:1])+strings.ReplaceAll(w.Artist[1:], "-", " "))
	set(&w.Title, "First Light")
	set(&w.Date, "2024-03-20")
	set(&w.Language, "fr")
	set(&w.Licence, "cc-by-sa-4.0")
	set(&w.Seed, w.Artist+"/"+w.Title+"/"+w.Date)
	if w.Genres == nil {
		w.Genres = []string{"chanson"}
	}
	if w.Tracks == nil {
		w.Tracks = []string{"Aurore", "L'été à Besançon"}
	}
	if w.Kind != catalog.Album {
		w.Tracks = w.Tracks[:1]
	}
	if w.Kind.Serial() && w.Series == nil {
		w.Series = &catalog.Series{Title: "The Series", Slug: "the-series", Season: 1, Episode: 1}
	}
}

// Prepared is a work ready to be appended.
type Prepared struct {
	ID       string
	Raw      []byte // the release entry
	Manifest []byte
	M        *catalog.Manifest
	Files    map[catalog.Hash][]byte // by pieces root
	Infos    [][]byte                // of the two torrents
}

// Store puts the files and torrents.
func (p *Prepared) Store(db *store.DB) error {
	for _, b := range p.Files {
		h, err := metainfo.Hash(bytes.NewReader(b))
		if err != nil {
			return err
		}
		if err := db.PutObject(bytes.NewReader(b), h); err != nil {
			return err
		}
	}
	for _, info := range p.Infos {
		if err := db.PutInfo(info); err != nil {
			return err
		}
	}
	return nil
}

// builder collects the files of one work.
type builder struct {
	*Prepared
	seed string
}

// file adds a file of these bytes.
func (b *builder) file(path, mime string, content []byte) catalog.File {
	h, _ := metainfo.Hash(bytes.NewReader(content)) // reading memory does not fail
	b.Files[h.Root] = content
	return catalog.File{Path: path, Root: h.Root, SHA256: h.SHA256, Size: h.Size, Type: mime}
}

// media adds a file whose bytes follow from the seed and its path.
func (b *builder) media(path, mime string) catalog.File {
	return b.file(path, mime, []byte("media of "+b.seed+": "+path+"\n"))
}

// prepare makes a work with the given cover, which is stored already, or with
// one of its own.
func (c *Coop) prepare(w Work, cover *catalog.Cover) (*Prepared, error) {
	b := &builder{&Prepared{Files: map[catalog.Hash][]byte{}}, w.Seed}
	m := b.manifest(w)
	m.Cover = cover
	if cover == nil && !w.NoCover {
		m.Cover = b.cover()
	}
	key := c.Artists[w.Artist]
	licence := b.file("LICENCE.txt", "text/plain", []byte(w.Licence+"\n"))
	m.Texts = []catalog.File{licence}
	record := catalog.ArtistRecord{Artist: catalog.Artist{Slug: w.Artist, Key: key.Public}}
	auth, err := m.Authorisation(c.Charter, record).Sign(key)
	if err != nil {
		return nil, err
	}
	m.Texts = append(m.Texts, b.file("AUTHORISATION.txt", "text/plain", auth))
	if err := b.torrents(m, w); err != nil {
		return nil, err
	}
	return b.Prepared, b.sign(c, m, w)
}

// manifest is everything but cover, texts and torrents.
func (b *builder) manifest(w Work) *catalog.Manifest {
	nonce := sha256.Sum256([]byte(w.Seed))
	m := &catalog.Manifest{
		Nonce: hex.EncodeToString(nonce[:16]), Kind: w.Kind, Title: w.Title, Artist: w.ArtistName, Date: w.Date,
		Language: w.Language, Genres: w.Genres, Series: w.Series, Licence: w.Licence, Notes: w.Notes,
		Contributors: []catalog.Contributor{{Name: w.ArtistName, Roles: []string{"author", "performer"}, Basis: "their own work"}},
	}
	start := int64(0)
	for i, title := range w.Tracks {
		m.Tracks = append(m.Tracks, b.track(w, i, title, start))
		start += m.Tracks[i].Duration
	}
	if len(m.Tracks) > 1 {
		m.Whole = []catalog.Rendition{{File: b.media("album 96.webm", "audio/webm"), Label: "96", Kbps: 96}}
	}
	return m
}

func (b *builder) track(w Work, i int, title string, start int64) catalog.Track {
	name := fmt.Sprintf("%02d - %s", i+1, metainfo.CleanName(clip(title)))
	t := catalog.Track{Title: title, Disc: 1, Number: i + 1, Duration: 180_000 + int64(i)*1_000, Start: start, Open: w.Open, Splits: w.splits()}
	excerpt := b.media(name+" excerpt.webm", "audio/webm")
	if w.Kind.Video() {
		t.Master = b.media(name+".mkv", "video/x-matroska")
		t.Renditions = []catalog.Rendition{{File: b.media(name+" 360.webm", "video/webm"), Label: "360", Kbps: 364}}
		excerpt.Type = "video/webm"
	} else {
		t.Master = b.media(name+".flac", "audio/flac")
		if w.MasterSize > 0 {
			t.Master = b.file(name+".flac", "audio/flac", bytes.Repeat([]byte{byte(i + 1)}, w.MasterSize))
		}
		t.Renditions = []catalog.Rendition{
			{File: b.media(name+" 96.webm", "audio/webm"), Label: "96", Kbps: 96},
			{File: b.media(name+" 128.webm", "audio/webm"), Label: "128", Kbps: 128},
		}
	}
	t.Excerpt = &excerpt
	return t
}

// clip keeps a hostile title from making too long a file name.
func clip(title string) string {
	if len(title) > 100 {
		title = strings.ToValidUTF8(title[:100], "")
	}
	return title
}

func (w *Work) splits() []catalog.Split {
	if len(w.Payees) == 0 {
		return []catalog.Split{{Payee: w.Artist, BP: 10_000}}
	}
	splits, left := []catalog.Split{}, int64(10_000)
	for _, p := range w.Payees {
		bp := 5_000 / int64(len(w.Payees))
		splits, left = append(splits, catalog.Split{Payee: p, BP: bp}), left-bp
	}
	return append(splits, catalog.Split{Payee: w.Artist, BP: left})
}

func (b *builder) cover() *catalog.Cover {
	return &catalog.Cover{
		Original: b.file("cover.jpg", "image/jpeg", Cover(b.seed, 600)),
		Large:    b.file("cover 480.jpg", "image/jpeg", Cover(b.seed, 480)),
		Small:    b.file("cover 96.jpg", "image/jpeg", Cover(b.seed, 96)),
	}
}

// Cover draws a square JPEG whose colours follow from the seed.
func Cover(seed string, side int) []byte {
	h := sha256.Sum256([]byte(seed))
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{
		color.RGBA{h[0], h[1], h[2], 255}, color.RGBA{h[3], h[4], h[5], 255}})
	for y := range side {
		for x := range side {
			if (x*4/side+y*4/side)%2 == 0 {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}) // writing to memory does not fail
	return b.Bytes()
}

func (b *builder) torrents(m *catalog.Manifest, w Work) error {
	name := metainfo.CleanName(clip(w.ArtistName) + " - " + clip(w.Title) + " (" + w.Date[:4] + ")")
	for _, t := range []struct {
		suffix string
		files  []catalog.File
		to     *catalog.Torrent
	}{{" [FLAC]", m.MasterFiles(), &m.Torrents.Masters}, {" [Opus]", m.RenditionFiles(), &m.Torrents.Renditions}} {
		var files []metainfo.File
		for _, f := range t.files {
			content := b.Files[f.Root]
			if content == nil { // a shared cover, of which only the length matters
				content = make([]byte, f.Size)
			}
			files = append(files, metainfo.File{Path: strings.Split(f.Path, "/"), Size: f.Size,
				Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }})
		}
		info, err := metainfo.Build(metainfo.CleanName(name+t.suffix), files, metainfo.PieceLength(m.Kind.Video()))
		if err != nil {
			return err
		}
		b.Infos = append(b.Infos, info)
		*t.to = catalog.Torrent{Name: metainfo.CleanName(name + t.suffix), InfoHash: fmt.Sprintf("%x", metainfo.InfoHash(info))}
	}
	return nil
}

// sign makes the release entry.
func (b *builder) sign(c *Coop, m *catalog.Manifest, w Work) error {
	manifest, err := m.Format()
	if err != nil {
		return err
	}
	body := catalog.Release{
		Artist: w.Artist, Manifest: catalog.Sum(manifest), Size: int64(len(manifest)),
		Torrents: []string{m.Torrents.Masters.InfoHash, m.Torrents.Renditions.InfoHash}, Roots: m.Roots(), Replaces: w.Replaces,
	}
	text, err := ledger.Text(ledger.KindRelease, body)
	if err != nil {
		return err
	}
	b.ID, b.M, b.Manifest = ledger.TextID(text), m, manifest
	b.Raw, err = ledger.SignText(text, c.Artists[w.Artist], c.Keys.Editor)
	return err
}
