//go:build unix && !linux

package media

import (
	"os/exec"
	"syscall"
)

func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func startAndWait(cmd *exec.Cmd) error { return cmd.Run() }
