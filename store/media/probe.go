package media

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits on what is accepted.
const (
	MaxDuration   = 12 * time.Hour
	maxStreams    = 32
	maxChannels   = 8
	maxSampleRate = 192000
)

// Info is what a file of music or film holds.
type Info struct {
	Format     Format
	Duration   time.Duration // in whole milliseconds, as measured by reading the file to its end
	HasAudio   bool
	HasVideo   bool // moving pictures; a cover inside a track does not count
	AudioCodec string
	Channels   int
	SampleRate int // Hz
	BitDepth   int // bits per sample as recorded; 0 for codecs that have none
	VideoCodec string
	Width      int // pixels
	Height     int // pixels
}

// Probe reads the file to its end and tells what is in it. An error that is a [FileError] names what is wrong:
// another format than the name says, broken, cut off, without sound, too long, a codec that we do not take.
// Music is decoded; FLAC is compared with the checksum in its header. Of a film the packets are read but the
// pictures not decoded.
func (t *Tool) Probe(ctx context.Context, path string) (Info, error) {
	info, declared, err := t.header(ctx, path)
	if err != nil {
		return Info{}, err
	}
	if err := t.readThrough(ctx, path, &info, declared); err != nil {
		return Info{}, err
	}
	return info, nil
}

// header looks at the beginning only. declared is the duration that the file claims, or 0.
func (t *Tool) header(ctx context.Context, path string) (info Info, declared time.Duration, err error) {
	info.Format, err = identify(path)
	if err != nil {
		return info, 0, err
	}
	out := &bytes.Buffer{}
	args := append([]string{"-v", "error", "-of", "json", "-show_entries",
		"format=duration:stream=codec_name,codec_type,channels,sample_rate,bits_per_sample,bits_per_raw_sample,width,height:stream_disposition=attached_pic"},
		input(path, info.Format)...)
	err = t.run(ctx, job{program: t.ffprobe, args: args, stdout: &limitedWriter{out, 1 << 20}, timeout: time.Minute})
	if err != nil {
		return info, 0, notA(path, info.Format, err)
	}
	declared, err = info.parse(out.Bytes())
	if err == nil {
		err = info.check()
	}
	if err != nil {
		return info, 0, notA(path, info.Format, err)
	}
	return info, declared, nil
}

// identify opens the file, which must be a plain one, and compares its first bytes with its name.
func identify(path string) (Format, error) {
	format, ok := Accepted(path)
	if !ok || !format.IsAudio() && !format.IsVideo() {
		return "", refuse(path, "not a kind of music or film that is taken (FLAC, WAV, MP3, Ogg, Opus, M4A, MKV, MP4, WebM)")
	}
	// A pipe or a device would block or never end, so the kind is asked before it is opened.
	fi, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !fi.Mode().IsRegular() {
		return "", refuse(path, "not a plain file")
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if err := format.sniff(file, fi.Size()); err != nil {
		return "", notA(path, format, err)
	}
	return format, nil
}

// notA makes a sentence of a fault in the file; what is no fault of the file passes through.
func notA(path string, f Format, err error) error {
	var ran *runError
	var bad badContent
	switch {
	case errors.As(err, &ran) && ran.atLimit:
		return refuse(path, "%s", ran)
	case errors.As(err, &ran) && ran.codec() != "":
		return refuse(path, "something in it is coded as %q, which is not taken", ran.codec())
	case errors.As(err, &ran), errors.Is(err, errElse), errors.Is(err, errCut), errors.Is(err, errSilent):
		article := "a"
		if f == MP3 || f == MP4 || f == M4A || f == Opus || f == Vorbis {
			article = "an"
		}
		return refuse(path, "not %s %s file: %s", article, f, err)
	case errors.As(err, &bad):
		return refuse(path, "%s", bad)
	}
	return fmt.Errorf("reading %s: %w", label(path), err)
}

// badContent says what a well-formed file holds that we do not take.
type badContent string

func (b badContent) Error() string { return string(b) }

func unfit(format string, args ...any) error { return badContent(fmt.Sprintf(format, args...)) }

// input are ffmpeg's arguments for one file: one reader, one protocol, our codecs. The prefix keeps names like
// "-y" or "http:x" from being read as something else.
func input(path string, f Format) []string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return []string{"-protocol_whitelist", "file", "-format_whitelist", f.demuxer(), "-codec_whitelist", decoders,
		"-f", f.demuxer(), "-i", "file:" + path}
}

// probed is ffprobe's answer.
type probed struct {
	Streams []stream
	Format  struct{ Duration string }
}

type stream struct {
	CodecName        string `json:"codec_name"`
	CodecType        string `json:"codec_type"`
	Channels         int
	SampleRate       string `json:"sample_rate"`
	BitsPerSample    int    `json:"bits_per_sample"`
	BitsPerRawSample string `json:"bits_per_raw_sample"`
	Width, Height    int
	Disposition      struct {
		AttachedPic int `json:"attached_pic"`
	}
}

func (info *Info) parse(b []byte) (declared time.Duration, err error) {
	var p probed
	if err := json.Unmarshal(b, &p); err != nil {
		return 0, fmt.Errorf("reading ffprobe's answer: %w", err)
	}
	if len(p.Streams) > maxStreams {
		return 0, unfit("%d streams; at most %d are taken", len(p.Streams), maxStreams)
	}
	for _, s := range p.Streams {
		switch {
		case s.CodecType == "audio" && !info.HasAudio:
			info.addAudio(s)
		case s.CodecType == "video" && !info.HasVideo && s.Disposition.AttachedPic == 0:
			info.HasVideo, info.VideoCodec, info.Width, info.Height = true, s.CodecName, s.Width, s.Height
		}
	}
	seconds, err := strconv.ParseFloat(p.Format.Duration, 64)
	if err != nil || !(seconds > 0) {
		return 0, nil // streams made on the fly declare none
	}
	return time.Duration(min(seconds, 1e6) * float64(time.Second)), nil
}

func (info *Info) addAudio(s stream) {
	info.HasAudio, info.AudioCodec, info.Channels, info.BitDepth = true, s.CodecName, s.Channels, s.BitsPerSample
	info.SampleRate, _ = strconv.Atoi(s.SampleRate)
	if bits, err := strconv.Atoi(s.BitsPerRawSample); err == nil {
		info.BitDepth = bits
	}
}

func (info *Info) check() error {
	switch f := info.Format; {
	case f.IsAudio() && info.HasVideo:
		return unfit("holds a film, not music; films are .mkv, .mp4 or .webm")
	case f.IsAudio() && !info.HasAudio:
		return unfit("holds no sound")
	case f.IsVideo() && !info.HasVideo:
		return unfit("holds no moving picture; music is .flac, .wav, .mp3, .ogg, .opus or .m4a")
	case f == WAV && !oneOf(info.AudioCodec, f.audioCodecs()):
		return unfit("its samples (%s) cannot be kept exactly as FLAC; export it with 16 or 24 bits", info.AudioCodec)
	case info.HasAudio && !oneOf(info.AudioCodec, f.audioCodecs()):
		return unfit("its sound is coded as %q, which a %s file may not hold here", info.AudioCodec, f)
	case info.HasVideo && !oneOf(info.VideoCodec, f.videoCodecs()):
		return unfit("its picture is coded as %q, which a %s file may not hold here", info.VideoCodec, f)
	case info.HasAudio && (info.Channels < 1 || info.Channels > maxChannels):
		return unfit("%d channels; from 1 to %d are taken", info.Channels, maxChannels)
	case info.HasAudio && (info.SampleRate < 8000 || info.SampleRate > maxSampleRate):
		return unfit("%d samples a second; from 8000 to %d are taken", info.SampleRate, maxSampleRate)
	case info.HasVideo && !goodSize(info.Width, info.Height):
		return unfit("a picture of %d × %d pixels; at most %d a side and %d million are taken", info.Width, info.Height, MaxSide, MaxPixels/1_000_000)
	}
	return nil
}

func oneOf(codec, list string) bool {
	return codec != "" && slices.Contains(strings.Split(list, ","), codec)
}

// readThrough measures the duration and finds what is broken or missing behind the header.
func (t *Tool) readThrough(ctx context.Context, path string, info *Info, declared time.Duration) error {
	var measured time.Duration
	sum := &strings.Builder{}
	args := append(t.ffmpegArgs(info.Format), input(path, info.Format)...)
	args = append(args, whole(*info)...)
	err := t.run(ctx, job{
		program: t.ffmpeg, args: append(args, "-progress", "pipe:3", "pipe:1"), stdout: &limitedWriter{sum, 1 << 10},
		progress: func(done time.Duration) { measured = max(measured, done) }, timeout: 30 * time.Minute,
	})
	if err != nil {
		return notA(path, info.Format, err)
	}
	if measured == 0 {
		return notA(path, info.Format, errSilent)
	}
	if measured > MaxDuration {
		return refuse(path, "lasts longer than %d hours", int(MaxDuration.Hours()))
	}
	if err := checkEnd(path, *info, declared, measured); err != nil {
		return notA(path, info.Format, err)
	}
	info.Duration = measured.Round(time.Millisecond)
	return checkSum(path, *info, sum.String())
}

// ffmpegArgs begin every run of ffmpeg on a file. MP3s carry junk between frames that every player steps over;
// in the other formats the first error means a broken file.
func (t *Tool) ffmpegArgs(f Format) []string {
	args := []string{"-nostdin", "-hide_banner", "-nostats", "-v", "error", "-y", "-threads", strconv.Itoa(t.threads)}
	switch f {
	case MP3:
		return args
	case FLAC:
		return append(args, "-xerror", "-err_detect", "explode+crccheck")
	}
	return append(args, "-xerror", "-err_detect", "crccheck")
}

// whole are the arguments that read everything and write at most a checksum of the samples.
func whole(info Info) []string {
	if info.Format.IsVideo() {
		return []string{"-map", "0:v:0", "-map", "0:a:0?", "-c", "copy", "-f", "null"}
	}
	return []string{"-map", "0:a:0", "-c:a", rawCodec(info.BitDepth), "-f", "md5"}
}

// rawCodec keeps every bit of samples of this depth.
func rawCodec(bits int) string {
	switch {
	case bits > 24:
		return "pcm_s32le"
	case bits > 16:
		return "pcm_s24le"
	}
	return "pcm_s16le"
}

// checkEnd compares how long the file plays with how long it says it is.
func checkEnd(path string, info Info, declared, measured time.Duration) error {
	tolerance := 100 * time.Millisecond
	if info.Format.IsVideo() {
		tolerance = time.Second // sound and picture need not end together
	}
	if info.Format == MP3 {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		if !mp3HasLength(file) {
			return nil // then ffprobe has only guessed
		}
	}
	if declared-measured > tolerance {
		return fmt.Errorf("%w: it plays %.1f s of %.1f s", errCut, measured.Seconds(), declared.Seconds())
	}
	return nil
}

// checkSum compares a FLAC's samples with the MD5 in its header (RFC 9639, section 8.2); encoders may leave it zero.
func checkSum(path string, info Info, decoded string) error {
	if info.Format != FLAC || info.BitDepth != 16 && info.BitDepth != 24 {
		return nil
	}
	want, err := flacSum(path)
	if err != nil {
		return err
	}
	got := strings.TrimPrefix(strings.TrimSpace(decoded), "MD5=")
	if want != [16]byte{} && hex.EncodeToString(want[:]) != got {
		return refuse(path, "its sound differs from the checksum in its header; the file is damaged")
	}
	return nil
}

// flacSum reads the MD5 of the samples from STREAMINFO, which is always the first block.
func flacSum(path string) (sum [16]byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer file.Close()
	_, err = file.ReadAt(sum[:], 26)
	if err == io.EOF {
		err = notA(path, FLAC, errCut)
	}
	return sum, err
}
