// Package sample makes what the demonstration publishes: an album, a single, a
// podcast, a short film and the first episode of a series, with their covers,
// composed and drawn by this program. Nothing is bundled and nothing is
// borrowed, so whoever runs it may do with the result what they like.
//
// It promises folders as artists have them, media beside a cover and a
// credits.txt, that pass the whole pipeline of publishing unchanged: every
// release names who made it, under whose authorisation, and how it is shared.
// Music and pictures are the same bytes at every run on one kind of machine
// (another may round the last digit of a sine differently). The films' sound
// and every frame are too; their files are as stable as the ffmpeg that packs
// them.
package sample

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
)

// A Folder is one release as its artist has it on disk.
type Folder struct {
	Path   string // the folder
	Kind   string // album, single, film, episode or podcast, as in credits.txt
	Title  string
	Artist string // the name on the sleeve, who has to be in the log first
}

// Write makes the artists' folders below dir, one for each release, in the
// order in which they can be published: a payee comes before whoever pays
// them. Files that are there already are replaced. Moving pictures need
// ffmpeg, a path or a name; with "" the film and the episode are left out.
func Write(ctx context.Context, dir, ffmpeg string) ([]Folder, error) {
	var done []Folder
	for _, r := range releases() {
		if r.scene != nil && ffmpeg == "" {
			continue
		}
		path := filepath.Join(dir, r.folder())
		if err := r.write(ctx, path, ffmpeg); err != nil {
			return done, fmt.Errorf("making %q: %w", r.title, err)
		}
		done = append(done, Folder{path, r.kind, r.title, r.artist})
	}
	return done, nil
}

// folder is what the artist called it.
func (r release) folder() string {
	switch r.kind {
	case "podcast":
		return r.series + " - " + r.title
	case "episode":
		return fmt.Sprintf("%s - S%02dE%02d - %s", r.series, r.season, r.episode, r.title)
	}
	return r.artist + " - " + r.title
}

func (r release) write(ctx context.Context, dir, ffmpeg string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := r.writeMedia(ctx, dir, ffmpeg); err != nil {
		return err
	}
	var cover bytes.Buffer
	w, h := coverSide, coverSide
	if r.scene != nil {
		w, h = posterWidth, posterHeight
	}
	if err := jpeg.Encode(&cover, r.cover(w, h), &jpeg.Options{Quality: 84}); err != nil {
		return err
	}
	files := map[string][]byte{"cover.jpg": cover.Bytes(), "credits.txt": []byte(r.credits())}
	for language, text := range r.subtitles {
		files[r.tracks[0].stem+"."+language+".vtt"] = []byte(text)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// writeMedia plays the music, and for a film packs it with the pictures.
func (r release) writeMedia(ctx context.Context, dir, ffmpeg string) error {
	var takes []take
	for _, play := range r.music {
		if err := ctx.Err(); err != nil {
			return err
		}
		ts, err := play()
		if err != nil {
			return err
		}
		takes = append(takes, ts...)
	}
	if len(takes) != len(r.tracks) {
		return fmt.Errorf("%d recordings for %d tracks", len(takes), len(r.tracks))
	}
	if r.scene != nil {
		return r.writeVideo(ctx, dir, ffmpeg, takes[0])
	}
	for i, t := range r.tracks {
		if err := saveWAV(filepath.Join(dir, t.stem+".wav"), takes[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r release) writeVideo(ctx context.Context, dir, ffmpeg string, sound take) error {
	temp, err := os.MkdirTemp("", "peerfy-sample-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	v := Video{r.scene, len(sound.l) / rate, filepath.Join(temp, "sound.wav")}
	if err := saveWAV(v.Sound, sound); err != nil {
		return err
	}
	return v.Write(ctx, ffmpeg, filepath.Join(dir, r.tracks[0].stem+".mkv"))
}

func saveWAV(path string, t take) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(writeWAV(f, t), f.Close())
}
