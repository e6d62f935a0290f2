package publish

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/media"
)

// Make checks the folder dir and turns it into a signed bundle, the new folder
// out. A folder that cannot be published is a *NotReadyError. Work is done in
// the folder out + ".partial": after a refusal it is gone, after an interruption
// it stays, and the next call goes on from what is finished there. signer must
// have the key of c.Artist.
func Make(ctx context.Context, dir, out string, c Config, signer note.Signer) (*Bundle, error) {
	if err := ready(out, c, signer); err != nil {
		return nil, err
	}
	f, found := Check(ctx, dir, c)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if Fatal(found) {
		return nil, &NotReadyError{found}
	}
	partial := filepath.Clean(out) + ".partial"
	b, err := makeBundle(ctx, f, partial, out, c, signer)
	var refused *NotReadyError
	if err == nil || errors.As(err, &refused) || errors.Is(err, media.ErrBadFile) {
		err = errors.Join(err, os.RemoveAll(partial))
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// ready refuses before hours of work what would be refused after them.
func ready(out string, c Config, signer note.Signer) error {
	if c.Charter == nil {
		return errors.New("no charter is known: the release must name the co-operative and its licence")
	}
	if _, err := os.Lstat(out); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%s %w and is left as it is", out, ErrExists))
	}
	artist, err := openArtist(c.ArtistEntry)
	if err != nil {
		return err
	}
	if artist != c.Artist {
		return fmt.Errorf("the artist's entry is not that of %s", quote(c.Artist.Slug))
	}
	v, err := ledger.NewVerifier(artist.Key)
	if err != nil {
		return err
	}
	if v.Name() != signer.Name() || v.KeyHash() != signer.KeyHash() {
		return fmt.Errorf("the key %s is not that of %s", quote(signer.Name()), artist.Slug)
	}
	return nil
}

// maker is one call of Make.
type maker struct {
	*workshop
	f      *Folder
	signer note.Signer
	bundle string // folder being filled
	m      catalog.Manifest
}

func makeBundle(ctx context.Context, f *Folder, partial, out string, c Config, signer note.Signer) (*Bundle, error) {
	w, err := openWorkshop(filepath.Join(partial, "finished"), c)
	if err != nil {
		return nil, err
	}
	mk := &maker{workshop: w, f: f, signer: signer, bundle: filepath.Join(partial, "bundle")}
	if err := os.RemoveAll(mk.bundle); err != nil {
		return nil, err
	}
	if err := mk.head(); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{mk.masters, mk.renditions, mk.cover, mk.subtitles, mk.texts, mk.sign} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return mk.finish(ctx, out)
}

// head fills in the manifest what the credits say.
func (mk *maker) head() error {
	nonce := make([]byte, 16)
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	cr := mk.f.credits
	mk.m = catalog.Manifest{
		Nonce: hex.EncodeToString(nonce), Kind: cr.Kind, Title: cr.Title, Artist: cr.Artist, Date: cr.Date,
		Language: cr.Language, Genres: cr.Genres, Licence: first(cr.Licence, mk.c.Charter.Licence.ID),
		Notes: cr.Notes, Contributors: cr.Contributors, Tracks: make([]catalog.Track, len(mk.f.tracks)),
	}
	mk.m.Torrents.Masters.Name, mk.m.Torrents.Renditions.Name = mk.f.torrentNames()
	if cr.Kind.Serial() {
		mk.m.Series = &catalog.Series{Title: cr.Series, Slug: seriesSlug(cr.Series), Season: cr.Season, Episode: cr.Episode}
	}
	for i, t := range mk.f.tracks {
		mk.m.Tracks[i] = catalog.Track{
			Title: t.title, Disc: t.disc, Number: t.number, Duration: t.info.Duration.Milliseconds(),
			Open: t.open, ISRC: t.isrc, Splits: t.splits,
		}
	}
	return nil
}

func (mk *maker) masters(ctx context.Context) error {
	jobs := make([]job, len(mk.f.tracks))
	for i, t := range mk.f.tracks {
		jobs[i] = mk.f.master(mk.c.Media, t, licenceTag(mk.m.Licence))
	}
	if err := mk.runAll(ctx, "making the masters", jobs); err != nil {
		return err
	}
	for i, t := range mk.f.tracks {
		file, err := mk.place(ctx, inMasters, mk.f.stem(t)+extension(t.format), t.masterFormat().MIME(), mk.path(jobs[i]))
		if err != nil {
			return err
		}
		mk.m.Tracks[i].Master = file
	}
	return nil
}

// licenceTag is what the licence is called in a tag: its address if it has one.
func licenceTag(id string) string { return first(catalog.Licences[id], id) }

func (mk *maker) renditions(ctx context.Context) error {
	var jobs []job
	perTrack := make([][]made, len(mk.f.tracks))
	masters, sums := make([]string, len(mk.f.tracks)), make([]catalog.Hash, len(mk.f.tracks))
	for i, t := range mk.f.tracks {
		f := mk.m.Tracks[i].Master
		masters[i], sums[i] = mk.at(inMasters, f.Path), f.SHA256
		perTrack[i] = mk.f.renditions(mk.c.Media, t, masters[i], f.SHA256)
		for _, r := range perTrack[i] {
			jobs = append(jobs, r.job)
		}
	}
	whole := mk.f.whole(mk.c.Media, masters, sums)
	for _, r := range whole {
		jobs = append(jobs, r.job)
	}
	if err := mk.runAll(ctx, "making the renditions", jobs); err != nil {
		return err
	}
	for i, t := range mk.f.tracks {
		if err := mk.placeRenditions(ctx, &mk.m.Tracks[i], mk.f.stem(t), perTrack[i]); err != nil {
			return err
		}
	}
	return mk.placeWhole(ctx, whole)
}

func (mk *maker) placeRenditions(ctx context.Context, t *catalog.Track, stem string, all []made) error {
	for _, r := range all {
		file, err := mk.place(ctx, inRenditions, stem+r.end, r.kind, mk.path(r.job))
		if err != nil {
			return err
		}
		if r.label == labelExcerpt {
			t.Excerpt = &file
			continue
		}
		t.Renditions = append(t.Renditions, catalog.Rendition{File: file, Label: r.label, Kbps: kbps(file.Size, t.Duration)})
	}
	return nil
}

func (mk *maker) placeWhole(ctx context.Context, all []made) error {
	for _, r := range all {
		file, err := mk.place(ctx, inRenditions, mk.f.wholeStem()+r.end, r.kind, mk.path(r.job))
		if err != nil {
			return err
		}
		mk.m.Whole = append(mk.m.Whole, catalog.Rendition{File: file, Label: r.label, Kbps: kbps(file.Size, mk.m.Duration())})
		offsets, err := readOffsets(mk.path(r.job), len(mk.m.Tracks))
		if err != nil {
			return err
		}
		for i, at := range offsets {
			mk.m.Tracks[i].Start = at.Round(time.Millisecond).Milliseconds()
		}
	}
	return nil
}

// kbps is the rate of a whole file, rounded up: 8 bits in 1 ms are 8 kbit/s.
func kbps(size, ms int64) int { return int((size*8 + ms - 1) / max(ms, 1)) }

func (mk *maker) sign(ctx context.Context) error {
	infos, err := mk.torrents(ctx)
	if err != nil {
		return err
	}
	if err := mk.keptDown(); err != nil {
		return err
	}
	manifest, err := mk.m.Format()
	if err != nil {
		return err
	}
	if err := mk.m.Check(); err != nil {
		return fmt.Errorf("the manifest: %w", err)
	}
	text, err := ledger.Text(ledger.KindRelease, catalog.Release{
		Artist: mk.c.Artist.Slug, Manifest: catalog.Sum(manifest), Size: int64(len(manifest)),
		Torrents: infos, Roots: mk.m.Roots(), Replaces: mk.f.credits.Replaces,
	})
	if err != nil {
		return err
	}
	entry, err := ledger.SignText(text, mk.signer)
	if err != nil {
		return err
	}
	for name, b := range map[string][]byte{manifestFile: manifest, entryFile: entry, artistFile: mk.c.ArtistEntry} {
		if err := os.WriteFile(filepath.Join(mk.bundle, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// keptDown refuses what the log would refuse. Tags may have changed since the
// withdrawal, so that the folder's files looked new; what is made of the sound
// is the same again.
func (mk *maker) keptDown() error {
	if mk.c.StayDown == nil {
		return nil
	}
	p := new(problems)
	down := func(file string, root catalog.Hash) {
		if owner, ok := mk.c.StayDown(root); ok && owner != mk.c.Artist.Slug && !Fatal(*p) {
			p.fatal(file, "its sound was withdrawn by its right-holder and stays down")
		}
	}
	for i, t := range mk.m.Tracks {
		name := mk.f.tracks[i].name
		down(name, t.Master.Root)
		for _, r := range t.Renditions {
			down(name, r.Root)
		}
		if t.Excerpt != nil {
			down(name, t.Excerpt.Root)
		}
	}
	for _, w := range mk.m.Whole {
		down("", w.Root)
	}
	if Fatal(*p) {
		return &NotReadyError{*p}
	}
	return nil
}

// finish opens the bundle like a stranger's, makes it durable and gives it its
// name.
func (mk *maker) finish(ctx context.Context, out string) (*Bundle, error) {
	b, err := OpenBundle(ctx, mk.bundle, mk.c.progress)
	if err != nil {
		return nil, fmt.Errorf("looking over what was made: %w", err)
	}
	err = filepath.WalkDir(mk.bundle, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, syncFile(path))
	})
	if err != nil {
		return nil, err
	}
	if err := os.Rename(mk.bundle, out); err != nil {
		return nil, err
	}
	b.dir = out
	return b, syncFile(filepath.Dir(out))
}
