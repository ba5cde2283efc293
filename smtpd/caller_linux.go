package main

import "golang.org/x/sys/unix"

// callerOf is the user at the other end of a Unix socket, as he was when he
// connected.
func callerOf(fd int) (uid int, err error) {
	sa, err := unix.Getpeername(fd)
	if err != nil {
		return 0, err
	}
	if _, ok := sa.(*unix.SockaddrUnix); !ok {
		return 0, unix.ENOTSUP
	}
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}
