package main

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// ownPipe opens the pipe on a descriptor anew, so that its flags are ours alone:
// who goes on with the pipe after us must not find it non-blocking, and a read
// would give him EAGAIN. The error says that the pipe stays as it is.
func ownPipe(fd int) error {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return err
	}
	own, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), flags&unix.O_ACCMODE|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(own)
	return unix.Dup3(own, fd, 0)
}
