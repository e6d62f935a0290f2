package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/metainfo"
)

// The files of a bundle beside its two folders.
const (
	entryFile    = "release.note"  // the release entry, signed by the artist
	manifestFile = "manifest.json" // named by the entry
	artistFile   = "artist.note"   // the artist's entry, signed by the artist
)

// Bundle is a folder that was opened and verified. It keeps no file open.
type Bundle struct {
	dir         string
	entry       *ledger.Entry
	release     *catalog.Release
	manifest    *catalog.Manifest
	bytes       []byte // of the manifest
	artist      *catalog.Artist
	artistEntry []byte
	cooperative string // origin of the log that the authorisation names
	infos       [2][]byte
}

// OpenBundle verifies a bundle: it reads every file, builds both torrents
// again, and compares files, manifest, entry and authorisation with each other.
// What is wrong with the bundle itself wraps ErrBundle. That the bundle also
// fits a log is for Conflicts to say. progress may be nil; it hears how many
// bytes of how many have been read.
func OpenBundle(ctx context.Context, dir string, progress func(step string, done, total int64)) (*Bundle, error) {
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	b := &Bundle{dir: dir}
	for _, step := range []func(*os.Root) error{b.readArtist, b.readManifest, b.readEntry, b.checkNames, b.checkList} {
		if err := step(root); err != nil {
			return nil, err
		}
	}
	if err := b.checkFiles(ctx, root, progress); err != nil {
		return nil, err
	}
	for _, step := range []func(*os.Root) error{b.checkTexts, b.checkPictures} {
		if err := step(root); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// BundleID is the id of the release in a bundle, read from its entry alone: to
// find a bundle among others without reading their media.
func BundleID(dir string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	b := new(Bundle)
	for _, step := range []func(*os.Root) error{b.readArtist, b.readManifest, b.readEntry} {
		if err := step(root); err != nil {
			return "", err
		}
	}
	return b.ID(), nil
}

func unfit(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrBundle}, args...)...)
}

// readSmall reads a plain file of the bundle, of at most limit bytes.
func readSmall(root *os.Root, name string, limit int64) ([]byte, error) {
	info, err := root.Lstat(filepath.FromSlash(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, unfit("%s is missing", quote(name))
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, unfit("%s is not a plain file", quote(name))
	case info.Size() > limit:
		return nil, unfit("%s has %d bytes, more than %d", quote(name), info.Size(), limit)
	}
	return root.ReadFile(filepath.FromSlash(name))
}

func (b *Bundle) readArtist(root *os.Root) error {
	raw, err := readSmall(root, artistFile, ledger.MaxEntry)
	if err != nil {
		return err
	}
	artist, err := openArtist(raw)
	if err != nil {
		return unfit("%s: %w", artistFile, err)
	}
	b.artist, b.artistEntry = &artist, raw
	return nil
}

// openArtist reads an artist's entry, which must be signed with the key that it
// introduces.
func openArtist(raw []byte) (catalog.Artist, error) {
	e, err := ledger.ParseEntry(raw)
	if err != nil {
		return catalog.Artist{}, err
	}
	if e.Kind != ledger.KindArtist || !e.Known {
		return catalog.Artist{}, fmt.Errorf("an entry of the kind %s is not an artist's", e.Kind)
	}
	a, err := catalog.ParseArtist(e.Body)
	if err != nil {
		return catalog.Artist{}, err
	}
	if err := checkUnicode(a.Name, catalog.MaxName); err != nil {
		return catalog.Artist{}, fmt.Errorf("the name %w", err)
	}
	if v, err := ledger.NewVerifier(a.Key); err != nil || !e.SignedBy(v) {
		return catalog.Artist{}, errors.Join(err, fmt.Errorf("the entry of %s lacks the artist's signature", a.Slug))
	}
	return *a, nil
}

func (b *Bundle) readManifest(root *os.Root) (err error) {
	if b.bytes, err = readSmall(root, manifestFile, catalog.MaxManifest); err != nil {
		return err
	}
	if b.manifest, err = catalog.ParseManifest(b.bytes); err != nil {
		return unfit("%s: %w", manifestFile, err)
	}
	return nil
}

func (b *Bundle) readEntry(root *os.Root) error {
	raw, err := readSmall(root, entryFile, ledger.MaxEntry)
	if err != nil {
		return err
	}
	if b.entry, err = ledger.ParseEntry(raw); err != nil {
		return unfit("%s: %w", entryFile, err)
	}
	if b.entry.Kind != ledger.KindRelease || !b.entry.Known {
		return unfit("%s is an entry of the kind %s", entryFile, b.entry.Kind)
	}
	if b.release, err = catalog.ParseRelease(b.entry.Body); err != nil {
		return unfit("%s: %w", entryFile, err)
	}
	if b.release.Artist != b.artist.Slug {
		return unfit("the release is by %s and the artist's entry of %s", b.release.Artist, b.artist.Slug)
	}
	if v, err := ledger.NewVerifier(b.artist.Key); err != nil || !b.entry.SignedBy(v) {
		return unfit("the release lacks the signature of %s", b.artist.Slug)
	}
	if err := b.manifest.Fits(b.release, b.bytes, anybody{}); err != nil {
		return unfit("%w", err)
	}
	return nil
}

// anybody is a log in which every payee exists: the real one is asked later.
type anybody struct{ catalog.View }

func (anybody) Artist(string) (catalog.ArtistRecord, bool) { return catalog.ArtistRecord{}, true }

// halves are the bundle's two folders of files.
func (b *Bundle) halves() []half {
	m := b.manifest
	return []half{
		{inMasters, m.Torrents.Masters, m.MasterFiles()},
		{inRenditions, m.Torrents.Renditions, m.RenditionFiles()},
	}
}

type half struct {
	name    string
	torrent catalog.Torrent
	files   []catalog.File
}

// path is where a file lies in the bundle, with forward slashes.
func (h half) path(f catalog.File) string { return path.Join(h.name, h.torrent.Name, f.Path) }

// checkList wants exactly the files of the manifest: nothing missing, nothing
// more, no links and no special files.
func (b *Bundle) checkList(root *os.Root) error {
	want, folders := map[string]bool{entryFile: true, manifestFile: true, artistFile: true}, map[string]bool{}
	for _, h := range b.halves() {
		for _, f := range h.files {
			want[h.path(f)] = true
			for dir := path.Dir(h.path(f)); !folders[dir]; dir = path.Dir(dir) {
				folders[dir] = true
			}
		}
	}
	err := fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && folders[name]:
			return nil
		case !want[name]:
			return unfit("%s is not in the manifest", quote(name))
		case !e.Type().IsRegular():
			return unfit("%s is not a plain file", quote(name))
		}
		delete(want, name)
		return nil
	})
	if err != nil {
		return err
	}
	for name := range want {
		return unfit("%s is missing", quote(name))
	}
	return nil
}

// checkFiles reads everything once: for the torrents, and for each file's own
// hashes.
func (b *Bundle) checkFiles(ctx context.Context, root *os.Root, progress func(string, int64, int64)) error {
	r := &reader{ctx: ctx, step: "verifying the bundle", progress: progress}
	for _, f := range b.manifest.Files() {
		r.total += f.Size
	}
	for i, h := range b.halves() {
		var err error
		b.infos[i], err = buildInfo(b.manifest, h.torrent.Name, h.files, func(f catalog.File) (io.ReadCloser, error) {
			file, err := root.Open(filepath.FromSlash(h.path(f)))
			if err != nil {
				return nil, err
			}
			return &verified{ReadCloser: r.watch(file), want: f, hash: metainfo.NewHasher()}, nil
		})
		if errors.Is(err, metainfo.ErrInvalid) {
			return unfit("%w", err)
		}
		if err != nil {
			return err
		}
		if got := fmt.Sprintf("%x", metainfo.InfoHash(b.infos[i])); got != h.torrent.InfoHash {
			return unfit("the torrent of the %s has the infohash %s, not %s", h.name, got, h.torrent.InfoHash)
		}
	}
	return nil
}

// verified fails at the end of a file that is not the one the manifest names.
type verified struct {
	io.ReadCloser
	want catalog.File
	hash *metainfo.Hasher
}

func (v *verified) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	v.hash.Write(p[:n])
	if err == io.EOF {
		got := v.hash.Sum()
		if got.Size != v.want.Size || got.SHA256 != v.want.SHA256 || got.Root != v.want.Root {
			return n, unfit("%s is not the file that the manifest names", quote(v.want.Path))
		}
	}
	return n, err
}

// ID is what the release will be called: the name of the entry's text.
func (b *Bundle) ID() string { return b.entry.ID() }

// Release is the body of the release entry.
func (b *Bundle) Release() *catalog.Release { return b.release }

// Manifest is what the public will read. It is not to be changed.
func (b *Bundle) Manifest() *catalog.Manifest { return b.manifest }

// ManifestBytes are the manifest's own bytes, which the entry names.
func (b *Bundle) ManifestBytes() []byte { return bytes.Clone(b.bytes) }

// Entry is the release entry, signed by the artist and not yet by an editor.
func (b *Bundle) Entry() []byte { return bytes.Clone(b.entry.Raw) }

// Artist is who publishes, as their entry says.
func (b *Bundle) Artist() catalog.Artist { return *b.artist }

// ArtistEntry is the artist's own entry, signed by the artist. It is to be
// appended when the log does not know the artist yet.
func (b *Bundle) ArtistEntry() []byte { return bytes.Clone(b.artistEntry) }

// Infos are the info dictionaries of the masters' and the renditions' torrent.
func (b *Bundle) Infos() [][]byte { return [][]byte{b.infos[0], b.infos[1]} }

// Each calls do for every file, masters first, and stops at its first error.
// What open gives is read from disk again: whoever stores it compares hashes.
func (b *Bundle) Each(do func(f catalog.File, open func() (io.ReadCloser, error)) error) error {
	for _, h := range b.halves() {
		for _, f := range h.files {
			open := func() (io.ReadCloser, error) {
				return os.OpenInRoot(b.dir, filepath.FromSlash(h.path(f)))
			}
			if err := do(f, open); err != nil {
				return err
			}
		}
	}
	return nil
}

// text is a file of the masters by its name.
func (b *Bundle) text(root *os.Root, name string) ([]byte, error) {
	h := b.halves()[0]
	i := slices.IndexFunc(b.manifest.Texts, func(f catalog.File) bool { return f.Path == name })
	if i < 0 {
		return nil, unfit("the manifest names no %s", name)
	}
	return readSmall(root, h.path(b.manifest.Texts[i]), catalog.MaxManifest)
}
