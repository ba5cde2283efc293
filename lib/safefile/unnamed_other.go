//go:build !linux

package safefile

import (
	"os"

	"golang.org/x/sys/unix"
)

// openUnnamed makes a temporary file in dir; no file can be without a name here.
func openUnnamed(dir string, mode os.FileMode) (fd int, name string, err error) {
	return createTemp(dir, mode)
}

// link gives the file called name the name newname too, and fails with EEXIST
// when there is anything of that name, a symbolic link included.
func link(_ int, name, newname string) error { return unix.Link(name, newname) }

// reopen opens the file once more, for reading, with an offset of its own.
func reopen(_ int, name string) (int, error) { return open(name, unix.O_RDONLY, 0) }
