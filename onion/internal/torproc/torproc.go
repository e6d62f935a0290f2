// Package torproc starts and stops a tor of our own.
//
// It promises two things to the packages above it. First, a tor that we started
// never outlives us, however we end: Stop waits until the process is gone, and
// where the kernel can do it (Linux) a SIGKILL of us kills tor in the same
// moment. Second, what tor says on its standard output arrives line by line, as
// events, so that nobody needs to poll a log file.
//
// Tor gets an empty environment and no configuration but the file named:
// nothing of the machine's own tor is read.
package torproc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// ErrNoTor is wrapped by every error that means "there is no tor on this
// machine, or not where you said".
var ErrNoTor = errors.New("no tor program found (on Debian: apt install tor)")

// Look returns the absolute path of tor: of path itself, or of the first "tor"
// in the folders of PATH if path is "". Debian keeps tor in /usr/bin; some
// systems have it in a sbin folder that is not in an ordinary PATH, so those
// are tried too.
func Look(path string) (string, error) {
	names := []string{path}
	if path == "" {
		names = []string{"tor", "/usr/sbin/tor", "/usr/local/sbin/tor", "/usr/local/bin/tor"}
	}
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			return filepath.Abs(found)
		}
	}
	if path == "" {
		return "", ErrNoTor
	}
	return "", fmt.Errorf("%s: %w", path, ErrNoTor)
}

// Quote writes a path as a value of a torrc line, between quotes. Characters
// that tor's configuration parser could read differently in one place than in
// another (quotes, backslashes, '#', control characters) are refused.
func Quote(path string) (string, error) {
	if path == "" || strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune("\"\\#", r) }) {
		return "", fmt.Errorf("path %q cannot be written into a torrc", path)
	}
	return `"` + path + `"`, nil
}

// Config says which tor to start, and how.
type Config struct {
	// Tor is the program, as returned by Look.
	Tor string
	// Torrc is the only configuration read. It should contain "Log notice
	// stdout", or nothing arrives at Line after the start.
	Torrc string
	// Line is called for each line that tor writes, from one goroutine, without
	// the newline. Nil: lines are dropped.
	Line func(string)
}

// Process is a running tor.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // set before done is closed
}

// Start starts tor and returns without waiting for anything but the process
// itself.
func Start(c Config) (*Process, error) {
	cmd := exec.Command(c.Tor, "-f", c.Torrc, "--defaults-torrc", os.DevNull)
	// One arena: tor's many short compression jobs otherwise leave hundreds of
	// megabytes in the arenas of its threads.
	cmd.Env = []string{"MALLOC_ARENA_MAX=1"}
	cmd.Dir = filepath.Dir(c.Torrc)
	cmd.SysProcAttr = dieWithUs()
	out := &lines{each: c.Line}
	cmd.Stdout, cmd.Stderr = out, out
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting tor: %w", err)
	}
	return p, nil
}

// run starts the process and waits for it on one locked thread: the kernel's
// "kill the child when its parent dies" means the parent thread, and the
// runtime may end threads at any time otherwise.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	close(p.done)
}

// Pid is the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the process is gone and all its lines have been
// delivered.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how the process ended, once Done is closed: nil for exit status 0.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// Signal sends a signal; a process that is already gone is no error.
func (p *Process) Signal(sig os.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Stop asks tor to end, kills it after the grace, and returns when it is gone.
// A stopped (frozen) process is killed all the same.
func (p *Process) Stop(grace time.Duration) {
	// Errors mean that there is nothing left to signal; Done tells the truth
	// either way.
	_ = p.Signal(terminate)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return
	case <-timer.C:
	}
	p.Kill()
}

// Kill ends tor at once and returns when it is gone.
func (p *Process) Kill() {
	_ = p.Signal(os.Kill)
	<-p.done
}

// lines cuts what is written to it into lines. Tor's lines are short; one
// longer than maxLine is delivered in parts.
type lines struct {
	each func(string)
	rest []byte
}

const maxLine = 8 << 10

func (l *lines) Write(b []byte) (int, error) {
	if l.each == nil {
		return len(b), nil
	}
	for _, c := range b {
		if c == '\n' || len(l.rest) == maxLine {
			l.each(strings.TrimRight(string(l.rest), "\r"))
			l.rest = l.rest[:0]
		}
		if c != '\n' {
			l.rest = append(l.rest, c)
		}
	}
	return len(b), nil
}

// Message splits a line of tor's log into its severity ("notice", "warn",
// "err") and its text. Other lines have severity "".
func Message(line string) (severity, text string) {
	_, after, ok := strings.Cut(line, " [")
	severity, text, ok2 := strings.Cut(after, "] ")
	if !ok || !ok2 {
		return "", line
	}
	return severity, text
}
