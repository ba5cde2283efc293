package prog

import "syscall"

// tie has the kernel kill the new process when the thread that started it
// ends.
func tie(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
