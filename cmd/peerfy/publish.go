package main

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"os"
	"path/filepath"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/media"
	"p2p.legal/peerfy/store/publish"
)

// charterFile is where an artist's keys folder remembers the charter of the
// co-operative it publishes with.
const charterFile = "charter.json"

// publishFlags are those of publish check and publish make.
type publishFlags struct{ keys, dir, charter, ffmpeg string }

func (f *publishFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&f.keys, "keys", "", "the artist's `folder` of keys")
	fs.StringVar(&f.dir, "dir", "", "the co-operative's `folder`, when it is on this machine")
	fs.StringVar(&f.charter, "charter", "", "the co-operative's charter, a `file` from its site (charter.json); remembered in the keys folder")
	fs.StringVar(&f.ffmpeg, "ffmpeg", "", "`path` of ffmpeg (default: looked up)")
}

// publishCheck says everything that a release still lacks, in the artist's
// words, and writes a credits file to fill in when there is none.
func (e *env) publishCheck(args []string) error {
	fs := e.flags()
	var f publishFlags
	f.register(fs)
	asJSON := jsonFlag(fs)
	rest, err := e.parse(fs, args, 1)
	if err != nil {
		return err
	}
	c, done, err := e.publishConfig(f, false)
	if err != nil {
		return err
	}
	defer done()
	folder, problems := publish.Check(e.ctx, rest[0], c)
	if err := e.list(problems, *asJSON); err != nil {
		return err
	}
	if folder != nil && !folder.HasCredits() {
		path := filepath.Join(rest[0], publish.CreditsFile)
		if err := writeNew(path, string(folder.Template()), 0o644); err != nil {
			return err
		}
		e.say("wrote %s from the tags and file names: fill it in, then check again", path)
	}
	if publish.Fatal(problems) {
		return refused("mend what is listed, then check again", "this folder cannot be published yet")
	}
	keys := cmp.Or(f.keys, "KEYS")
	e.say("ready: peerfy publish make %s --keys %s --out BUNDLE (with --charter FILE the first time)", rest[0], keys)
	return nil
}

// list prints what a release lacks.
func (e *env) list(problems []publish.Problem, asJSON bool) error {
	type line struct {
		File    string `json:"file,omitempty"`
		Message string `json:"message"`
		Fatal   bool   `json:"fatal"`
	}
	lines := make([]line, len(problems))
	for i, p := range problems {
		lines[i] = line(p)
		if !asJSON {
			e.print("%s", p)
		}
	}
	if asJSON {
		return e.printJSON(lines)
	}
	return nil
}

// publishMake makes renditions, torrents, manifest and authorisation, and signs.
func (e *env) publishMake(args []string) error {
	fs := e.flags()
	var f publishFlags
	f.register(fs)
	out := fs.String("out", "", "the bundle, a new `folder`")
	rest, err := e.parse(fs, args, 1, "keys", "out")
	if err != nil {
		return err
	}
	c, done, err := e.publishConfig(f, true)
	if err != nil {
		return err
	}
	defer done()
	s, err := signer(f.keys, roleArtist)
	if err != nil {
		return err
	}
	p := newProgress(e.stderr)
	c.Progress = p.step
	b, err := publish.Make(e.ctx, rest[0], *out, c, s)
	p.end()
	var bad *publish.NotReadyError
	if errors.As(err, &bad) {
		if err := e.list(bad.Problems, false); err != nil {
			return err
		}
		return refused("peerfy publish check "+rest[0], "this folder cannot be published yet")
	}
	if err != nil {
		return refused("", "%w", err)
	}
	e.say("made and signed: hand the folder %s to the co-operative's editor", *out)
	e.print("release %s", b.ID())
	return nil
}

// publishConfig gathers what check and make must know: the charter, and the
// artist when the keys are at hand. done closes what was opened.
func (e *env) publishConfig(f publishFlags, signing bool) (c publish.Config, done func(), err error) {
	done = func() {}
	c.Media, err = media.New(media.Config{FFmpeg: f.ffmpeg})
	if err != nil {
		return c, done, missing("apt-get install ffmpeg", "%w", err)
	}
	if f.keys != "" {
		if c.Artist, c.ArtistEntry, err = readArtist(f.keys); err != nil {
			return c, done, err
		}
	}
	if f.dir != "" {
		db, err := openHost(f.dir)
		if err != nil {
			return c, done, err
		}
		done = func() { db.Close() }
		c.Charter, c.Lookup, c.StayDown = db.Charter(), payees(db, c.Artist), db.StayDown
		return c, done, nil
	}
	c.Charter, err = rememberedCharter(f)
	if c.Charter == nil && signing && err == nil {
		err = refused("--charter FILE, from the co-operative's site, or --dir D", "the release must name the co-operative's licence, and no charter is known")
	}
	return c, done, err
}

// payees finds the slug of a payee by display name, the artist's own included
// before it is in the log.
func payees(v catalog.View, self catalog.Artist) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if self.Name != "" && catalog.FoldName(name) == catalog.FoldName(self.Name) {
			return self.Slug, true
		}
		return v.Named(name)
	}
}

// rememberedCharter reads --charter, or the copy that the keys folder keeps.
func rememberedCharter(f publishFlags) (*catalog.Charter, error) {
	kept := filepath.Join(f.keys, charterFile)
	path := f.charter
	if path == "" && f.keys != "" {
		path = kept
	}
	if path == "" {
		return nil, nil
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && f.charter == "" {
		return nil, nil
	}
	b, err := readSmall(path, ledger.MaxEntry)
	if err != nil {
		return nil, err
	}
	c, err := catalog.ParseCharter(bytes.TrimSpace(b))
	if err != nil {
		return nil, refused("download charter.json again", "%s: %w", path, err)
	}
	if f.charter != "" && f.keys != "" {
		err = os.WriteFile(kept, b, 0o644)
	}
	return c, err
}
