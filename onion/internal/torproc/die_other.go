//go:build !linux

package torproc

import "syscall"

// terminate asks tor to exit cleanly.
const terminate = syscall.SIGTERM

// dieWithUs has nothing to offer here: tor notices our death itself within 15
// seconds, by __OwningControllerProcess, or at once where it lost the control
// connection that owns it.
func dieWithUs() *syscall.SysProcAttr { return nil }
