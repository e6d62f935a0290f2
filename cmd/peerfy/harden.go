//go:build linux

package main

import (
	"fmt"
	"syscall"
)

const prSetDumpable = 4 // linux/prctl.h; package syscall has the call and not its options

// harden keeps what the memory of this process holds out of files: open sessions, passes that listen, the month's
// keys. No core is dumped, whatever ends the process and whoever would be told of it; other processes of the same
// owner can neither read its memory nor trace it. Those of root can. What it starts has the same limit.
func harden(func(format string, args ...any)) error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return missing("", "core dumps cannot be turned off: %w", err)
	}
	// The limit does not hold for a core_pattern that is a program; this does.
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetDumpable, 0, 0); errno != 0 {
		return missing("", "core dumps cannot be turned off: %w", fmt.Errorf("prctl: %w", errno))
	}
	return nil
}
