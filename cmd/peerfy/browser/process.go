package browser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// tick is how often is looked for what gives no notice of itself.
const tick = 20 * time.Millisecond

// A process is a browser with everything it starts: one process group. It dies
// with us, whatever becomes of us.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the browser itself has ended
	err  error         // how it ended; read after done
	said *tail
}

// begin starts cmd. One thread starts it and waits for it: Linux sends the
// signal of a parent's death when the thread dies that was the parent.
func begin(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{}), said: new(tail)}
	cmd.Stdout, cmd.Stderr = p.said, p.said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = 5 * time.Second
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting the browser: %w", err)
	}
	return p, nil
}

// kill ends the group at once.
func (p *process) kill() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }

// end waits for the browser to leave by itself, for so long, then ends it, and
// in any case returns only when nothing of the group is left.
func (p *process) end(patience time.Duration) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
	p.kill()
	<-p.done
	limit := time.Now().Add(10 * time.Second)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for !errors.Is(syscall.Kill(-p.cmd.Process.Pid, 0), syscall.ESRCH) {
		if time.Now().After(limit) {
			return fmt.Errorf("ending the browser: processes of group %d are left", p.cmd.Process.Pid)
		}
		<-ticker.C
	}
	return nil
}

// tail keeps the last words of a program, for the error message.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	if over := len(t.b) - 2048; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}

// profile makes a folder for what a browser wants to keep.
func profile() (string, error) {
	dir, err := os.MkdirTemp("", "peerfy-browser-")
	if err != nil {
		return "", fmt.Errorf("making a profile: %w", err)
	}
	return dir, nil
}
