package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Disk is the folder of a file system with 1 MiB and 64 inodes, which the test
// has for itself. Only root can have one: others are told so, and skipped.
type Disk string

// NewDisk mounts one at a folder of its own.
func NewDisk(t testing.TB) Disk {
	t.Helper()
	return newDiskAt(t, t.TempDir())
}

// newDiskAt mounts one at a folder that is there.
func newDiskAt(t testing.TB, dir string) Disk {
	t.Helper()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,nr_inodes=64"); err != nil {
		Missing(t, "cannot mount a tmpfs (needs root): %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return Disk(dir)
}

// Fill leaves no room on the disk until the returned function is called.
func (d Disk) Fill(t testing.TB) (empty func()) {
	t.Helper()
	name := filepath.Join(string(d), "filler")
	if err := os.WriteFile(name, make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
	return func() { os.Remove(name) }
}

// UseInodes leaves no inode on the disk, and room, until the returned function
// is called.
func (d Disk) UseInodes(t testing.TB) (free func()) {
	t.Helper()
	var names []string
	for {
		name := filepath.Join(string(d), fmt.Sprint("filler", len(names)))
		err := os.WriteFile(name, nil, 0o600)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil {
			t.Fatalf("using up the inodes: %v", err)
		}
		names = append(names, name)
	}
	return func() {
		for _, name := range names {
			os.Remove(name)
		}
	}
}

// ReadOnly lets nobody write to the disk any more.
func (d Disk) ReadOnly(t testing.TB) {
	t.Helper()
	if err := unix.Mount("", string(d), "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}
