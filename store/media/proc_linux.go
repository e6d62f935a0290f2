package media

import (
	"os/exec"
	"runtime"
	"syscall"
)

func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// startAndWait keeps its thread until the child has ended: the kernel sends the parent-death signal when the
// thread that started the child goes, not when the process does.
func startAndWait(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.Run()
}
