package safefile

import "golang.org/x/sys/unix"

// fsync asks the drive too to empty its cache, which fsync(2) does not do here.
// File systems that cannot are asked for what they can.
func fsync(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_FULLFSYNC, 0)
	if err == unix.ENOTSUP || err == unix.EINVAL || err == unix.ENOTTY {
		return unix.Fsync(fd)
	}
	return err
}
