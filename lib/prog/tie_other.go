//go:build !linux

package prog

import "syscall"

// tie is for Linux alone.
func tie(*syscall.SysProcAttr) {}
