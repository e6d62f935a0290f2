package torproc

import "syscall"

// terminate asks tor to exit cleanly.
const terminate = syscall.SIGTERM

// dieWithUs has the kernel kill tor when we die, even by SIGKILL.
func dieWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
