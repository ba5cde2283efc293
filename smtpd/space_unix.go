//go:build linux || darwin || freebsd || dragonfly

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// freeOctets is how many octets of a folder's file system are free for users who are
// not root.
func freeOctets(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
