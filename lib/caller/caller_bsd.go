//go:build freebsd || darwin

package caller

import "golang.org/x/sys/unix"

// Of is the user at the other end of the connected Unix socket fd, as he was
// when he connected. Any other descriptor is an error, as is a system that does
// not say.
func Of(fd int) (uid int, err error) {
	const solLocal = 0 // SOL_LOCAL
	cred, err := unix.GetsockoptXucred(fd, solLocal, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}
