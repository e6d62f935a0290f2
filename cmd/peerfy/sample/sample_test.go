package sample_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/cmd/peerfy/sample"
)

// write makes the sample without moving pictures.
func write(t *testing.T) (string, []sample.Folder) {
	t.Helper()
	dir := t.TempDir()
	folders, err := sample.Write(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	return dir, folders
}

func TestSample(t *testing.T) {
	dir, folders := write(t)
	t.Run("two runs give the same bytes", func(t *testing.T) {
		again, _ := write(t)
		if a, b := sums(t, dir), sums(t, again); a != b {
			t.Errorf("the runs differ:\n%s\n%s", a, b)
		}
	})
	t.Run("every folder is whole", func(t *testing.T) { checkFolders(t, folders) })
	t.Run("every recording is clean", func(t *testing.T) { checkRecordings(t, dir) })
	t.Run("two tracks are one breath", func(t *testing.T) { checkJoint(t, folders[0].Path) })
	t.Run("a picture and its sound are one film", func(t *testing.T) {
		checkVideo(t, filepath.Join(folders[1].Path, "01 - Onion Waltz.wav"))
	})
}

// sums lists every file below dir with its SHA-256.
func sums(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		h := sha256.Sum256(content)
		fmt.Fprintf(&b, "%s %x\n", rel, h)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func checkFolders(t *testing.T, folders []sample.Folder) {
	want := []struct{ kind, title, artist string }{
		{"album", "Premières lueurs", "Les Veilleurs de Brume"},
		{"single", "Onion Waltz", "Clémence & the Relays"},
		{"podcast", "Carnet de chantier nº 1", "Radio Coopérative"},
	}
	if len(folders) != len(want) {
		t.Fatalf("%d folders, want %d", len(folders), len(want))
	}
	for i, f := range folders {
		if f.Kind != want[i].kind || f.Title != want[i].title || f.Artist != want[i].artist {
			t.Errorf("folder %d is %+v, want %+v", i, f, want[i])
		}
		credits, err := os.ReadFile(filepath.Join(f.Path, "credits.txt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"kind: " + f.Kind, "title: " + f.Title, "artist: " + f.Artist, "open: " + map[bool]string{true: "no", false: "yes"}[f.Title == "Onion Waltz"]} {
			if !strings.Contains(string(credits), "\n"+line+"\n") {
				t.Errorf("%s: the credits do not say %q", f.Title, line)
			}
		}
		checkCover(t, f.Path, 1400, 1400)
	}
}

func checkCover(t *testing.T, dir string, w, h int) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "cover.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	img, format, err := image.Decode(bytes.NewReader(b))
	if err != nil || format != "jpeg" || img.Bounds() != image.Rect(0, 0, w, h) {
		t.Fatalf("%s: cover is %s, %v, error %v; want a JPEG of %d×%d", dir, format, img.Bounds(), err, w, h)
	}
	colours := map[[3]uint32]bool{} // a picture, not a blank sheet
	for i := range 4000 {
		r, g, b, _ := img.At(i*37%w, i*91%h).RGBA()
		colours[[3]uint32{r >> 12, g >> 12, b >> 12}] = true
	}
	if len(colours) < 12 {
		t.Errorf("%s: the cover has %d colours", dir, len(colours))
	}
}

// recording is what a WAV file holds, as two channels in turns.
type recording []int16

func (r recording) seconds() float64 { return float64(len(r)) / 2 / 44100 }

// peak is the loudest of the samples given, from 0 to 1.
func peak(samples recording) float64 {
	var p float64
	for _, v := range samples {
		p = math.Max(p, math.Abs(float64(v))/32768)
	}
	return p
}

func (r recording) rms() float64 {
	sum := 0.0
	for _, v := range r {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum/float64(len(r))) / 32768
}

func load(t *testing.T, path string) recording {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header := struct {
		RIFF             [4]byte
		Size             uint32
		WAVE, FMT        [4]byte
		FormatSize       uint32
		Format, Channels uint16
		Rate, Bytes      uint32
		Align, Bits      uint16
		Data             [4]byte
		Length           uint32
	}{}
	if _, err := binary.Decode(b, binary.LittleEndian, &header); err != nil {
		t.Fatal(err)
	}
	if string(header.WAVE[:]) != "WAVE" || header.Format != 1 || header.Channels != 2 || header.Rate != 44100 || header.Bits != 16 ||
		int(header.Size) != len(b)-8 || int(header.Length) != len(b)-44 {
		t.Fatalf("%s: header %+v of %d bytes", path, header, len(b))
	}
	r := make(recording, header.Length/2)
	if _, err := binary.Decode(b[44:], binary.LittleEndian, r); err != nil {
		t.Fatal(err)
	}
	return r
}

func checkRecordings(t *testing.T, dir string) {
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.wav"))
	if err != nil || len(paths) != 6 {
		t.Fatalf("%d recordings, error %v; want 6", len(paths), err)
	}
	for _, path := range paths {
		name, r := filepath.Base(path), load(t, path)
		if s := r.seconds(); s < 35 || s > 65 {
			t.Errorf("%s lasts %.1f s", name, s)
		}
		if p := peak(r); p > 0.9 || p < 0.35 {
			t.Errorf("%s: its loudest sample is %.3f of full scale", name, p)
		}
		if v := r.rms(); v < 0.05 || v > 0.2 {
			t.Errorf("%s: its root mean square is %.3f", name, v)
		}
		joint := strings.HasPrefix(name, "02 ")
		if p := peak(r[len(r)-200:]); p > 0.002 && !joint {
			t.Errorf("%s ends at %.4f of full scale", name, p)
		}
		for at := 0; at+4*88200 < len(r); at += 88200 { // no hole of four seconds
			if peak(r[at:at+4*88200]) < 0.004 {
				t.Errorf("%s is silent for 4 s after %d s", name, at/88200)
			}
		}
	}
}

// checkJoint proves that track 3 goes on where track 2 stops: the sound is
// there on both sides, and the step between them is like any other step.
func checkJoint(t *testing.T, dir string) {
	before, after := load(t, filepath.Join(dir, "02 - Brume sur l'étang.wav")), load(t, filepath.Join(dir, "03 - Les veilleuses.wav"))
	end, begin := before[len(before)-8820:], after[:8820]
	if peak(end) < 0.01 || peak(begin) < 0.01 {
		t.Fatalf("the joint is silent: %.4f then %.4f", peak(end), peak(begin))
	}
	usual := 0.0
	for i := 2; i < len(end); i++ {
		usual = math.Max(usual, math.Abs(float64(end[i])-float64(end[i-2])))
	}
	for channel := range 2 {
		step := math.Abs(float64(begin[channel]) - float64(end[len(end)-2+channel]))
		if step > usual+2 {
			t.Errorf("channel %d jumps by %.0f at the joint; before it by at most %.0f", channel, step, usual)
		}
	}
}

func TestFramesAreTheSameInAnyOrder(t *testing.T) {
	for name, scene := range map[string]sample.Scene{"tide": sample.Tide, "night": sample.Night} {
		first := sample.Frames(scene, 213, 120, 24, 48)
		a, b := first(30), first(31)
		again := sample.Frames(scene, 213, 120, 24, 48)
		if again(31); !bytes.Equal(again(30).Pix, a.Pix) {
			t.Errorf("%s: frame 30 depends on what was drawn before", name)
		}
		if bytes.Equal(a.Pix, b.Pix) {
			t.Errorf("%s: nothing moves", name)
		}
	}
}

// checkVideo packs one second with the ffmpeg of this machine and reads it back.
func checkVideo(t *testing.T, sound string) {
	out := filepath.Join(t.TempDir(), "one second.mkv")
	v := sample.Video{Scene: sample.Night, Seconds: 1, Sound: sound}
	if err := v.Write(t.Context(), "ffmpeg", out); err != nil {
		t.Fatal(err)
	}
	streams, err := exec.Command("ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,width,height,nb_read_frames",
		"-select_streams", "v", "-of", "csv=p=0", out).CombinedOutput()
	if got := strings.TrimSpace(string(streams)); err != nil || got != "vp9,854,480,12" {
		t.Errorf("ffprobe says %q, %v", got, err)
	}
}

func TestBadFfmpegIsOneSentence(t *testing.T) {
	dir := t.TempDir()
	v := sample.Video{Scene: sample.Night, Seconds: 1, Sound: filepath.Join(dir, "none.wav")}
	if err := v.Write(t.Context(), filepath.Join(dir, "no ffmpeg"), filepath.Join(dir, "out.mkv")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing program: %v", err)
	}
	err := v.Write(t.Context(), "ffmpeg", filepath.Join(dir, "out.mkv"))
	if err == nil || !strings.Contains(err.Error(), "none.wav") {
		t.Errorf("a missing soundtrack: %v", err)
	}
}

func TestWriteStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	<-ctx.Done()
	if _, err := sample.Write(ctx, t.TempDir(), ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
