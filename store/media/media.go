// Package media looks into the files that artists hand in and makes the renditions that listeners get.
//
// It promises that a file is what its name says, whole and playable, before anything else is done with it
// ([Tool.Probe]); that a master is never altered: it is kept byte for byte, or, for WAV, as a FLAC that
// decodes to the same samples, which is checked each time ([Tool.Master]); and that no rendition changes the
// loudness. The same input on the same ffmpeg gives the same bytes: no date, no encoder's name, no tags and
// no picture of the input passes into a rendition. Nothing is left half-written: every result is made under
// another name in the folder of its destination and renamed when it is complete.
//
// The files are strangers' and ffmpeg is a large program, so it is held short. It runs as a child with
// limits on memory, processor time, open files and output size that are in force before its first
// instruction, at low priority, in a process group that dies with the context. The reader is chosen by us from
// the file's first bytes, never guessed by ffmpeg, and may open one local file and no other protocol: a
// playlist in disguise, a list of other files or an address of the network is refused as "not a FLAC file".
// Only the codecs of the accepted formats may be opened. Tags are read by TagLib, which runs as WebAssembly
// and sees one folder. Pictures are decoded by the standard library after their dimensions were checked.
//
// What it cannot see: an MP3 without a length in its header may have lost its end, and a film's pictures are
// decoded when its rendition is made, not by Probe.
package media

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"p2p.legal/peerfy/store/metainfo"
)

// ErrMissing is wrapped by [New] when ffmpeg or ffprobe cannot be run or lacks an encoder that we need.
var ErrMissing = errors.New("missing program")

// ErrBadFile is what every [FileError] is (errors.Is): the fault lies in the file, not in the machine.
var ErrBadFile = errors.New("bad file")

// A FileError tells an artist in one sentence what is wrong with one file.
type FileError struct {
	Name   string // the file's name without its folder, quoted if it hides something
	Reason string
}

// Error is the file's name and what is wrong with it.
func (e *FileError) Error() string { return e.Name + ": " + e.Reason }

// Is makes every FileError an [ErrBadFile].
func (e *FileError) Is(target error) bool { return target == ErrBadFile }

func refuse(path, format string, args ...any) error {
	return &FileError{label(path), fmt.Sprintf(format, args...)}
}

// label is a name that can be printed: hostile ones are quoted and shortened.
func label(path string) string {
	name := filepath.Base(path)
	if len(name) > 100 || !utf8.ValidString(name) || strings.ContainsFunc(name, metainfo.Hidden) {
		return strconv.Quote(strings.ToValidUTF8(name[:min(len(name), 100)], "?"))
	}
	return name
}

// Config says which programs to run and how far they may go. The zero value is good.
type Config struct {
	FFmpeg    string // path or name; "ffmpeg" if empty
	FFprobe   string // path or name; "ffprobe" if empty
	MaxMemory int64  // bytes of address space for one run, of which ffmpeg's libraries take 300 MiB; 2 GiB if 0
	Threads   int    // for decoding and for encoding films; 2 if 0
}

// A Tool runs ffmpeg and ffprobe. It has no state; any number of its methods may run at once.
type Tool struct {
	ffmpeg, ffprobe string
	maxMemory       int64
	threads         int
}

// New finds the programs and asks ffmpeg for its encoders.
func New(c Config) (*Tool, error) {
	t := &Tool{maxMemory: c.MaxMemory, threads: c.Threads}
	if t.maxMemory <= 0 {
		t.maxMemory = 2 << 30
	}
	if t.threads <= 0 {
		t.threads = 2
	}
	var err error
	if t.ffmpeg, err = find(c.FFmpeg, "ffmpeg"); err != nil {
		return nil, err
	}
	if t.ffprobe, err = find(c.FFprobe, "ffprobe"); err != nil {
		return nil, err
	}
	return t, t.checkEncoders()
}

func find(name, fallback string) (string, error) {
	if name == "" {
		name = fallback
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%w: %s: install ffmpeg", ErrMissing, name)
	}
	return filepath.Abs(path)
}

func (t *Tool) checkEncoders() error {
	var out strings.Builder
	err := t.run(context.Background(), job{
		program: t.ffmpeg, args: []string{"-hide_banner", "-encoders"},
		stdout: &limitedWriter{w: &out, left: 1 << 20}, timeout: 30 * time.Second,
	})
	if err != nil {
		return fmt.Errorf("%w: asking ffmpeg for its encoders: %w", ErrMissing, err)
	}
	for _, name := range []string{"libopus", "libvpx-vp9", "flac", "mjpeg"} {
		if !strings.Contains(out.String(), " "+name+" ") {
			return fmt.Errorf("%w: this ffmpeg has no encoder %s", ErrMissing, name)
		}
	}
	return nil
}
