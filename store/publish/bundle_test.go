package publish_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/metainfo"
	"p2p.legal/peerfy/store/publish"
)

func refuse(t *testing.T, dir, what string) {
	t.Helper()
	if _, err := publish.OpenBundle(t.Context(), dir, nil); !errors.Is(err, publish.ErrBundle) {
		t.Errorf("%s: %v", what, err)
	}
}

// A byte changed anywhere in any file is noticed.
func TestEveryFileCounts(t *testing.T) {
	t.Parallel()
	_, dir := bundle(t)
	at := rand.New(rand.NewPCG(1, 2))
	for _, name := range tree(t, dir) {
		path := filepath.Join(dir, name)
		raw, err := os.ReadFile(path)
		check(t, err)
		for range 3 {
			changed := bytes.Clone(raw)
			i := at.IntN(len(raw))
			changed[i] ^= 1 << at.IntN(8)
			check(t, os.WriteFile(path, changed, 0o644))
			refuse(t, dir, fmt.Sprintf("%s with byte %d changed", name, i))
		}
		check(t, os.WriteFile(path, raw[:len(raw)-1], 0o644))
		refuse(t, dir, name+" cut short")
		check(t, os.WriteFile(path, append(raw, '\n'), 0o644))
		refuse(t, dir, name+" grown")
		check(t, os.Remove(path))
		refuse(t, dir, name+" missing")
		check(t, os.Symlink("/etc/passwd", path))
		refuse(t, dir, name+" a link")
		check(t, os.Remove(path))
		check(t, os.WriteFile(path, raw, 0o644))
	}
	if _, err := publish.OpenBundle(t.Context(), dir, nil); err != nil {
		t.Fatalf("restored: %v", err)
	}
	for _, extra := range []string{"extra.txt", "masters/extra.txt", "masters/other/extra.txt", "renditions/.hidden"} {
		path := filepath.Join(dir, extra)
		check(t, os.MkdirAll(filepath.Dir(path), 0o755))
		check(t, os.WriteFile(path, nil, 0o644))
		refuse(t, dir, "with "+extra)
		check(t, os.Remove(path))
	}
	refuse(t, dir, "with an empty folder more")
}

// forged is a bundle that its artist changes and signs again.
type forged struct {
	t    *testing.T
	co   *coop
	dir  string
	m    *catalog.Manifest
	r    *catalog.Release
	by   party
	kind ledger.Kind
	hash string // infohash of the renditions instead of the right one
}

func (f *forged) masters(name string) string {
	return filepath.Join(f.dir, "masters", f.m.Torrents.Masters.Name, name)
}

func (f *forged) renditions(name string) string {
	return filepath.Join(f.dir, "renditions", f.m.Torrents.Renditions.Name, name)
}

// put replaces a file and its description in the manifest.
func (f *forged) put(path string, file *catalog.File, b []byte) {
	f.t.Helper()
	check(f.t, os.WriteFile(path, b, 0o644))
	h, err := metainfo.Hash(bytes.NewReader(b))
	check(f.t, err)
	file.Root, file.SHA256, file.Size = h.Root, h.SHA256, h.Size
}

// sign makes everything fit again as far as hashes and signatures go.
func (f *forged) sign() {
	f.t.Helper()
	f.infohash(&f.m.Torrents.Masters, f.m.MasterFiles(), f.masters)
	f.infohash(&f.m.Torrents.Renditions, f.m.RenditionFiles(), f.renditions)
	if f.hash != "" {
		f.m.Torrents.Renditions.InfoHash = f.hash
	}
	raw, err := f.m.Format()
	check(f.t, err)
	f.r.Manifest, f.r.Size, f.r.Roots = catalog.Sum(raw), int64(len(raw)), f.m.Roots()
	f.r.Torrents = []string{f.m.Torrents.Masters.InfoHash, f.m.Torrents.Renditions.InfoHash}
	text, err := ledger.Text(f.kind, f.r)
	check(f.t, err)
	entry, err := ledger.SignText(text, f.by.signer)
	check(f.t, err)
	check(f.t, os.WriteFile(filepath.Join(f.dir, "manifest.json"), raw, 0o644))
	check(f.t, os.WriteFile(filepath.Join(f.dir, "release.note"), entry, 0o644))
}

// infohash builds the torrent again if its names allow it.
func (f *forged) infohash(torrent *catalog.Torrent, files []catalog.File, at func(string) string) {
	var list []metainfo.File
	for _, file := range files {
		list = append(list, metainfo.File{Path: strings.Split(file.Path, "/"), Size: file.Size, Open: func() (io.ReadCloser, error) { return os.Open(at(file.Path)) }})
	}
	if info, err := metainfo.Build(torrent.Name, list, metainfo.PieceLength(f.m.Kind.Video())); err == nil {
		torrent.InfoHash = fmt.Sprintf("%x", metainfo.InfoHash(info))
	}
}

// authorise signs AUTHORISATION.txt again and makes SHA256SUMS follow.
func (f *forged) authorise(a catalog.Authorisation, by party) {
	f.t.Helper()
	text, err := note.Sign(&note.Note{Text: a.Text()}, by.signer)
	check(f.t, err)
	f.put(f.masters("AUTHORISATION.txt"), &f.m.Texts[1], text)
	f.sums()
}

func (f *forged) sums() {
	f.t.Helper()
	var lines []string
	for _, name := range []string{"01 - Aube.flac", "02 - Brume.flac", "AUTHORISATION.txt", "LICENCE.txt", "cover.png"} {
		for _, file := range f.m.MasterFiles() {
			if file.Path == name {
				lines = append(lines, file.SHA256.String()+"  "+name+"\n")
			}
		}
	}
	f.put(f.masters("SHA256SUMS"), &f.m.Texts[2], []byte(strings.Join(lines, "")))
}

func (f *forged) authorisation() catalog.Authorisation {
	return f.m.Authorisation(f.co.state.Charter(), catalog.ArtistRecord{Artist: f.co.config.Artist})
}

// An artist who signs whatever they like still gets nothing past the checks.
func TestForgedBundles(t *testing.T) {
	stranger := newParty(t, "les-veilleurs")
	for _, c := range []struct {
		name, want string
		forge      func(f *forged)
	}{
		{"untouched", "", func(*forged) {}},
		{"another title than authorised", "AUTHORISATION.txt does not say what the manifest says", func(f *forged) { f.m.Title = "Other" }},
		{"another contributor", "does not say", func(f *forged) { f.m.Contributors[0].Name = "Somebody" }},
		{"authorised by a stranger", "is not signed by les-veilleurs", func(f *forged) { f.authorise(f.authorisation(), stranger) }},
		{"authorised for another log", "", func(f *forged) { a := f.authorisation(); a.Cooperative = "other.test/log"; f.authorise(a, f.co.artist) }},
		{"another licence text than authorised", "does not say", func(f *forged) {
			f.put(f.masters("LICENCE.txt"), &f.m.Texts[0], []byte("all rights reserved\n"))
			f.sums()
		}},
		{"a free licence in name only", "LICENCE.txt is not the text of the licence cc-by-sa-4.0", func(f *forged) {
			f.m.Licence = "cc-by-sa-4.0"
			f.put(f.masters("LICENCE.txt"), &f.m.Texts[0], []byte("all rights reserved\n"))
			f.authorise(f.authorisation(), f.co.artist)
		}},
		{"sums of other files", "SHA256SUMS does not list", func(f *forged) { f.put(f.masters("SHA256SUMS"), &f.m.Texts[2], []byte("0  x\n")) }},
		{"signed by a stranger", "lacks the signature", func(f *forged) { f.by = stranger }},
		{"by another artist", "the release is by somebody", func(f *forged) { f.r.Artist = "somebody" }},
		{"another kind of entry", "an entry of the kind mirror", func(f *forged) { f.kind = ledger.KindMirror }},
		{"splits of 9,999", "sums to 9999", func(f *forged) { f.m.Tracks[0].Splits[0].BP = 9_999 }},
		{"a society without agreement", "states no agreement", func(f *forged) { f.m.Contributors[0].Society = "SOCIÉTÉ" }},
		{"a wrong infohash", "the torrent of the renditions has the infohash", func(f *forged) { f.hash = strings.Repeat("0", 40) }},
		{"a wrong SHA-256", "is not the file that the manifest names", func(f *forged) { f.m.Tracks[0].Renditions[0].SHA256[0] ^= 1 }},
		{"a wrong pieces root", "is not the file that the manifest names", func(f *forged) { f.m.Tracks[0].Renditions[0].Root[0] ^= 1 }},
		{"a wrong size", "changed its size", func(f *forged) { f.m.Tracks[0].Renditions[0].Size-- }},
		{"out of the folder", "unusable name", func(f *forged) { f.m.Tracks[0].Master.Path = "../../release.note" }},
		{"an absolute path", "unusable name", func(f *forged) { f.m.Tracks[0].Master.Path = "/etc/passwd" }},
		{"a title of 5,000 bytes", "longer than 200 bytes", func(f *forged) { f.m.Title = strings.Repeat("é", 2500) }},
		{"decomposed accents", "composed Unicode", func(f *forged) { f.m.Title = "Premie\u0300res lueurs" }},
		{"a page among the renditions", `the type "text/html"`, func(f *forged) { f.m.Tracks[0].Renditions[0].Type = "text/html" }},
		{"a page called sound", "is not called like a file of the type", func(f *forged) { f.m.Tracks[0].Renditions[0].Path = "01 - Aube.html" }},
		{"a film in an album", "is of the type video/webm where audio/", func(f *forged) { f.m.Tracks[0].Renditions[0].Type = "video/webm" }},
		{"sound for a cover", "where image/… belongs", func(f *forged) { f.m.Cover.Original.Path, f.m.Cover.Original.Type = "cover.flac", "audio/flac" }},
		{"a huge small cover", "has 300 × 300 pixels; at most 96 × 96", func(f *forged) {
			f.put(f.renditions("cover-96.jpg"), &f.m.Cover.Small, picture(f.t, 300, "jpeg"))
		}},
		{"a cover that is none", "unusable picture", func(f *forged) { f.put(f.renditions("cover-96.jpg"), &f.m.Cover.Small, []byte("<svg/>")) }},
		{"one torrent name for both", "the same name", func(f *forged) { f.m.Torrents.Renditions.Name = f.m.Torrents.Masters.Name }},
		{"texts in disorder", "the texts are not", func(f *forged) { f.m.Texts[0], f.m.Texts[1] = f.m.Texts[1], f.m.Texts[0] }},
	} {
		t.Run(c.name, func(t *testing.T) {
			co, dir := bundle(t)
			b, err := publish.OpenBundle(t.Context(), dir, nil)
			check(t, err)
			f := &forged{t: t, co: co, dir: dir, m: b.Manifest(), r: b.Release(), by: co.artist, kind: ledger.KindRelease}
			c.forge(f)
			f.sign()
			_, err = publish.OpenBundle(t.Context(), dir, nil)
			if c.want == "" {
				check(t, err)
			} else if !errors.Is(err, publish.ErrBundle) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// What only the log knows is said before anything is appended.
func TestConflicts(t *testing.T) {
	co, dir := bundle(t)
	b, err := publish.OpenBundle(t.Context(), dir, nil)
	check(t, err)
	f := &forged{t: t, co: co, dir: dir, m: b.Manifest(), r: b.Release(), by: co.artist, kind: ledger.KindRelease}
	a := f.authorisation()
	a.Cooperative = "other.test/log"
	f.authorise(a, co.artist)
	f.m.Tracks[1].Splits = []catalog.Split{{Payee: "nobody-known", BP: 10_000}}
	f.r.Replaces = "aaaaaaaaaaaaaaaaaaaa"
	f.sign()
	b, err = publish.OpenBundle(t.Context(), dir, nil)
	check(t, err)

	other := newCoop(t)
	thief := other.config.Artist
	other.append(t, ledger.KindArtist, thief, other.artist, other.editor) // the same slug, another key
	got := strings.Join(b.Conflicts(other.state), "\n")
	for _, want := range []string{
		"for the co-operative \"other.test/log\", not coop.test/log", "les-veilleurs has another key in the log",
		"the payee nobody-known is not in the log", "it replaces aaaaaaaaaaaaaaaaaaaa",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("not said: %s\n%s", want, got)
		}
	}
	named := newCoop(t)
	named.config.Artist.Slug = "other-slug"
	named.append(t, ledger.KindArtist, named.config.Artist, named.artist, named.editor)
	if got := strings.Join(b.Conflicts(named.state), "\n"); !strings.Contains(got, "the name \"Les Veilleurs\" belongs to other-slug") {
		t.Errorf("%s", got)
	}
	if got := b.Conflicts(new(catalog.State)); len(got) != 1 || got[0] != "there is no charter yet" {
		t.Errorf("an empty log: %q", got)
	}
}

// Each gives the files that the manifest names, and open reads them.
func TestEach(t *testing.T) {
	_, dir := bundle(t)
	b, err := publish.OpenBundle(t.Context(), dir, nil)
	check(t, err)
	n := 0
	check(t, b.Each(func(f catalog.File, open func() (io.ReadCloser, error)) error {
		r, err := open()
		if err != nil {
			return err
		}
		defer r.Close()
		h, err := metainfo.Hash(r)
		if err == nil && (h.Root != f.Root || h.SHA256 != f.SHA256 || h.Size != f.Size) {
			err = errors.New(f.Path + " is another file")
		}
		n++
		return err
	}))
	if n != len(b.Manifest().Files()) {
		t.Errorf("%d files", n)
	}
	stop := errors.New("stop")
	if err := b.Each(func(catalog.File, func() (io.ReadCloser, error)) error { return stop }); err != stop {
		t.Error(err)
	}
	if _, err := publish.OpenBundle(t.Context(), filepath.Join(dir, "nowhere"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

func TestReview(t *testing.T) {
	co, dir := bundle(t)
	b, err := publish.OpenBundle(t.Context(), dir, nil)
	check(t, err)
	for _, want := range []string{
		"release       " + b.ID(), "album         Les Veilleurs — Premières lueurs", "licence       test-1", "authorised    for coop.test/log",
		"contributor   Jeanne Câlin: author, composer, performer, producer; no collecting society; basis: author of the work",
		"track         1-01  0:02  Aube  (open to everybody)", "  paid        les-veilleurs 100.00 %", "masters       6 files", "notes         Enregistré à l'aube.",
	} {
		if !strings.Contains(b.Review(), want) {
			t.Errorf("not there: %q", want)
		}
	}
	if strings.Contains(b.Review(), "LOOK AGAIN") {
		t.Error("a warning without cause")
	}
	f := &forged{t: t, co: co, dir: dir, m: b.Manifest(), r: b.Release(), by: co.artist, kind: ledger.KindRelease}
	f.m.Artist = "Lеs Veilleurs" // with a Cyrillic е
	f.m.Contributors[0].Society, f.m.Contributors[0].Agreement = "SOCIÉTÉ", "letter of 2026-02-01"
	f.authorise(f.authorisation(), co.artist)
	f.sign()
	b, err = publish.OpenBundle(t.Context(), dir, nil)
	check(t, err)
	for _, want := range []string{"LOOK AGAIN    the sleeve says", "LOOK AGAIN    Jeanne Câlin is a member of SOCIÉTÉ", "LOOK AGAIN    \"Lеs Veilleurs\" mixes letters"} {
		if !strings.Contains(b.Review(), want) {
			t.Errorf("not there: %q in\n%s", want, b.Review())
		}
	}
	t.Log("\n" + b.Review())
}
