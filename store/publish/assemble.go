package publish

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/media"
	"p2p.legal/peerfy/store/metainfo"
)

// The two halves of a bundle, and of a release's torrents.
const (
	inMasters    = "masters"
	inRenditions = "renditions"
)

// The texts that travel with the masters.
const (
	licenceFile       = catalog.LicenceFile
	authorisationFile = "AUTHORISATION.txt"
	sumsFile          = "SHA256SUMS"
)

// at is where a file of the torrent lies in the bundle being made.
func (mk *maker) at(half, name string) string {
	torrent := mk.m.Torrents.Masters.Name
	if half == inRenditions {
		torrent = mk.m.Torrents.Renditions.Name
	}
	return filepath.Join(mk.bundle, half, torrent, filepath.FromSlash(name))
}

// place puts a finished file into the bundle under its public name, without
// copying where the file system knows links.
func (mk *maker) place(ctx context.Context, half, name, kind, from string) (catalog.File, error) {
	to := mk.at(half, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return catalog.File{}, err
	}
	if err := os.Link(from, to); err != nil {
		if err := copyFile(from, to); err != nil {
			return catalog.File{}, err
		}
	}
	if err := os.Chmod(to, 0o644); err != nil {
		return catalog.File{}, err
	}
	h, err := hashFile(ctx, to)
	return describe(name, kind, h), err
}

func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}

// write puts a small file into the bundle.
func (mk *maker) write(half, name, kind string, b []byte) (catalog.File, error) {
	to := mk.at(half, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return catalog.File{}, err
	}
	if err := os.WriteFile(to, b, 0o644); err != nil {
		return catalog.File{}, err
	}
	h, err := metainfo.Hash(bytes.NewReader(b))
	return describe(name, kind, h), err
}

func describe(name, kind string, h metainfo.Hashes) catalog.File {
	return catalog.File{Path: name, Root: h.Root, SHA256: h.SHA256, Size: h.Size, Type: kind}
}

// cover keeps the artist's picture and adds the two sizes that pages show. A
// film without one gets a picture out of the film.
func (mk *maker) cover(ctx context.Context) error {
	b, name, err := mk.coverBytes(ctx)
	if err != nil || b == nil {
		return err
	}
	small, large, err := media.Covers(b, mk.m.Kind.Video())
	if err != nil {
		return err
	}
	mk.m.Cover = new(catalog.Cover)
	format, _ := media.Accepted(name)
	for _, f := range []struct {
		half, name, kind string
		b                []byte
		file             *catalog.File
	}{
		{inMasters, "cover" + extension(format), format.MIME(), b, &mk.m.Cover.Original},
		{inRenditions, fmt.Sprintf("cover-%d.jpg", media.LargeSide), media.JPEG.MIME(), large, &mk.m.Cover.Large},
		{inRenditions, fmt.Sprintf("cover-%d.jpg", media.SmallSide), media.JPEG.MIME(), small, &mk.m.Cover.Small},
	} {
		if *f.file, err = mk.write(f.half, f.name, f.kind, f.b); err != nil {
			return err
		}
	}
	return nil
}

func (mk *maker) coverBytes(ctx context.Context) (b []byte, name string, err error) {
	if mk.f.cover != "" {
		b, err = readFile(filepath.Join(mk.f.dir, mk.f.cover), media.MaxCover)
		return b, mk.f.cover, err
	}
	if !mk.m.Kind.Video() {
		return nil, "", nil
	}
	t, master := mk.f.tracks[0], mk.m.Tracks[0].Master
	at := t.info.Duration * excerptPart / 100
	poster := job{what: "the poster", from: master.SHA256.String(), how: "poster", ext: ".jpg", cost: time.Second,
		make: func(ctx context.Context, out string, _ func(done, total time.Duration)) error {
			return mk.c.Media.Poster(ctx, mk.at(inMasters, master.Path), out, at)
		}}
	if err := mk.runAll(ctx, "making the poster", []job{poster}); err != nil {
		return nil, "", err
	}
	b, err = os.ReadFile(mk.path(poster))
	return b, "poster.jpg", err
}

func (mk *maker) subtitles(context.Context) error {
	for _, s := range mk.f.subtitles {
		b, err := s.read()
		if err != nil {
			return err
		}
		t := &mk.m.Tracks[0]
		file, err := mk.write(inMasters, mk.f.stem(mk.f.tracks[0])+"."+s.language+".vtt", media.VTT.MIME(), b)
		if err != nil {
			return err
		}
		t.Subtitles = append(t.Subtitles, catalog.Subtitle{Language: s.language, File: file})
	}
	return nil
}

// texts writes the licence, the authorisation, signed before anything else is,
// and the sums that anybody can check with sha256sum.
func (mk *maker) texts(context.Context) error {
	licence := mk.c.Charter.Licence.Text()
	if mk.m.Licence != mk.c.Charter.Licence.ID {
		licence = freeLicenceText(mk.m.Licence)
	}
	// In this order: the authorisation names the licence, the sums list both.
	for _, t := range []struct {
		name  string
		bytes func() ([]byte, error)
	}{
		{licenceFile, func() ([]byte, error) { return []byte(licence), nil }},
		{authorisationFile, func() ([]byte, error) {
			return mk.m.Authorisation(mk.c.Charter, catalog.ArtistRecord{Artist: mk.c.Artist}).Sign(mk.signer)
		}},
		{sumsFile, func() ([]byte, error) { return sums(mk.m.MasterFiles()), nil }},
	} {
		b, err := t.bytes()
		if err != nil {
			return err
		}
		file, err := mk.write(inMasters, t.name, "text/plain", b)
		if err != nil {
			return err
		}
		mk.m.Texts = append(mk.m.Texts, file)
	}
	return nil
}

// freeLicenceText names a licence whose text stands elsewhere.
func freeLicenceText(id string) string {
	return id + "\n\n" +
		"Vous pouvez utiliser, copier et partager ces fichiers selon cette licence :\n" + catalog.Licences[id] + "\n\n" +
		"You may use, copy and share these files under that licence:\n" + catalog.Licences[id] + "\n"
}

// sums is a file for sha256sum -c, of every file but itself, in path order.
func sums(files []catalog.File) []byte {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b catalog.File) int { return strings.Compare(a.Path, b.Path) })
	var b []byte
	for _, f := range files {
		if f.Path != sumsFile {
			b = fmt.Appendf(b, "%s  %s\n", f.SHA256, f.Path)
		}
	}
	return b
}

// torrents builds both and returns their infohashes.
func (mk *maker) torrents(ctx context.Context) ([]string, error) {
	r := &reader{ctx: ctx, step: "building the torrents", progress: mk.c.progress}
	for _, f := range mk.m.Files() {
		r.total += f.Size
	}
	var hashes []string
	for _, half := range []struct {
		name    string
		torrent *catalog.Torrent
		files   []catalog.File
	}{
		{inMasters, &mk.m.Torrents.Masters, mk.m.MasterFiles()},
		{inRenditions, &mk.m.Torrents.Renditions, mk.m.RenditionFiles()},
	} {
		info, err := buildInfo(&mk.m, half.torrent.Name, half.files, func(f catalog.File) (io.ReadCloser, error) {
			file, err := os.Open(mk.at(half.name, f.Path))
			if err != nil {
				return nil, err
			}
			return r.watch(file), nil
		})
		if err != nil {
			return nil, err
		}
		sum := metainfo.InfoHash(info)
		half.torrent.InfoHash = hex.EncodeToString(sum[:])
		hashes = append(hashes, half.torrent.InfoHash)
	}
	return hashes, nil
}

func buildInfo(m *catalog.Manifest, name string, files []catalog.File, open func(catalog.File) (io.ReadCloser, error)) ([]byte, error) {
	var list []metainfo.File
	for _, f := range files {
		list = append(list, metainfo.File{
			Path: strings.Split(path.Clean(f.Path), "/"), Size: f.Size,
			Open: func() (io.ReadCloser, error) { return open(f) },
		})
	}
	return metainfo.Build(name, list, metainfo.PieceLength(m.Kind.Video()))
}

// reader counts what is read of several files, and stops when ctx ends.
type reader struct {
	ctx         context.Context
	step        string
	progress    func(step string, done, total int64)
	done, total int64
}

func (r *reader) watch(c io.ReadCloser) io.ReadCloser { return &watched{c, r} }

type watched struct {
	io.ReadCloser
	r *reader
}

func (w *watched) Read(p []byte) (int, error) {
	if err := w.r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.ReadCloser.Read(p)
	w.r.done += int64(n)
	w.r.progress(w.r.step, min(w.r.done, w.r.total), w.r.total)
	return n, err
}
