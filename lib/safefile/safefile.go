// Package safefile makes files that are either whole or not there, whatever
// happens to the process or the machine, and locks files by flock(2).
//
// Errors wrap the system's error number, so that a full disk is
// errors.Is(err, syscall.ENOSPC). Where RLIMIT_FSIZE is set, a program must
// ignore SIGXFSZ to live to see EFBIG.
package safefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// WriteFile puts data at name in one step: whoever reads name finds what was
// there before or all of data, also after a crash. A symbolic link at name is
// replaced, not followed. When the error is one of syncing the folder, the new
// file is in place but may not survive a crash.
func WriteFile(name string, data []byte, mode os.FileMode) error {
	return Heir{}.WriteFile(name, data, mode)
}

// WriteFile is WriteFile of a file that is to be the heir's.
func (h Heir) WriteFile(name string, data []byte, mode os.FileMode) error {
	dir := filepath.Dir(name)
	fd, temp, err := createTemp(dir, mode)
	if err != nil {
		return err
	}
	if err = fill(fd, temp, data, mode); err == nil {
		err = h.Give(fd)
	}
	if e := unix.Close(fd); err == nil && e != nil {
		err = pathError("close", temp, e)
	}
	if err == nil {
		err = os.Rename(temp, name)
	}
	if err != nil {
		os.Remove(temp)
		return err
	}
	return SyncDir(dir)
}

// fill writes a new file to its end and makes it durable.
func fill(fd int, name string, data []byte, mode os.FileMode) error {
	if err := writeAll(fd, name, data); err != nil {
		return err
	}
	if err := setMode(fd, name, mode); err != nil {
		return err
	}
	return syncFile(fd, name)
}

// ErrNotRegular is OpenRegular's for what is not a regular file.
var ErrNotRegular = errors.New("not a regular file")

// OpenRegular opens a file that others may have prepared: a symbolic link as
// the last part of name is not followed (ELOOP; EMLINK or EFTYPE on some BSDs),
// a FIFO does not block, and what is not a regular file is ErrNotRegular. The
// flags are those of os.OpenFile.
func OpenRegular(name string, flag int, mode os.FileMode) (*os.File, error) {
	return openRegular(name, flag|unix.O_NOFOLLOW, mode)
}

// OpenConfig opens a file of the administrator for reading, where links are
// followed. What is not a regular file is ErrNotRegular: nobody would ever write
// into a FIFO.
func OpenConfig(name string) (*os.File, error) { return openRegular(name, os.O_RDONLY, 0) }

func openRegular(name string, flag int, mode os.FileMode) (*os.File, error) {
	fd, err := open(name, flag|unix.O_NONBLOCK, mode)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return nil, pathError("stat", name, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		unix.Close(fd)
		return nil, pathError("open", name, ErrNotRegular)
	}
	// A regular file never blocks; without the flag, os.NewFile does not
	// try to poll it.
	unix.SetNonblock(fd, false)
	return os.NewFile(uintptr(fd), name), nil
}

func pathError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}
