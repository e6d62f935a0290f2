package media

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"
)

// Excerpt writes length of in from start on as a WebM with the index in front: sound as Opus at 96 kbit/s, a film as
// [Tool.Video] with 360 lines and 300 kbit/s. An excerpt reaching over the end is shorter; one beginning there is an error.
func (t *Tool) Excerpt(ctx context.Context, in, out string, start, length time.Duration) error {
	info, declared, err := t.header(ctx, in)
	if err != nil {
		return err
	}
	if start < 0 || length <= 0 || declared > 0 && start >= declared {
		return refuse(in, "no excerpt of %v can begin at %v", length, start)
	}
	cut := []string{"-ss", seconds(start), "-t", seconds(length)}
	if info.HasVideo {
		return create(out, func(tmp string) error {
			return notAOrNil(in, info.Format, t.encodeFilm(ctx, film{in, tmp, info, 360, 300, cut, length}, nil))
		})
	}
	return create(out, func(tmp string) error {
		args := slices.Concat(t.ffmpegArgs(info.Format), cut, input(in, info.Format), []string{"-map", "0:a:0"}, opusArgs(96, min(info.Channels, 2)), webmArgs(tmp))
		_, err := t.encode(ctx, args, 96, length, nil)
		return notAOrNil(in, info.Format, err)
	})
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 6, 64) }

// Video writes a film as VP9 and Opus in WebM with the index in front. The picture has at most height lines, square
// pixels and at most 30 frames a second; it is never enlarged. Sound and picture together take at most kbps kbit/s on
// average: a film too restless for that is made again with fewer frames, and its progress then starts again.
func (t *Tool) Video(ctx context.Context, in, out string, height, kbps int, progress Progress) error {
	info, declared, err := t.header(ctx, in)
	if err != nil {
		return err
	}
	if !info.HasVideo {
		return refuse(in, "holds no moving picture")
	}
	if height < 16 || kbps < 100 {
		return fmt.Errorf("a film of %d lines in %d kbit/s cannot be watched", height, kbps)
	}
	return create(out, func(tmp string) error {
		return notAOrNil(in, info.Format, t.encodeFilm(ctx, film{in, tmp, info, height, kbps, nil, declared}, progress))
	})
}

// A film is one rendition of a film to be made.
type film struct {
	in, tmp string
	info    Info
	height  int
	kbps    int
	cut     []string      // ffmpeg's arguments for a part of it
	total   time.Duration // what progress is measured against
}

// encodeFilm tries again, stricter, while the result is too large.
func (t *Tool) encodeFilm(ctx context.Context, f film, progress Progress) error {
	sound := 64
	if f.kbps >= 500 {
		sound = 96
	}
	if !f.info.HasAudio {
		sound = 0
	}
	args := slices.Concat(t.ffmpegArgs(f.info.Format), f.cut, input(f.in, f.info.Format), []string{"-map", "0:v:0", "-map", "0:a:0?"})
	if sound > 0 {
		args = append(args, opusArgs(sound, min(f.info.Channels, 2))...)
	} else {
		args = append(args, anonymous()...)
	}
	args = append(args, t.vp9Args(f.height)...)
	for _, rate := range rates(f.kbps - sound) {
		length, err := t.encode(ctx, slices.Concat(args, rate, webmArgs(f.tmp)), f.kbps, f.total, progress)
		if err != nil {
			return err
		}
		if small, err := fits(f.tmp, f.kbps, length); small || err != nil {
			return err
		}
	}
	return unfit("its picture is too restless for %d kbit/s", f.kbps)
}

// fits allows 16 kB for headers and index, which weigh in short excerpts only.
func fits(path string, kbps int, length time.Duration) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	return info.Size() <= 16<<10+int64(kbps)*length.Milliseconds()/8, nil
}

func (t *Tool) vp9Args(height int) []string {
	size := fmt.Sprintf("scale=w=2*max(1\\,round(oh*dar/2)):h=2*max(1\\,floor(min(%d\\,ih)/2)),setsar=1", height)
	return []string{"-vf", size, "-fpsmax", "30", "-pix_fmt", "yuv420p", "-c:v", "libvpx-vp9", "-flags:v", "+bitexact", "-g", "150",
		"-deadline", "realtime", "-cpu-used", "6", "-row-mt", "1", "-tile-columns", "1", "-threads", strconv.Itoa(t.threads)}
}

// rates are the ways to stay within kbps, the best-looking first: a rate that moves with the picture, then a constant one
// that leaves frames out when it must, then the same at half the rate.
func rates(kbps int) [][]string {
	k := func(n int) string { return strconv.Itoa(n) + "k" }
	constant := func(n int) []string {
		return []string{"-b:v", k(n), "-minrate", k(n), "-maxrate", k(n), "-bufsize", k(n), "-drop-threshold", "30"}
	}
	return [][]string{
		{"-b:v", k(kbps * 9 / 10), "-maxrate", k(kbps), "-bufsize", k(2 * kbps)},
		constant(kbps * 8 / 10),
		constant(kbps / 2),
	}
}

// Poster writes the picture of in at the time at as a JPEG of at most 1280 pixels a side, for films without a cover.
func (t *Tool) Poster(ctx context.Context, in, out string, at time.Duration) error {
	info, declared, err := t.header(ctx, in)
	if err != nil {
		return err
	}
	if !info.HasVideo || at < 0 || declared > 0 && at >= declared {
		return refuse(in, "no picture at %v", at)
	}
	return create(out, func(tmp string) error {
		args := slices.Concat(t.ffmpegArgs(info.Format), []string{"-ss", seconds(at)}, input(in, info.Format), []string{"-map", "0:v:0", "-an"}, anonymous(),
			[]string{"-frames:v", "1", "-vf", "scale=w=iw*sar:h=ih,setsar=1,scale=w=1280:h=1280:force_original_aspect_ratio=decrease,format=yuvj420p",
				"-c:v", "mjpeg", "-q:v", "3", "-flags:v", "+bitexact", "-f", "mjpeg", "file:" + tmp})
		return notAOrNil(in, info.Format, t.run(ctx, job{program: t.ffmpeg, args: args, timeout: 5 * time.Minute}))
	})
}
