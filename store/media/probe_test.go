package media_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"p2p.legal/peerfy/store/media"
)

func TestProbeTellsWhatIsInAFile(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	audio := func(f media.Format, codec string, channels, rate, bits int) media.Info {
		return media.Info{Format: f, HasAudio: true, AudioCodec: codec, Channels: channels, SampleRate: rate, BitDepth: bits}
	}
	film := func(f media.Format, v, a string, rate, bits int) media.Info {
		return media.Info{Format: f, HasAudio: true, AudioCodec: a, Channels: 1, SampleRate: rate, BitDepth: bits, HasVideo: true, VideoCodec: v, Width: 320, Height: 180}
	}
	for name, want := range map[string]media.Info{
		"tone.flac":    audio(media.FLAC, "flac", 2, 44100, 16),
		"tone.wav":     audio(media.WAV, "pcm_s16le", 2, 44100, 16),
		"deep.wav":     audio(media.WAV, "pcm_s24le", 2, 96000, 24),
		"deep.flac":    audio(media.FLAC, "flac", 1, 48000, 24),
		"tone.mp3":     audio(media.MP3, "mp3", 2, 44100, 0),
		"tone.ogg":     audio(media.Vorbis, "vorbis", 2, 44100, 0),
		"tone.opus":    audio(media.Opus, "opus", 2, 48000, 0),
		"tone.m4a":     audio(media.M4A, "aac", 2, 44100, 0),
		"lossless.m4a": audio(media.M4A, "alac", 2, 44100, 16),
		"film.mp4":     film(media.MP4, "h264", "aac", 44100, 0),
		"film.mkv":     film(media.MKV, "h264", "flac", 44100, 16),
		"film.webm":    film(media.WebM, "vp9", "opus", 48000, 0),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tool.Probe(t.Context(), sample(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if d := got.Duration; d < 2950*time.Millisecond || d > 3050*time.Millisecond || d%time.Millisecond != 0 {
				t.Errorf("it lasts %v", d)
			}
			got.Duration = 0
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// refused checks that Probe names the file and the reason, and blames the file.
func refused(t *testing.T, tool *media.Tool, path string, words ...string) {
	t.Helper()
	info, err := tool.Probe(t.Context(), path)
	if err == nil {
		t.Errorf("%s passes as %+v", filepath.Base(path), info)
		return
	}
	if !errors.Is(err, media.ErrBadFile) || !strings.HasPrefix(err.Error(), filepath.Base(path)+": ") || strings.Contains(err.Error(), filepath.Dir(path)) || strings.ContainsAny(err.Error(), "\n\x1b") {
		t.Errorf("unclear: %v", err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

var everyFormat = []string{"tone.flac", "tone.wav", "tone.mp3", "tone.ogg", "tone.opus", "tone.m4a", "lossless.m4a", "film.mp4", "film.mkv", "film.webm"}

func TestProbeRefusesWhatIsCutOff(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	for _, name := range everyFormat {
		b := read(t, sample(t, name))
		for _, part := range []int{0, 10, 60, 90} {
			refused(t, tool, write(t, name, b[:len(b)*part/100]), "not a")
		}
	}
}

// A cut between two well-formed parts leaves nothing malformed; only the lengths and end marks tell.
func TestProbeRefusesWhatIsCutOffCleanly(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	for _, name := range []string{"tone.ogg", "tone.opus"} {
		b := read(t, sample(t, name))
		refused(t, tool, write(t, name, b[:bytes.LastIndex(b, []byte("OggS"))]), "ends too early")
	}
	b := read(t, sample(t, "tone.wav"))
	samples := bytes.Index(b, []byte("data")) + 8
	refused(t, tool, write(t, "tone.wav", b[:samples+4*44100]), "ends too early")
	b = read(t, sample(t, "tone.mp3"))

	refused(t, tool, write(t, "tone.mp3", b[:len(b)/2]), "ends too early")
}

func TestProbeRefusesGarbage(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	rubbish := bytes.Repeat([]byte("no music at all \x00\xff\xfb\x90"), 5000)
	for _, name := range everyFormat {
		refused(t, tool, write(t, name, rubbish), "not a", "begins like something else")
		if b := bytes.Clone(read(t, sample(t, name))); !strings.HasSuffix(name, ".mp3") && !strings.HasSuffix(name, ".wav") && !strings.HasPrefix(name, "film") {
			copy(b[300:len(b)-100], bytes.Repeat(rubbish, 10))
			refused(t, tool, write(t, name, b), "not a")
		}
	}
}

func TestProbeRefusesOneFormatUnderTheNameOfAnother(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	for _, is := range everyFormat {
		for _, name := range everyFormat {
			if filepath.Ext(is) == filepath.Ext(name) {
				continue
			}
			refused(t, tool, write(t, "x"+filepath.Ext(name), read(t, sample(t, is))))
		}
	}
}

func TestProbeRefusesADamagedFLAC(t *testing.T) {
	t.Parallel()
	b := bytes.Clone(read(t, sample(t, "tone.flac")))
	b[26] ^= 1 // the MD5 of the samples: everything else is whole
	refused(t, newTool(t), write(t, "tone.flac", b), "checksum")
}

func TestProbeRefusesKindsItDoesNotTake(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	dir := t.TempDir()
	for file, c := range map[string]struct{ args, word string }{
		"float.wav":  {"-f lavfi -i sine=d=1 -c:a pcm_f32le", "16 or 24 bits"},
		"adpcm.wav":  {"-f lavfi -i sine=d=1 -c:a adpcm_ms", "adpcm_ms"},
		"speex.ogg":  {"-f lavfi -i sine=d=1 -c:a flac", "begins like something else"},
		"theora.mkv": {"-f lavfi -i testsrc2=d=1:s=64x64 -c:v mjpeg", "mjpeg"},
		"silent.mp4": {"-f lavfi -i sine=d=1 -c:a aac", "no moving picture"},
		"film.m4a":   {"-f lavfi -i testsrc2=d=1:s=64x64 -f lavfi -i sine=d=1 -c:v libx264 -preset ultrafast -f mp4", "holds a film"},
		"mute.m4a":   {"-f lavfi -i testsrc2=d=1:s=64x64 -c:v libx264 -preset ultrafast -f mp4", "holds a film"},
	} {
		if err := ffmpeg(dir, append(strings.Fields(c.args), file)...); err != nil {
			t.Fatal(err)
		}
		refused(t, tool, filepath.Join(dir, file), c.word)
	}
	refused(t, tool, write(t, "list.txt", []byte("x")), "not a kind")
	refused(t, tool, write(t, "cover.jpg", []byte("x")), "not a kind")
}

func TestProbeTakesAnEmbeddedCover(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"tone.flac", "tone.mp3", "tone.m4a"} {
		err := ffmpeg(dir, "-i", sample(t, name), "-f", "lavfi", "-i", "testsrc2=d=1:s=64x64", "-map", "0", "-map", "1", "-frames:v", "1",
			"-c:a", "copy", "-c:v", "mjpeg", "-disposition:v", "attached_pic", name)
		if err != nil {
			t.Fatal(err)
		}
		info, err := newTool(t).Probe(t.Context(), filepath.Join(dir, name))
		if err != nil || info.HasVideo {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
}

// A playlist that ffmpeg would follow, under each name: none may reach the listener it points to.
func TestProbeFollowsNoPlaylist(t *testing.T) {
	t.Parallel()
	trap, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer trap.Close()
	caught := make(chan struct{}, 1)
	go func() {
		if c, err := trap.Accept(); err == nil {
			c.Close()
			caught <- struct{}{}
		}
	}()
	url := "http://" + trap.Addr().String() + "/a.ts"
	tool := newTool(t)
	for what, s := range map[string]string{
		"hls":     "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n" + url + "\n#EXT-X-ENDLIST\n",
		"passwd":  "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n#EXT-X-ENDLIST\n",
		"concat":  "ffconcat version 1.0\nfile " + url + "\nfile /etc/passwd\n",
		"sdp":     "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
		"dash":    "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'><Period><AdaptationSet><Representation><BaseURL>" + url + "</BaseURL></Representation></AdaptationSet></Period></MPD>",
		"image2":  "GIF89a",
		"script":  "<script>alert(1)</script>",
		"ftyp":    "\x00\x00\x00\x18ftypisom\x00\x00\x00\x00#EXTM3U\n" + url,
		"subfile": "subfile,,start,0,end,9,,:/etc/passwd",
	} {
		for _, name := range everyFormat {
			path := write(t, what+filepath.Ext(name), []byte(s+strings.Repeat("\n#", 200)))
			refused(t, tool, path)
			if err := tool.Opus(t.Context(), path, filepath.Join(t.TempDir(), "o.webm"), 96, nil); !errors.Is(err, media.ErrBadFile) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	select {
	case <-caught:
		t.Error("something connected")
	default:
	}
}

func TestProbeRefusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.flac")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, tool, pipe, "not a plain file")
	folder := filepath.Join(dir, "folder.flac")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	refused(t, tool, folder, "not a plain file")
	if _, err := tool.Probe(t.Context(), filepath.Join(dir, "gone.flac")); !errors.Is(err, os.ErrNotExist) || errors.Is(err, media.ErrBadFile) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestHostileFileNames(t *testing.T) {
	tool := newTool(t)
	b := read(t, sample(t, "tone.flac"))
	for _, name := range []string{"-y.flac", "http:x.flac", "concat:a|b.flac", "%d%s.flac", "a b'\"$(x)`.flac", "é 日本.flac", "pipe:0.flac", "a\nb.flac"} {
		path := write(t, name, b)
		t.Chdir(filepath.Dir(path))
		if _, err := tool.Probe(t.Context(), name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if err := tool.Excerpt(t.Context(), name, "out "+name+".webm", 0, 100*time.Millisecond); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	_, err := tool.Probe(t.Context(), write(t, "a\x1b[2J\u202e.flac", nil))
	if err == nil || strings.ContainsAny(err.Error(), "\x1b\u202e") {
		t.Errorf("the message carries the name's tricks: %q", err)
	}
}

// A picture as large as any that is taken needs more than a tight limit leaves; nothing is left behind.
func TestMemoryLimitBites(t *testing.T) {
	t.Parallel()
	dir, out := t.TempDir(), t.TempDir()
	if err := ffmpeg(dir, strings.Fields("-f lavfi -i color=s=8000x4800:r=1:d=1 -c:v libx264 -preset ultrafast vast.mp4")...); err != nil {
		t.Fatal(err)
	}
	for limit, fits := range map[int64]bool{420 << 20: false, 2 << 30: true} {
		tool, err := media.New(media.Config{MaxMemory: limit})
		if err != nil {
			t.Fatal(err)
		}
		err = tool.Poster(t.Context(), filepath.Join(dir, "vast.mp4"), filepath.Join(out, "poster.jpg"), 0)
		if fits != (err == nil) || !fits && (!errors.Is(err, media.ErrBadFile) || !strings.Contains(err.Error(), "memory")) {
			t.Errorf("with %d MiB: %v", limit>>20, err)
		}
		if !fits {
			isAlone(t, out)
		}
		os.Remove(filepath.Join(out, "poster.jpg"))
	}
}

func TestCancelKillsTheChild(t *testing.T) {
	t.Parallel()
	tool := newTool(t)
	dir := t.TempDir()
	// Encoding ten minutes takes longer than the first half second, after which progress is told.
	if err := ffmpeg(dir, "-f", "lavfi", "-i", "sine=d=600:r=48000", "long.wav"); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	err := tool.Opus(ctx, filepath.Join(dir, "long.wav"), filepath.Join(out, "o.webm"), 96, func(done, total time.Duration) { cancel() })
	if !errors.Is(err, context.Canceled) || errors.Is(err, media.ErrBadFile) {
		t.Errorf("got %v", err)
	}
	t.Logf("stopped after %v", time.Since(began))
	isAlone(t, out)
}
