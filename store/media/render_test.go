package media_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/store/media"
)

// decoded is what ffmpeg, run plainly, makes of a file: samples of the given codec (s16le, s24le, f32le).
func decoded(t testing.TB, path, codec string, more ...string) []byte {
	t.Helper()
	args := append([]string{"-nostdin", "-v", "error", "-i", path, "-map", "0:a:0", "-c:a", "pcm_" + codec}, more...)
	out, err := exec.CommandContext(t.Context(), "ffmpeg", append(args, "-f", codec, "pipe:1")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMasterOfWAVIsTheSameSamples(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	for name, codec := range map[string]string{"tone.wav": "s16le", "deep.wav": "s24le"} {
		out := filepath.Join(t.TempDir(), "master.flac")
		if err := tool.Master(t.Context(), sample(t, name), out); err != nil {
			t.Fatal(err)
		}
		info, err := tool.Probe(t.Context(), out)
		if err != nil || info.Format != media.FLAC {
			t.Fatalf("%+v, %v", info, err)
		}
		if !bytes.Equal(decoded(t, out, codec), decoded(t, sample(t, name), codec)) {
			t.Errorf("%s: the samples changed", name)
		}
		isAlone(t, filepath.Dir(out), "master.flac")
		again := filepath.Join(t.TempDir(), "again.flac")
		if err := tool.Master(t.Context(), sample(t, name), again); err != nil || !bytes.Equal(read(t, again), read(t, out)) {
			t.Errorf("%s: a second run gives other bytes: %v", name, err)
		}
	}
}

func TestMasterOfNoiseAndOfFullScale(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, source := range map[string]string{"noise.wav": "anoisesrc=d=1:a=1", "square.wav": "aevalsrc=sgn(sin(2*PI*t*440)):d=1", "silence.wav": "anullsrc=d=1"} {
		if err := ffmpeg(dir, "-f", "lavfi", "-i", source, "-t", "1", "-ac", "2", name); err != nil {
			t.Fatal(err)
		}
		in, out := filepath.Join(dir, name), filepath.Join(t.TempDir(), "m.flac")
		if err := newTool(t).Master(t.Context(), in, out); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(decoded(t, out, "s16le"), decoded(t, in, "s16le")) {
			t.Errorf("%s changed", name)
		}
	}
}

func TestMasterOfOtherFormatsIsTheSameFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tone.flac", "tone.mp3", "tone.ogg", "tone.opus", "tone.m4a", "film.mp4", "film.webm"} {
		out := filepath.Join(t.TempDir(), name)
		if err := newTool(t).Master(t.Context(), sample(t, name), out); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read(t, out), read(t, sample(t, name))) {
			t.Errorf("%s changed", name)
		}
	}
}

// cuesFirst walks the elements of a WebM's segment: whether the index stands before the first cluster.
func cuesFirst(t *testing.T, b []byte) bool {
	t.Helper()
	const segment, cues, cluster = 0x18538067, 0x1C53BB6B, 0x1F43B675
	number := func(keepMark bool) (n uint64) {
		width := 1
		for mark := byte(0x80); b[0]&mark == 0; mark >>= 1 {
			width++
		}
		n = uint64(b[0])
		if !keepMark {
			n &= 0xff >> width
		}
		for _, c := range b[1:width] {
			n = n<<8 | uint64(c)
		}
		b = b[width:]
		return n
	}
	for len(b) > 12 {
		id, size := number(true), number(false)
		switch id {
		case segment:
			continue
		case cues:
			return true
		case cluster:
			return false
		}
		b = b[size:]
	}
	return false
}

func TestOpusStartsAtTheFirstRequest(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	for _, name := range []string{"tone.flac", "tone.wav", "tone.mp3", "tone.ogg", "tone.opus", "lossless.m4a", "deep.flac"} {
		out := filepath.Join(t.TempDir(), "o.webm")
		var last time.Duration
		err := tool.Opus(t.Context(), sample(t, name), out, 96, func(done, total time.Duration) {
			if done < last || done > total || total < 2900*time.Millisecond {
				t.Errorf("progress goes from %v to %v of %v", last, done, total)
			}
			last = done
		})
		if err != nil {
			t.Fatal(err)
		}
		if b := read(t, out); !cuesFirst(t, b) || len(b) > 1<<17 {
			t.Errorf("%s: %d bytes, cues in front: %v", name, len(b), cuesFirst(t, b))
		}
		if last < 2900*time.Millisecond {
			t.Errorf("%s: the last progress was %v", name, last)
		}
		if seconds := float64(len(decoded(t, out, "s16le", "-ac", "1"))) / 2 / 48000; math.Abs(seconds-3) > 0.05 {
			t.Errorf("%s plays %v s", name, seconds)
		}
		isAlone(t, filepath.Dir(out), "o.webm")
	}
}

func TestRenditionsAreTheSameAtEveryRun(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	var first []byte
	for range 2 {
		webm, ogg := filepath.Join(t.TempDir(), "o.webm"), filepath.Join(t.TempDir(), "o.opus")
		if err := errors.Join(tool.Opus(t.Context(), sample(t, "tone.mp3"), webm, 96, nil), tool.OggOpus(t.Context(), sample(t, "tone.mp3"), ogg, 96, nil)); err != nil {
			t.Fatal(err)
		}
		if b := slices.Concat(read(t, webm), read(t, ogg)); first == nil {
			first = b
		} else if !bytes.Equal(b, first) {
			t.Error("a second run gives other bytes")
		}
	}
}

// loudness is the root of the mean square of 16-bit samples.
func loudness(b []byte) float64 {
	var sum float64
	for i := 0; i+1 < len(b); i += 2 {
		v := float64(int16(binary.LittleEndian.Uint16(b[i:])))
		sum += v * v
	}
	return math.Sqrt(sum / float64(len(b)/2))
}

func TestRenditionsKeepTheLoudness(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	out := filepath.Join(t.TempDir(), "o.webm")
	if err := tool.Opus(t.Context(), sample(t, "tone.flac"), out, 128, nil); err != nil {
		t.Fatal(err)
	}
	was, is := loudness(decoded(t, sample(t, "tone.flac"), "s16le")), loudness(decoded(t, out, "s16le"))
	if math.Abs(20*math.Log10(is/was)) > 0.1 {
		t.Errorf("loudness went from %.1f to %.1f", was, is)
	}
}

func TestRenditionsCarryNoTags(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	in := write(t, "t.flac", read(t, sample(t, "tone.flac")))
	if err := media.WriteTags(in, media.Tags{Title: "Geheimnis", Comment: "Geheimnis"}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	webm, ogg := filepath.Join(dir, "o.webm"), filepath.Join(dir, "o.opus")
	if err := errors.Join(tool.Opus(t.Context(), in, webm, 96, nil), tool.OggOpus(t.Context(), in, ogg, 96, nil)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{webm, ogg} {
		if b := read(t, path); bytes.Contains(b, []byte("Geheimnis")) || bytes.Contains(b, []byte("Lavf5")) || bytes.Contains(b, []byte("Lavc5")) {
			t.Errorf("%s carries a tag", filepath.Base(path))
		}
	}
}

// Ogg renditions of different tracks, one after the other, are one stream that plays through.
func TestOggOpusCanBeChained(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	dir := t.TempDir()
	one, two := filepath.Join(dir, "1.opus"), filepath.Join(dir, "2.opus")
	if err := errors.Join(tool.OggOpus(t.Context(), sample(t, "tone.flac"), one, 96, nil), tool.OggOpus(t.Context(), sample(t, "deep.flac"), two, 96, nil)); err != nil {
		t.Fatal(err)
	}
	a, b := read(t, one), read(t, two)
	if bytes.Equal(a[14:18], b[14:18]) {
		t.Error("both streams have the same serial number")
	}
	if _, err := tool.Probe(t.Context(), one); err != nil {
		t.Error(err)
	}
	chain := write(t, "chain.opus", slices.Concat(a, b))
	if seconds := float64(len(decoded(t, chain, "s16le", "-ac", "1"))) / 2 / 48000; math.Abs(seconds-6) > 0.1 {
		t.Errorf("the chain plays %v s", seconds)
	}
}

// A tone cut in the middle of a wave into tracks of odd lengths comes out of the album without a click: no sample jumps
// further than in the tone itself.
func TestAlbumHasNoGaps(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	dir := t.TempDir()
	whole := "sine=441:d=6:r=44100"
	for name, part := range map[string]string{
		"1.flac": "start_sample=0:end_sample=88217", "2.flac": "start_sample=88217:end_sample=155001", "3.flac": "start_sample=155001:end_sample=264600",
	} {
		if err := ffmpeg(dir, "-f", "lavfi", "-i", whole+",atrim="+part+",asetpts=PTS-STARTPTS", "-ac", "2", name); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(t.TempDir(), "album.webm")
	ins := []string{filepath.Join(dir, "1.flac"), filepath.Join(dir, "2.flac"), filepath.Join(dir, "3.flac")}
	offsets, err := tool.Album(t.Context(), ins, out, 128, nil)
	if err != nil {
		t.Fatal(err)
	}
	rate := 44100.0
	at := func(n float64) time.Duration { return time.Duration(n / rate * float64(time.Second)) }
	for i, want := range []time.Duration{0, at(88217), at(155001)} {
		if d := offsets[i] - want; d < -time.Microsecond || d > time.Microsecond {
			t.Errorf("track %d begins at %v, want %v", i+1, offsets[i], want)
		}
	}
	b := read(t, out)
	if !cuesFirst(t, b) {
		t.Error("the index stands behind the sound")
	}
	samples := decoded(t, out, "s16le", "-ac", "1")
	if seconds := float64(len(samples)) / 2 / 48000; math.Abs(seconds-6) > 0.03 {
		t.Errorf("it plays %v s", seconds)
	}
	samples = samples[9600 : len(samples)-9600] // without the first and last 0.1 s
	var largest, peak float64
	for i := 0; i+3 < len(samples); i += 2 {
		v, next := float64(int16(binary.LittleEndian.Uint16(samples[i:]))), float64(int16(binary.LittleEndian.Uint16(samples[i+2:])))
		largest, peak = max(largest, math.Abs(next-v)), max(peak, math.Abs(v))
	}
	if steepest := peak * 2 * math.Pi * 441 / 48000; largest > 1.5*steepest {
		t.Errorf("a sample jumps by %.0f; the tone's steepest step is %.0f", largest, steepest)
	}
}

func TestAlbumOfUnlikeTracks(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	out := filepath.Join(t.TempDir(), "album.webm")
	var ins []string
	for _, name := range []string{"tone.mp3", "deep.wav", "deep.flac", "tone.ogg", "lossless.m4a"} {
		ins = append(ins, sample(t, name))
	}
	var last time.Duration
	offsets, err := tool.Album(t.Context(), ins, out, 96, func(done, total time.Duration) {
		if done < last || done > total || total < 14*time.Second || total > 16*time.Second {
			t.Errorf("progress goes from %v to %v of %v", last, done, total)
		}
		last = done
	})
	if err != nil {
		t.Fatal(err)
	}
	if last < 13*time.Second {
		t.Errorf("the last progress was %v", last)
	}
	for i, d := range offsets {
		if off := d - time.Duration(i)*3*time.Second; off < -60*time.Millisecond || off > 60*time.Millisecond {
			t.Errorf("track %d begins at %v", i, d)
		}
	}
	if seconds := float64(len(decoded(t, out, "s16le", "-ac", "1"))) / 2 / 48000; math.Abs(seconds-15) > 0.1 {
		t.Errorf("it plays %v s", seconds)
	}
}

func TestAlbumNamesTheBadTrackAndLeavesNothing(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	good := sample(t, "tone.flac")
	b := read(t, good)
	for name, bad := range map[string]string{"cut.flac": write(t, "cut.flac", b[:len(b)/2]), "text.mp3": write(t, "text.mp3", []byte("text")), "gone": "/nowhere/gone.opus"} {
		out := filepath.Join(t.TempDir(), "album.webm")
		offsets, err := tool.Album(t.Context(), []string{good, bad, good}, out, 96, nil)
		if err == nil || offsets != nil || name != "gone" && !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s: %v, %v", name, offsets, err)
		}
		isAlone(t, filepath.Dir(out))
	}
	if _, err := tool.Album(t.Context(), nil, filepath.Join(t.TempDir(), "a.webm"), 96, nil); err == nil {
		t.Error("an album without tracks was made")
	}
	if _, err := tool.Album(t.Context(), []string{good}, "/proc/nowhere/a.webm", 96, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("into no folder: %v", err)
	}
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	out := filepath.Join(t.TempDir(), "e.webm")
	if err := tool.Excerpt(t.Context(), sample(t, "tone.mp3"), out, time.Second, 1500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	info, err := tool.Probe(t.Context(), sample(t, "film.mkv"))
	if err != nil {
		t.Fatal(err)
	}
	if seconds := float64(len(decoded(t, out, "s16le", "-ac", "1"))) / 2 / 48000; math.Abs(seconds-1.5) > 0.05 || !cuesFirst(t, read(t, out)) {
		t.Errorf("the excerpt plays %v s", seconds)
	}
	if err := tool.Excerpt(t.Context(), sample(t, "film.mkv"), out, time.Second, time.Minute); err != nil {
		t.Fatal(err)
	}
	if info, err = tool.Probe(t.Context(), out); err != nil || info.Height != 180 || math.Abs(info.Duration.Seconds()-2) > 0.1 {
		t.Errorf("%+v, %v", info, err)
	}
	for _, c := range []struct{ start, length time.Duration }{{-1, time.Second}, {0, 0}, {3 * time.Second, time.Second}} {
		if err := tool.Excerpt(t.Context(), sample(t, "tone.mp3"), out, c.start, c.length); !errors.Is(err, media.ErrBadFile) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestVideoFitsItsScreen(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	dir := t.TempDir()
	// Moving noise is the hardest film there is; the second has oblong pixels, stands upright and has no sound.
	for name, args := range map[string]string{
		"hard.mkv":  "-f lavfi -i testsrc2=s=640x360:r=25:d=2,noise=alls=60:allf=t -f lavfi -i anoisesrc=d=2 -c:v libx264 -preset ultrafast -c:a flac",
		"tall.mp4":  "-f lavfi -i testsrc2=s=360x640:r=60:d=2,setsar=2 -c:v libx264 -preset ultrafast",
		"small.mp4": "-f lavfi -i testsrc2=s=98x51:r=25:d=2 -c:v libx264 -preset ultrafast -pix_fmt yuv444p",
	} {
		if err := ffmpeg(dir, append(strings.Fields(args), name)...); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		in            string
		width, height int
	}{{"hard.mkv", 640, 360}, {"tall.mp4", 406, 360}, {"small.mp4", 98, 50}} {
		out := filepath.Join(t.TempDir(), "v.webm")
		if err := tool.Video(t.Context(), filepath.Join(dir, c.in), out, 360, 300, nil); err != nil {
			t.Fatal(err)
		}
		info, err := tool.Probe(t.Context(), out)
		if err != nil {
			t.Fatal(err)
		}
		if info.VideoCodec != "vp9" || info.Width != c.width || info.Height != c.height || info.HasAudio != (c.in == "hard.mkv") {
			t.Errorf("%s: %+v", c.in, info)
		}
		b := read(t, out)
		// The headers' 16 kB are a tenth of these few seconds.
		if kbps := float64(len(b)) * 8 / 1000 / info.Duration.Seconds(); kbps > 370 || !cuesFirst(t, b) {
			t.Errorf("%s: %.0f kbit/s; cues in front: %v", c.in, kbps, cuesFirst(t, b))
		} else {
			t.Logf("%s: %.0f kbit/s", c.in, kbps)
		}
	}
}

func TestVideoIsTheSameAtEveryRun(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	var first []byte
	for range 2 {
		out := filepath.Join(t.TempDir(), "v.webm")
		var last time.Duration
		if err := tool.Video(t.Context(), sample(t, "film.mp4"), out, 480, 600, func(done, total time.Duration) { last = done }); err != nil {
			t.Fatal(err)
		}
		if b := read(t, out); first == nil {
			first = b
		} else if !bytes.Equal(b, first) {
			t.Error("a second run gives other bytes")
		}
		if last < 2*time.Second {
			t.Errorf("the last progress was %v", last)
		}
	}
	if err := tool.Video(t.Context(), sample(t, "tone.flac"), filepath.Join(t.TempDir(), "v.webm"), 360, 300, nil); !errors.Is(err, media.ErrBadFile) {
		t.Errorf("a film of a tone: %v", err)
	}
}

func TestPoster(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	out := filepath.Join(t.TempDir(), "p.jpg")
	if err := tool.Poster(t.Context(), sample(t, "film.webm"), out, time.Second); err != nil {
		t.Fatal(err)
	}
	if w, h, err := media.CoverSize(read(t, out)); err != nil || w != 1280 || h != 720 {
		t.Errorf("%d × %d, %v", w, h, err)
	}
	for _, at := range []time.Duration{-1, 5 * time.Second} {
		if err := tool.Poster(t.Context(), sample(t, "film.webm"), out, at); !errors.Is(err, media.ErrBadFile) {
			t.Errorf("at %v: %v", at, err)
		}
	}
}
