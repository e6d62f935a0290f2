package media

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"p2p.legal/peerfy/store/metainfo"
)

// limits runs as the shell's script: the limits are set by the process that then becomes ffmpeg, so there is no
// moment without them. $1 is kB of address space, $2 seconds of processor time, $3 blocks of 512 bytes a file.
const limits = `ulimit -c 0 && ulimit -n 128 && ulimit -v "$1" && ulimit -t "$2" && ulimit -f "$3" || exit 125
shift 3
exec nice -n 10 "$@"`

// noLimits is the exit code of limits when the system does not let us set one.
const noLimits = 125

// maxOutput is the size, in bytes, of the largest file that a run may write if its job says nothing else.
const maxOutput = 64 << 20

// A job is one run of ffmpeg or ffprobe.
type job struct {
	program   string
	args      []string
	stdin     io.Reader
	stdout    io.Writer
	progress  func(done time.Duration) // called from another goroutine, never after run has returned
	maxOutput int64                    // bytes; maxOutput if 0
	timeout   time.Duration
}

// A runError is a run that ended badly: what the program said last.
type runError struct {
	said    string
	atLimit bool
	err     error
}

func (e *runError) Error() string { return e.said }
func (e *runError) Unwrap() error { return e.err }

// codec is the codec that was met and is not among ours, or empty.
func (e *runError) codec() string {
	rest, ok := strings.CutPrefix(e.said, "Codec (")
	name, _, _ := strings.Cut(rest, ")")
	if !ok {
		return ""
	}
	return name
}

// run waits for the end. A cancelled ctx or an elapsed timeout kills the whole group and is the error returned.
func (t *Tool) run(ctx context.Context, j job) error {
	ctx, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	said := &tail{}
	cmd := t.command(ctx, j)
	cmd.Stderr = said
	done, err := watchProgress(cmd, j.progress)
	if err != nil {
		return err
	}
	err = startAndWait(cmd)
	done()
	if ctx.Err() != nil {
		return fmt.Errorf("stopped: %w", ctx.Err())
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == noLimits {
		return fmt.Errorf("setting limits for ffmpeg: %s", said)
	}
	if errors.As(err, &exit) {
		words, atLimit := said.reason(exit)
		return &runError{words, atLimit, err}
	}
	return err
}

func (t *Tool) command(ctx context.Context, j job) *exec.Cmd {
	size := j.maxOutput
	if size == 0 {
		size = maxOutput
	}
	cpu := int64(j.timeout/time.Second)*int64(t.threads) + 1
	args := []string{"-c", limits, "media", strconv.FormatInt(t.maxMemory>>10, 10), strconv.FormatInt(cpu, 10), strconv.FormatInt(size>>9+1, 10), j.program}
	cmd := exec.CommandContext(ctx, "/bin/sh", append(args, j.args...)...)
	// glibc reserves 64 MiB of addresses for each thread's arena, which would count as memory.
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "MALLOC_ARENA_MAX=2"}
	cmd.Dir = "/"
	cmd.Stdin, cmd.Stdout = j.stdin, j.stdout
	cmd.SysProcAttr = childAttr()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// watchProgress gives the child a pipe as file 3, where ffmpeg writes how far it is. The function returned must be
// called once the child has ended, or did not start.
func watchProgress(cmd *exec.Cmd, report func(time.Duration)) (done func(), err error) {
	if report == nil {
		return func() {}, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = []*os.File{w}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		readProgress(r, report)
	}()
	return func() {
		w.Close()
		<-finished
		r.Close()
	}, nil
}

func readProgress(r io.Reader, report func(time.Duration)) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		value, ok := strings.CutPrefix(lines.Text(), "out_time_us=")
		if us, err := strconv.ParseInt(value, 10, 64); ok && err == nil && us >= 0 {
			report(time.Duration(us) * time.Microsecond)
		}
	}
}

// tail keeps the last lines of what a program says on stderr.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	const keep = 4 << 10
	t.b = append(t.b, p...)
	if len(t.b) > keep {
		t.b = append(t.b[:0], t.b[len(t.b)-keep:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(strings.ToValidUTF8(string(t.b), "?")) }

// reason makes one short clause of the last line: "[flac @ 0x55…] " and paths are for programmers. atLimit says that
// one of our limits was met, so that the file may be well-formed.
func (t *tail) reason(exit *exec.ExitError) (said string, atLimit bool) {
	s := t.String()
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		switch status.Signal() {
		case syscall.SIGXCPU, syscall.SIGKILL:
			return "takes too much processor time", true
		case syscall.SIGXFSZ:
			return "its rendition grows too large", true
		}
		return "ffmpeg broke off (" + status.Signal().String() + ")", false
	}
	if strings.Contains(s, "File too large") {
		return "its rendition grows too large", true
	}
	// Each part of ffmpeg has its own words for the same refusal of the system.
	for _, words := range []string{"Cannot allocate memory", "ould not allocate", "get_buffer() failed", "Resource temporarily unavailable"} {
		if strings.Contains(s, words) {
			return "takes too much memory", true
		}
	}
	s = s[strings.LastIndexByte(s, '\n')+1:]
	if i := strings.LastIndex(s, ": "); i >= 0 && strings.HasPrefix(s, "file:") {
		s = s[i+2:]
	}
	if i := strings.LastIndex(s, "] "); i >= 0 && strings.HasPrefix(s, "[") {
		s = s[i+2:]
	}
	if s == "" {
		return "ffmpeg gives no reason", false
	}
	return strings.Map(printable, s[:min(len(s), 200)]), false
}

func printable(r rune) rune {
	if metainfo.Hidden(r) {
		return '?'
	}
	return r
}

// limitedWriter fails when more than left bytes arrive, which ends the run.
type limitedWriter struct {
	w    io.Writer
	left int
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errors.New("the program writes too much")
	}
	return l.w.Write(p)
}
