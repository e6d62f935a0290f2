package media

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"p2p.legal/peerfy/store/metainfo"
)

// create lets render write under a temporary name beside out and renames it when it is complete, replacing what
// was there. The result is not synced to disk: the store does that.
func create(out string, render func(tmp string) error) error {
	out, err := filepath.Abs(out) // ffmpeg runs elsewhere
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(out), ".rendering-*"+filepath.Ext(out))
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already if all went well
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := render(tmp.Name()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), out)
}

// Master writes what is kept and seeded for ever. WAV becomes FLAC with the same samples, which is checked by
// decoding it again; WAV's tags do not come along. Every other format is copied byte for byte: nothing that was
// compressed with loss is ever compressed again.
func (t *Tool) Master(ctx context.Context, in, out string) error {
	format, err := identify(in)
	if err != nil {
		return err
	}
	if format != WAV {
		return create(out, func(tmp string) error { return copyBytes(ctx, in, tmp) })
	}
	info, err := t.Probe(ctx, in)
	if err != nil {
		return err
	}
	return create(out, func(tmp string) error { return t.flac(ctx, in, tmp, info) })
}

func (t *Tool) flac(ctx context.Context, in, tmp string, info Info) error {
	size, err := os.Stat(in)
	if err != nil {
		return err
	}
	args := append(t.ffmpegArgs(WAV), input(in, WAV)...)
	args = append(args, "-map", "0:a:0", "-map_metadata", "-1", "-c:a", "flac", "-compression_level", "8")
	if info.BitDepth > 16 {
		args = append(args, "-sample_fmt", "s32", "-bits_per_raw_sample", "24")
	}
	args = append(args, "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "flac", "file:"+tmp)
	// Noise does not compress; FLAC then adds a little to each frame.
	err = t.run(ctx, job{program: t.ffmpeg, args: args, maxOutput: size.Size() + size.Size()/8 + 1<<16, timeout: encodeTime(info.Duration)})
	if err != nil {
		return notA(in, WAV, err)
	}
	return t.sameSamples(ctx, in, tmp, info)
}

func (t *Tool) sameSamples(ctx context.Context, wav, flac string, info Info) error {
	want, err := t.sampleSum(ctx, wav, WAV, info.BitDepth)
	if err != nil {
		return err
	}
	got, err := t.sampleSum(ctx, flac, FLAC, info.BitDepth)
	if err != nil {
		return err
	}
	header, err := flacSum(flac)
	if err != nil {
		return err
	}
	if got != want || hex.EncodeToString(header[:]) != want {
		return fmt.Errorf("making a FLAC of %s: the samples are not the same; this ffmpeg cannot be used", label(wav))
	}
	return nil
}

// sampleSum is the MD5 of the decoded samples in hexadecimal.
func (t *Tool) sampleSum(ctx context.Context, path string, f Format, bits int) (string, error) {
	sum := &strings.Builder{}
	args := append(t.ffmpegArgs(f), input(path, f)...)
	args = append(args, "-map", "0:a:0", "-c:a", rawCodec(bits), "-f", "md5", "pipe:1")
	err := t.run(ctx, job{program: t.ffmpeg, args: args, stdout: &limitedWriter{sum, 1 << 10}, timeout: 30 * time.Minute})
	if err != nil {
		return "", notA(path, f, err)
	}
	return strings.TrimPrefix(strings.TrimSpace(sum.String()), "MD5="), nil
}

func copyBytes(ctx context.Context, in, out string) error {
	r, err := os.Open(in)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(out, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, contextReader{ctx, r})
	return errors.Join(err, w.Close())
}

// contextReader stops a copy when ctx ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// encodeTime is generous: a slow machine at a hard film takes ten times its length.
func encodeTime(d time.Duration) time.Duration { return 2*time.Minute + 15*d }

// Progress is told, now and then and from another goroutine, how much of a rendition is made; total is 0 where the input
// does not say how long it is. It is never called after the method it was given to has returned, and may be nil.
type Progress func(done, total time.Duration)

// Opus writes a WebM that starts playing at the first request: sound alone, at kbps kbit/s, its index in front.
func (t *Tool) Opus(ctx context.Context, in, out string, kbps int, progress Progress) error {
	return t.encodeAudio(ctx, in, out, kbps, progress, webmArgs)
}

// OggOpus writes the same sound as an Ogg stream, to be chained with others into one. The serial number comes from
// the input's content, so that two neighbours in a queue differ, and it is the same at every run.
func (t *Tool) OggOpus(ctx context.Context, in, out string, kbps int, progress Progress) error {
	serial, err := serialOf(in)
	if err != nil {
		return err
	}
	return t.encodeAudio(ctx, in, out, kbps, progress, func(tmp string) []string {
		return []string{"-f", "ogg", "-serial_offset", strconv.Itoa(serial), "file:" + tmp}
	})
}

func serialOf(path string) (int, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	h, err := metainfo.Hash(file)
	return int(h.Root[0]&0x3f)<<24 | int(h.Root[1])<<16 | int(h.Root[2])<<8 | int(h.Root[3]), err
}

func webmArgs(tmp string) []string {
	return []string{"-f", "webm", "-cues_to_front", "1", "file:" + tmp}
}

func (t *Tool) encodeAudio(ctx context.Context, in, out string, kbps int, progress Progress, muxer func(tmp string) []string) error {
	info, declared, err := t.header(ctx, in)
	if err != nil {
		return err
	}
	if !info.HasAudio {
		return refuse(in, "holds no sound")
	}
	return create(out, func(tmp string) error {
		args := append(t.ffmpegArgs(info.Format), input(in, info.Format)...)
		args = append(args, "-map", "0:a:0")
		args = append(args, opusArgs(kbps, min(info.Channels, 2))...)
		_, err := t.encode(ctx, append(args, muxer(tmp)...), kbps, declared, progress)
		return notAOrNil(in, info.Format, err)
	})
}

func notAOrNil(path string, f Format, err error) error {
	if err == nil {
		return nil
	}
	return notA(path, f, err)
}

// opusArgs never touch the loudness; more than two channels are mixed down.
func opusArgs(kbps, channels int) []string {
	return slices.Concat(anonymous(), []string{"-c:a", "libopus", "-vbr", "constrained", "-b:a", strconv.Itoa(kbps) + "k", "-ar", "48000", "-ac", strconv.Itoa(channels), "-flags:a", "+bitexact"})
}

// anonymous keeps everything but sound and picture out of the result.
func anonymous() []string {
	return []string{"-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"}
}

// encode runs ffmpeg with progress and a size limit of twice what kbps should give. It returns how much it has written,
// and errSilent if that is nothing.
func (t *Tool) encode(ctx context.Context, args []string, kbps int, total time.Duration, progress Progress) (length time.Duration, err error) {
	j := job{program: t.ffmpeg, timeout: encodeTime(MaxDuration), maxOutput: outputSize(kbps, MaxDuration)}
	if total > 0 {
		j.timeout, j.maxOutput = encodeTime(total), outputSize(kbps, total)
	}
	// ffmpeg takes options before the output's name: the last argument.
	j.args = slices.Insert(slices.Clone(args), len(args)-1, "-stats_period", "0.5", "-progress", "pipe:3")
	j.progress = func(done time.Duration) {
		length = max(length, done)
		if progress != nil {
			progress(min(length, max(total, 0)), total)
		}
	}
	if err := t.run(ctx, j); err != nil {
		return 0, err
	}
	if length == 0 {
		return 0, errSilent
	}
	return length, nil
}

// outputSize is room for twice the bit rate and a megabyte for headers and index.
func outputSize(kbps int, d time.Duration) int64 {
	return 1<<20 + 2*int64(kbps)*1000/8*int64(d/time.Second+1)
}
