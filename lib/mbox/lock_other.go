//go:build !linux

package mbox

import "syscall"

// setLock is the classic lock of POSIX, which belongs to the process: within
// it only the lock file excludes.
const setLock = syscall.F_SETLK

// perProcess says that the kernel's lock does not exclude goroutines.
const perProcess = true
