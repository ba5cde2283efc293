package safefile

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// These call the system directly: os.OpenFile asks the poller about each file,
// which for a regular one is a system call for nothing.

// open opens name, which children do not inherit.
func open(name string, flag int, mode os.FileMode) (int, error) {
	for {
		fd, err := unix.Open(name, flag|unix.O_CLOEXEC, uint32(mode.Perm()))
		if err == nil {
			return fd, nil
		}
		if err != unix.EINTR {
			return -1, pathError("open", name, err)
		}
	}
}

// writeAll writes all of p at the file's offset. name is for the error.
func writeAll(fd int, name string, p []byte) error {
	for len(p) > 0 {
		n, err := unix.Write(fd, p)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return pathError("write", name, err)
		case n == 0:
			return pathError("write", name, io.ErrUnexpectedEOF)
		}
		p = p[n:]
	}
	return nil
}

// readAt fills p from off on, and is io.ErrUnexpectedEOF when the file ends
// before.
func readAt(fd int, name string, p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Pread(fd, p[done:], off+int64(done))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return done, pathError("read", name, err)
		case n == 0:
			return done, pathError("read", name, io.ErrUnexpectedEOF)
		}
		done += n
	}
	return done, nil
}

// setMode gives a file that was just made its mode, of which the umask may have
// taken bits of the group and of others. For a mode that has none it does
// nothing.
func setMode(fd int, name string, mode os.FileMode) error {
	if mode.Perm()&0o077 == 0 {
		return nil
	}
	return chmod(fd, name, mode)
}

func chmod(fd int, name string, mode os.FileMode) error {
	if err := unix.Fchmod(fd, uint32(mode.Perm())); err != nil {
		return pathError("chmod", name, err)
	}
	return nil
}

// syncFile makes a file's text durable. After an error the text is lost: asked
// a second time the kernel says that all is well.
func syncFile(fd int, name string) error {
	for {
		err := fsync(fd)
		if err == nil {
			return nil
		}
		if err != unix.EINTR {
			return pathError("fsync", name, err)
		}
	}
}

// unsupported tells whether err says that a file of this kind cannot be synced.
func unsupported(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP)
}
