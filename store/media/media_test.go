package media_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"p2p.legal/peerfy/store/media"
)

// newTool fails the test where ffmpeg is missing: nothing here can be shown without it.
func newTool(t testing.TB) *media.Tool {
	t.Helper()
	tool, err := media.New(media.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return tool
}

// samples holds one short file of every accepted format, made once for all tests.
var samples = sync.OnceValues(func() (dir string, err error) {
	dir, err = os.MkdirTemp("", "media-samples-")
	if err != nil {
		return "", err
	}
	samplesDir = dir
	const (
		tone    = "-f lavfi -i sine=440:d=3:r=44100"
		picture = "-f lavfi -i testsrc2=d=3:s=320x180:r=25 " + tone
	)
	for _, args := range []string{
		tone + " -ac 2 tone.flac",
		tone + " -ac 2 tone.wav",
		tone + " -ac 2 -ar 96000 -c:a pcm_s24le deep.wav",
		tone + " -ac 1 -ar 48000 -c:a flac -sample_fmt s32 -bits_per_raw_sample 24 deep.flac",
		tone + " -ac 2 -c:a libmp3lame -b:a 128k tone.mp3",
		tone + " -ac 2 -c:a libvorbis tone.ogg",
		tone + " -ac 2 -c:a libopus tone.opus",
		tone + " -ac 2 -c:a aac tone.m4a",
		tone + " -ac 2 -c:a alac -movflags +faststart lossless.m4a",
		picture + " -c:v libx264 -preset ultrafast -c:a aac -movflags +faststart film.mp4",
		picture + " -c:v libx264 -preset ultrafast -c:a flac film.mkv",
		picture + " -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus film.webm",
	} {
		if err := ffmpeg(dir, strings.Fields(args)...); err != nil {
			return dir, err
		}
	}
	return dir, nil
})

// samplesDir is empty until a test has asked for a sample.
var samplesDir string

func TestMain(m *testing.M) {
	code := m.Run()
	if samplesDir != "" {
		os.RemoveAll(samplesDir)
	}
	os.Exit(code)
}

// ffmpeg makes test files; the code under test has its own way to run it.
func ffmpeg(dir string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-nostdin", "-v", "error", "-y"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.New(strings.Join(args, " ") + ": " + err.Error() + ": " + string(out))
	}
	return nil
}

// sample is the path of a made file. It must not be changed: copies of it may.
func sample(t testing.TB, name string) string {
	t.Helper()
	dir, err := samples()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// write puts b into a fresh folder under this name.
func write(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// isAlone checks that nothing half-written lies beside out, or anything at all where out is empty.
func isAlone(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	if strings.Join(found, " ") != strings.Join(names, " ") {
		t.Errorf("the folder holds %q, want %q", found, names)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	poor := write(t, "ffmpeg", []byte("#!/bin/sh\necho ' A....D aac  AAC'\n"))
	if err := os.Chmod(poor, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		config media.Config
		word   string
	}{
		{media.Config{FFmpeg: "/nowhere/ffmpeg"}, "/nowhere/ffmpeg"},
		{media.Config{FFprobe: "/nowhere/ffprobe"}, "/nowhere/ffprobe"},
		{media.Config{FFmpeg: poor}, "libopus"},
	} {
		_, err := media.New(c.config)
		if !errors.Is(err, media.ErrMissing) || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%+v: %v", c.config, err)
		}
	}
}

func TestAccepted(t *testing.T) {
	for name, want := range map[string]media.Format{
		"a.FLAC": media.FLAC, "b.jpeg": media.JPEG, "dir.mp3/c.webm": media.WebM, "x.vtt": media.VTT,
		"d.exe": "", "e": "", "f.m3u8": "", "g.svg": "", "h.flac.lnk": "", ".mkv": media.MKV,
	} {
		if got, ok := media.Accepted(name); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
}
