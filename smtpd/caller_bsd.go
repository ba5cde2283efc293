//go:build freebsd || darwin

package main

import "golang.org/x/sys/unix"

// callerOf is the user at the other end of a Unix socket, as he was when he
// connected.
func callerOf(fd int) (uid int, err error) {
	const solLocal = 0 // SOL_LOCAL
	cred, err := unix.GetsockoptXucred(fd, solLocal, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}
