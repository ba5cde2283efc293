//go:build !linux

package safefile

import "golang.org/x/sys/unix"

// OpenBeneath opens a name below the folder root, a descriptor. That the last
// part is no link is asked for by the flags; who calls it sees to it that the
// name has no dots that lead out and that the folders in between are his own.
func OpenBeneath(root int, name string, flag int, mode uint32) (int, error) {
	return unix.Openat(root, name, flag, mode)
}
