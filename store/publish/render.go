package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/media"
)

// recipe is part of every finished file's name: it changes when files made by
// an earlier version of this package may no longer be taken for finished.
const recipe = "1"

// What is made of every track.
const (
	excerptLength = 60 * time.Second
	excerptPart   = 30 // percent of the track at which its excerpt begins
	oggKbps       = 96
)

var (
	audioKbps    = []int{96, 128}
	videoHeights = map[int]int{360: 300, 480: 600} // lines → kbit/s at most
)

// workshop is the folder where finished files wait until all are there. A file
// is named by what it was made of and how, and appears complete: whoever finds
// it need not make it again.
type workshop struct {
	dir string
	c   Config
}

// openWorkshop also clears away what an interrupted run had not finished.
func openWorkshop(dir string, c Config) (*workshop, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), unfinished) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return &workshop{dir, c}, err
}

const unfinished = "unfinished-"

// a job makes one file.
type job struct {
	what string // for the log
	from string // hash of what it is made of
	how  string // settings
	ext  string
	cost time.Duration // of media to go through, for the progress
	make func(ctx context.Context, out string, progress func(done, total time.Duration)) error
}

func (j job) file() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{recipe, j.from, j.how}, "\x00")))
	return hex.EncodeToString(sum[:]) + j.ext
}

// path is where the job's result lies once it is made.
func (w *workshop) path(j job) string { return filepath.Join(w.dir, j.file()) }

// run makes the file unless it is there. It is on disk before it has its name,
// so that a power cut leaves no empty file under it.
func (w *workshop) run(ctx context.Context, j job, progress func(done, total time.Duration)) error {
	if _, err := os.Stat(w.path(j)); err == nil {
		w.c.log().Info("found finished", "file", j.what)
		return nil
	}
	out := filepath.Join(w.dir, unfinished+j.file())
	if err := j.make(ctx, out, progress); err != nil {
		os.Remove(out)
		return err
	}
	if err := syncFile(out); err != nil {
		return err
	}
	if err := os.Rename(out, w.path(j)); err != nil {
		return err
	}
	w.c.log().Info("made", "file", j.what)
	return nil
}

func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// runAll runs jobs on a few workers and reports their common progress. The
// first error stops the others and is returned.
func (w *workshop) runAll(ctx context.Context, step string, jobs []job) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := newTally(step, jobs, w.c.progress)
	queue := make(chan int)
	var workers sync.WaitGroup
	n := w.c.Jobs
	if n <= 0 {
		n = runtime.NumCPU()
	}
	for range min(n, len(jobs)) {
		workers.Go(func() {
			for i := range queue {
				if err := w.run(ctx, jobs[i], func(done, total time.Duration) { t.report(i, done, total) }); err != nil {
					cancel(err)
					continue // the queue is emptied: the others stop by ctx
				}
				t.report(i, 1, 1)
			}
		})
	}
	for i := range jobs {
		select {
		case queue <- i:
		case <-ctx.Done():
		}
	}
	close(queue)
	workers.Wait()
	return context.Cause(ctx)
}

// tally adds up the progress of several jobs.
type tally struct {
	step     string
	progress func(step string, done, total int64)
	cost     []int64 // milliseconds
	total    int64

	mu   sync.Mutex // guards done, and that reports come one at a time
	done []int64
}

func newTally(step string, jobs []job, progress func(string, int64, int64)) *tally {
	t := &tally{step: step, progress: progress, done: make([]int64, len(jobs))}
	for _, j := range jobs {
		t.cost = append(t.cost, max(1, j.cost.Milliseconds()))
		t.total += t.cost[len(t.cost)-1]
	}
	progress(step, 0, t.total)
	return t
}

func (t *tally) report(i int, done, total time.Duration) {
	if total <= 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	share := float64(done) / float64(total)
	t.done[i] = max(t.done[i], min(t.cost[i], int64(share*float64(t.cost[i]))))
	var sum int64
	for _, d := range t.done {
		sum += d
	}
	t.progress(t.step, sum, t.total)
}

// master is the job that makes what is kept of a track: the same sound, with
// the tags that the credits give. A file whose tags say so already is kept to
// the last byte.
func (f *Folder) master(m *media.Tool, t *source, licence string) job {
	tags := f.masterTags(t, licence)
	want, _ := json.Marshal(tags)
	return job{
		what: t.name, from: hex.EncodeToString(t.hashes.SHA256[:]), how: "master " + string(want),
		ext: extension(t.format), cost: t.info.Duration,
		make: func(ctx context.Context, out string, _ func(done, total time.Duration)) error {
			if err := m.Master(ctx, t.path, out); err != nil {
				return err
			}
			if t.format.IsVideo() || t.format != media.WAV && reflect.DeepEqual(t.tags, tags) {
				return nil
			}
			return media.WriteTags(out, tags)
		},
	}
}

func (f *Folder) masterTags(t *source, licence string) media.Tags {
	tags := media.Tags{
		Title: t.title, Artist: first(fit(t.tags.Artist), f.credits.Artist), AlbumArtist: f.credits.Artist,
		Album: f.credits.Title, Date: f.credits.Date, Genre: f.credits.Genres,
		Track: t.number, ISRC: t.isrc, Language: f.credits.Language, Comment: t.tags.Comment, Licence: licence,
	}
	for _, o := range f.tracks {
		if o.disc == t.disc {
			tags.TrackTotal++
		}
	}
	if f.discs() > 1 {
		tags.Disc = t.disc
	}
	return tags
}

// made is one file made of a master: what it is for, and the job.
type made struct {
	label string // of the rendition; "excerpt" for the excerpt
	end   string // of its name
	kind  string // MIME type
	job
}

const labelExcerpt = "excerpt"

// renditions are the jobs for one track, made of its master.
func (f *Folder) renditions(m *media.Tool, t *source, master string, sum catalog.Hash) []made {
	var all []made
	add := func(label, end, kind, how string, cost time.Duration, run func(ctx context.Context, out string, progress func(done, total time.Duration)) error) {
		j := job{what: t.title + " (" + label + ")", from: sum.String(), how: how, ext: filepath.Ext(end), cost: cost, make: run}
		all = append(all, made{label, end, kind, j})
	}
	d := t.info.Duration
	if t.format.IsVideo() {
		for _, height := range []int{360, 480} {
			kbps := videoHeights[height]
			add(fmt.Sprint(height), fmt.Sprintf(".%d.webm", height), "video/webm", fmt.Sprintf("video %d %d", height, kbps), 20*d,
				func(ctx context.Context, out string, progress func(done, total time.Duration)) error {
					return m.Video(ctx, master, out, height, kbps, progress)
				})
		}
	} else {
		for _, kbps := range audioKbps {
			add(fmt.Sprint(kbps), fmt.Sprintf(".%d.webm", kbps), "audio/webm", fmt.Sprintf("opus %d", kbps), d,
				func(ctx context.Context, out string, progress func(done, total time.Duration)) error {
					return m.Opus(ctx, master, out, kbps, progress)
				})
		}
		add("ogg", fmt.Sprintf(".%d.ogg", oggKbps), "audio/ogg", fmt.Sprintf("ogg %d", oggKbps), d,
			func(ctx context.Context, out string, progress func(done, total time.Duration)) error {
				return m.OggOpus(ctx, master, out, oggKbps, progress)
			})
	}
	if start, ok := t.excerptStart(); ok {
		kind := map[bool]string{true: "video/webm", false: "audio/webm"}[t.format.IsVideo()]
		add(labelExcerpt, ".excerpt.webm", kind, fmt.Sprintf("excerpt %d %d", start, excerptLength), min(d, excerptLength),
			func(ctx context.Context, out string, _ func(done, total time.Duration)) error {
				return m.Excerpt(ctx, master, out, start, excerptLength)
			})
	}
	return all
}

// excerptStart is where the credits say, or so that a minute is left.
func (t *source) excerptStart() (time.Duration, bool) {
	if t.excerpt == "no" {
		return 0, false
	}
	if at, err := parseClock(t.excerpt); err == nil {
		return at, true
	}
	start := t.info.Duration * excerptPart / 100
	return max(0, min(start, t.info.Duration-excerptLength)).Truncate(time.Millisecond), true
}

// whole are the jobs for the album in one file.
func (f *Folder) whole(m *media.Tool, masters []string, sums []catalog.Hash) []made {
	if len(masters) < 2 {
		return nil
	}
	from := fmt.Sprint(sums)
	var all []made
	for _, kbps := range audioKbps {
		run := func(ctx context.Context, out string, progress func(done, total time.Duration)) error {
			offsets, err := m.Album(ctx, masters, out, kbps, progress)
			if err != nil {
				return err
			}
			return writeOffsets(out, offsets)
		}
		j := job{what: fmt.Sprintf("the whole album (%d)", kbps), from: from, how: fmt.Sprintf("album %d", kbps), ext: ".webm", cost: f.duration(), make: run}
		all = append(all, made{fmt.Sprint(kbps), fmt.Sprintf(".%d.webm", kbps), "audio/webm", j})
	}
	return all
}

// The offsets of the tracks in a whole album lie beside it: a run that finds it
// finished needs them too.
func offsetsFile(path string) string {
	return filepath.Join(filepath.Dir(path), "offsets-"+strings.TrimPrefix(filepath.Base(path), unfinished)+".json")
}

func writeOffsets(path string, offsets []time.Duration) error {
	b, err := json.Marshal(offsets)
	if err != nil {
		return err
	}
	if err := os.WriteFile(offsetsFile(path), b, 0o644); err != nil {
		return err
	}
	return syncFile(offsetsFile(path))
}

func readOffsets(path string, n int) (offsets []time.Duration, err error) {
	b, err := os.ReadFile(offsetsFile(path))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &offsets); err != nil || len(offsets) != n {
		return nil, fmt.Errorf("%w: %d offsets for %d tracks", fs.ErrInvalid, len(offsets), n)
	}
	return offsets, nil
}
