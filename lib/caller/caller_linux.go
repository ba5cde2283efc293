package caller

import "golang.org/x/sys/unix"

// Of is the user at the other end of the connected Unix socket fd, as he was
// when he connected. Any other descriptor is an error, as is a system that does
// not say.
func Of(fd int) (uid int, err error) {
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
