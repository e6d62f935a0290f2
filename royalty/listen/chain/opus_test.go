package chain_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/store/media"
)

// sound makes the Ogg Opus rendition of a tone, as publishing does.
func sound(t *testing.T, hertz, millis int) []byte {
	t.Helper()
	dir := t.TempDir()
	tone := fmt.Sprintf("sine=frequency=%d:duration=%d.%03d:sample_rate=48000", hertz, millis/1000, millis%1000)
	wav, opus := filepath.Join(dir, "a.wav"), filepath.Join(dir, "a.opus")
	ffmpeg(t, nil, "-f", "lavfi", "-i", tone, wav)
	tool, err := media.New(media.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := tool.OggOpus(t.Context(), wav, opus, 96, nil); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(opus)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ffmpeg runs it and returns what it writes to both of its outputs.
func ffmpeg(t *testing.T, in []byte, args ...string) (out []byte, words string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-v", "error"}, args...)...)
	cmd.Stdin = bytes.NewReader(in)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %v: %v: %s", args, err, stderr.Bytes())
	}
	return stdout.Bytes(), stderr.String()
}

// tones says what tone sounds in each half second of mono 16-bit samples, by counting where it crosses zero.
func tones(pcm []byte) (hertz []int) {
	const window = 24_000
	for len(pcm) >= 2*window {
		crossings, last := 0, int16(0)
		for i := range window {
			s := int16(pcm[2*i]) | int16(pcm[2*i+1])<<8
			if last < 0 && s >= 0 {
				crossings++
			}
			last = s
		}
		hertz, pcm = append(hertz, crossings*2), pcm[2*window:]
	}
	return hertz
}

// A queue with a track twice in a row and again at its end sounds from the first sample to the last: every
// link in its turn, and exactly as long as its tracks are.
func TestChainSounds(t *testing.T) {
	a, b, c := sound(t, 400, 1500), sound(t, 800, 2000), sound(t, 1200, 1000)
	var opened int
	queue, err := io.ReadAll(newChain(t, files(&opened, a, a, b, c, a)))
	if err != nil {
		t.Fatal(err)
	}
	pcm, words := ffmpeg(t, queue, "-f", "ogg", "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", "48000", "pipe:1")
	if strings.Contains(words, "Error") {
		t.Errorf("ffmpeg says: %s", words)
	}
	if samples := len(pcm) / 2; samples != 7_500*48 {
		t.Errorf("%d samples instead of %d", samples, 7_500*48)
	}
	want := []int{400, 400, 400, 400, 400, 400, 800, 800, 800, 800, 1200, 1200, 400, 400, 400}
	got := tones(pcm)
	if len(got) != len(want) {
		t.Fatalf("%d half seconds instead of %d", len(got), len(want))
	}
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 10 {
			t.Errorf("half second %d: %d Hz instead of %d", i, got[i], want[i])
		}
	}
}
