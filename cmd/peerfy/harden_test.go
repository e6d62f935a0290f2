//go:build linux

package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nobody is an owner without rights, when the test runs as root and can choose.
const nobody = 65534

// asNobody makes a command run as somebody without rights.
func asNobody(cmd *exec.Cmd) *exec.Cmd {
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// openFolder is a folder that nobody may enter and write to; the program lies in it, under its name.
func openFolder(t *testing.T) (dir, program string) {
	t.Helper()
	dir = t.TempDir()
	for _, path := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	program = filepath.Join(dir, "peerfy")
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, program
}

// serving starts `peerfy serve` as nobody, with core dumps asked for, and returns when it answers.
func serving(t *testing.T, dir, program string) *exec.Cmd {
	t.Helper()
	coop, status := filepath.Join(dir, "coop"), filepath.Join(dir, "status.json")
	if out, err := asNobody(exec.Command(program, "init", "--dir", coop, "--name", "Hard")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := asNobody(exec.Command("sh", "-c", `ulimit -c unlimited; exec "$@"`, "sh",
		program, "serve", "--dir", coop, "--tor", "none", "--listen", "unix:"+filepath.Join(dir, "s"), "--status", status))
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOTRACEBACK=crash")
	words := new(bytes.Buffer)
	cmd.Stderr = words
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) { // another process makes it
		if _, err := os.Stat(status); err == nil {
			return cmd
		}
		if time.Now().After(deadline) {
			cmd.Process.Kill()
			cmd.Wait()
			t.Fatalf("it does not serve: %s", words)
		}
	}
}

// peek reads a file of a process as its owner, without rights.
func peek(t *testing.T, pid int, name string) error {
	t.Helper()
	return asNobody(exec.Command("head", "-c", "1", filepath.Join("/proc", strconv.Itoa(pid), name))).Run()
}

// TestNoCoreDump kills a serving process with the signal that dumps cores, where dumps are asked for, beside another one
// that does leave a core; and tries to read its memory as its own owner.
func TestNoCoreDump(t *testing.T) {
	dir, program := openFolder(t)
	cmd := serving(t, dir, program)
	pid := cmd.Process.Pid
	limits, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "limits"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if rest, ok := strings.CutPrefix(line, "Max core file size"); ok && strings.Join(strings.Fields(rest)[:2], " ") != "0 0" {
			t.Errorf("the limit: %s", line)
		}
	}
	control := asNobody(exec.Command("sh", "-c", "ulimit -c unlimited; exec sleep 600"))
	control.Dir = dir
	if err := control.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { control.Process.Kill(); control.Wait() })
	if err := peek(t, control.Process.Pid, "environ"); err != nil {
		t.Fatalf("the owner cannot read an ordinary process: %v", err)
	}
	for _, name := range []string{"environ", "maps", "mem", "auxv"} {
		if peek(t, pid, name) == nil {
			t.Errorf("its owner can read /proc/PID/%s", name)
		}
	}
	dumped := func(cmd *exec.Cmd) bool {
		if err := cmd.Process.Signal(syscall.SIGABRT); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) {
			t.Fatalf("it ended with %v", err)
		}
		return exit.Sys().(syscall.WaitStatus).CoreDump()
	}
	if dumped(cmd) {
		t.Error("the kernel says that it dumped core")
	}
	if cores := coresIn(t, dir); len(cores) > 0 {
		t.Errorf("core files: %q", cores)
	}
	if !dumped(control) {
		t.Log("no process dumps core on this machine: only the limit and /proc were tested")
	}
}

func coresIn(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if strings.HasPrefix(d.Name(), "core") && d.Type().IsRegular() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
