package main

import "golang.org/x/sys/unix"

// onlyIn has the device leave out what this host sends.
func onlyIn(fd int) error {
	return unix.IoctlSetPointerInt(fd, unix.BIOCSDIRFILT, unix.BPF_DIRECTION_OUT)
}
