package safefile

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// openUnnamed makes a file in dir's file system that vanishes with its last
// descriptor unless it is linked. Where the file system has no such files it
// gives the name of a temporary one.
func openUnnamed(dir string, mode os.FileMode) (fd int, name string, err error) {
	fd, err = open(dir, unix.O_TMPFILE|unix.O_RDWR, mode)
	// EISDIR is the answer of a kernel that does not know the flag.
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) {
		return createTemp(dir, mode)
	}
	return fd, "", err
}

// link gives the file the name newname, and fails with EEXIST when there is
// anything of that name, a symbolic link included. name is the file's temporary
// name, "" when it has none.
func link(fd int, name, newname string) error {
	if name != "" {
		return unix.Link(name, newname)
	}
	err := unix.Linkat(unix.AT_FDCWD, procPath(fd), unix.AT_FDCWD, newname, unix.AT_SYMLINK_FOLLOW)
	if err == unix.ENOENT {
		// No /proc here, or no folder for newname, which the second
		// way tells too. It needs Linux 6.10 or a capability.
		return unix.Linkat(fd, "", unix.AT_FDCWD, newname, unix.AT_EMPTY_PATH)
	}
	return err
}

// reopen opens the file once more, for reading, with an offset of its own.
func reopen(fd int, name string) (int, error) {
	if name == "" {
		name = procPath(fd)
	}
	return open(name, unix.O_RDONLY, 0)
}

func procPath(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }
