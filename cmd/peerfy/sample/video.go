package sample

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
)

// The moving pictures' measures.
const (
	videoWidth, videoHeight = 854, 480
	videoRate               = 12 // frames a second: drawn on twos, as animators say
)

// A Video is a scene with its music, to be made into one file.
type Video struct {
	Scene   Scene
	Seconds int
	Sound   string // path of the soundtrack, a WAV file
}

// Write makes the film at out, a Matroska file with VP9 and FLAC. ffmpeg is
// the program's path or name; it reads two things only, the frames from its
// standard input and the soundtrack, and no protocol that leads to a network.
// It is ended when ctx is.
func (v Video) Write(ctx context.Context, ffmpeg, out string) error {
	cmd := exec.CommandContext(ctx, ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", "-y",
		"-protocol_whitelist", "pipe", "-f", "rawvideo", "-pixel_format", "rgba",
		"-video_size", fmt.Sprintf("%dx%d", videoWidth, videoHeight), "-framerate", strconv.Itoa(videoRate), "-i", "pipe:0",
		"-protocol_whitelist", "file", "-i", "file:"+v.Sound,
		"-map", "0:v", "-map", "1:a", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
		"-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p", "-crf", "24", "-b:v", "0", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1", "-g", "48",
		"-c:a", "flac", "-f", "matroska", "file:"+out)
	var words bytes.Buffer
	cmd.Stderr = &words
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("filming: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("filming: %w", err)
	}
	n := v.Seconds * videoRate
	sent := film(in, Frames(v.Scene, videoWidth, videoHeight, videoRate, n), n)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("filming: ffmpeg: %w: %s", err, bytes.TrimSpace(words.Bytes()))
	}
	if sent != nil {
		return fmt.Errorf("filming: %w", sent)
	}
	return nil
}

// film draws n frames, several at a time, and writes them in their order. When
// it returns nobody draws any more.
func film(w io.WriteCloser, frame func(i int) *image.RGBA, n int) error {
	ahead := min(runtime.GOMAXPROCS(0), 8)
	queue := make(chan chan *image.RGBA, ahead)
	var drawing sync.WaitGroup
	defer drawing.Wait()
	stop := make(chan struct{})
	defer close(stop)
	drawing.Go(func() {
		defer close(queue)
		for i := range n {
			drawn := make(chan *image.RGBA, 1)
			select {
			case queue <- drawn:
				drawing.Go(func() { drawn <- frame(i) })
			case <-stop:
				return
			}
		}
	})
	for drawn := range queue {
		if _, err := w.Write((<-drawn).Pix); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}
