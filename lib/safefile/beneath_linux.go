package safefile

import "golang.org/x/sys/unix"

// OpenBeneath opens a name below the folder root, a descriptor, without leaving
// it and without following links. The flags and the mode are those of openat(2).
func OpenBeneath(root int, name string, flag int, mode uint32) (int, error) {
	how := unix.OpenHow{
		Flags:   uint64(flag | unix.O_LARGEFILE),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	}
	if flag&unix.O_CREAT != 0 {
		how.Mode = uint64(mode)
	}
	fd, err := unix.Openat2(root, name, &how)
	if err == unix.ENOSYS || err == unix.EPERM {
		// An old kernel, or a filter of system calls that does not know it.
		return unix.Openat(root, name, flag, mode)
	}
	return fd, err
}
