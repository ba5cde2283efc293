//go:build !linux

package state

import "golang.org/x/sys/unix"

// openBeneath opens a name below a folder. Names have no dots that lead out of
// it; that the last part is no link is asked for by the flags, and the folders
// in between are our own.
func openBeneath(root int, name string, flag int, mode uint32) (int, error) {
	return unix.Openat(root, name, flag, mode)
}
