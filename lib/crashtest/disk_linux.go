package crashtest

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"postern/lib/e2e"
)

// Disk is the folder of a file system with 1 MiB and 64 inodes, which the test
// has for itself. Only root can have one: others are told so, and skipped.
type Disk string

// NewDisk mounts it.
func NewDisk(t testing.TB) Disk {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,nr_inodes=64"); err != nil {
		e2e.Missing(t, "cannot mount a tmpfs (needs root): %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return Disk(dir)
}

// Fill leaves no room on the disk until the returned function is called.
func (d Disk) Fill(t testing.TB) (empty func()) {
	t.Helper()
	name := string(d) + "/filler"
	if err := os.WriteFile(name, make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
	return func() { os.Remove(name) }
}

// ReadOnly lets nobody write to the disk any more.
func (d Disk) ReadOnly(t testing.TB) {
	t.Helper()
	if err := unix.Mount("", string(d), "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}
