package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Album joins the sound of all tracks into one WebM without a gap, its index in front, and returns where each track
// begins, for links like #t=83.5. The tracks are decoded one after the other into one encoder, so that music
// that runs over a track's end stays whole, and the offsets are counted in samples. Memory does not depend on the
// number of tracks. All tracks are mixed to mono only if all are mono.
func (t *Tool) Album(ctx context.Context, ins []string, out string, kbps int, progress Progress) (offsets []time.Duration, err error) {
	if len(ins) == 0 {
		return nil, errors.New("an album needs a track")
	}
	plan, err := t.planAlbum(ctx, ins)
	if err != nil {
		return nil, err
	}
	err = create(out, func(tmp string) (err error) {
		offsets, err = t.joinAlbum(ctx, plan, tmp, kbps, progress)
		return err
	})
	if err != nil {
		return nil, err
	}
	return offsets, nil
}

// albumPlan is the form in which all tracks are handed to the encoder.
type albumPlan struct {
	tracks   []track
	rate     int // Hz: the tracks' own if they agree, so that only one resampler runs over all of them
	channels int
	total    time.Duration // as declared; 0 if a track declares nothing
}

type track struct {
	path   string
	format Format
}

func (t *Tool) planAlbum(ctx context.Context, ins []string) (albumPlan, error) {
	p := albumPlan{channels: 1}
	known := true
	for _, in := range ins {
		info, declared, err := t.header(ctx, in)
		if err != nil {
			return p, err
		}
		if !info.HasAudio {
			return p, refuse(in, "holds no sound")
		}
		if p.rate != 0 && p.rate != info.SampleRate {
			p.rate = 48000
		} else {
			p.rate = info.SampleRate
		}
		p.channels = max(p.channels, min(info.Channels, 2))
		p.tracks = append(p.tracks, track{in, info.Format})
		p.total += declared
		known = known && declared > 0
	}
	if !known {
		p.total = 0
	}
	return p, nil
}

// joinAlbum runs one encoder and, feeding it, one decoder at a time. Whichever fails stops the other.
func (t *Tool) joinAlbum(ctx context.Context, p albumPlan, tmp string, kbps int, progress Progress) ([]time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w := io.Pipe()
	encoded := make(chan error, 1)
	go func() {
		err := t.encodeRaw(ctx, p, r, tmp, kbps)
		r.CloseWithError(errEncoder) // a decoder must not wait for a reader that is gone
		encoded <- err
	}()
	offsets, err := t.decodeAll(ctx, p, w, progress)
	w.CloseWithError(err) // nil ends the encoder's input well
	if err != nil && !errors.Is(err, errEncoder) {
		cancel()
	}
	if encErr := <-encoded; err == nil || errors.Is(err, errEncoder) {
		err = encErr
	}
	if err != nil {
		return nil, err
	}
	return offsets, nil
}

var errEncoder = errors.New("the encoder has stopped")

func (t *Tool) encodeRaw(ctx context.Context, p albumPlan, r io.Reader, tmp string, kbps int) error {
	args := append(t.ffmpegArgs(WAV), "-protocol_whitelist", "pipe", "-f", "f32le", "-ar", strconv.Itoa(p.rate), "-ac", strconv.Itoa(p.channels), "-i", "pipe:0")
	args = append(args, opusArgs(kbps, p.channels)...)
	err := t.run(ctx, job{
		program: t.ffmpeg, args: append(args, webmArgs(tmp)...), stdin: r,
		timeout: encodeTime(MaxDuration), maxOutput: outputSize(kbps, MaxDuration),
	})
	if err != nil {
		return fmt.Errorf("encoding the album: %w", err)
	}
	return nil
}

func (t *Tool) decodeAll(ctx context.Context, p albumPlan, w io.Writer, progress Progress) ([]time.Duration, error) {
	offsets := make([]time.Duration, 0, len(p.tracks))
	c := &sampleCounter{w: w, plan: p, progress: progress}
	for _, track := range p.tracks {
		offsets = append(offsets, c.now())
		args := append(t.ffmpegArgs(track.format), input(track.path, track.format)...)
		args = append(args, "-map", "0:a:0", "-c:a", "pcm_f32le", "-ar", strconv.Itoa(p.rate), "-ac", strconv.Itoa(p.channels), "-f", "f32le", "pipe:1")
		err := t.run(ctx, job{program: t.ffmpeg, args: args, stdout: c, timeout: encodeTime(MaxDuration)})
		if errors.Is(c.err, errEncoder) {
			return nil, errEncoder
		}
		if c.err != nil {
			return nil, refuse(track.path, "%s", c.err)
		}
		if err != nil {
			return nil, notA(track.path, track.format, err)
		}
	}
	return offsets, nil
}

// sampleCounter passes 32-bit samples on and knows how much time has gone by.
type sampleCounter struct {
	w        io.Writer
	plan     albumPlan
	bytes    int64
	reported time.Duration
	progress Progress
	err      error // why Write failed: the run's own error speaks of a broken pipe
}

func (c *sampleCounter) now() time.Duration {
	frames := c.bytes / int64(4*c.plan.channels)
	seconds, rest := frames/int64(c.plan.rate), frames%int64(c.plan.rate)
	return time.Duration(seconds)*time.Second + time.Duration(rest)*time.Second/time.Duration(c.plan.rate)
}

func (c *sampleCounter) Write(b []byte) (int, error) {
	var n int
	n, c.err = c.w.Write(b)
	c.bytes += int64(n)
	now := c.now()
	if now > MaxDuration && c.err == nil {
		c.err = fmt.Errorf("the album lasts longer than %d hours", int(MaxDuration.Hours()))
	}
	if c.progress != nil && now-c.reported >= time.Second {
		c.reported = now
		c.progress(now, max(c.plan.total, now))
	}
	return n, c.err
}
