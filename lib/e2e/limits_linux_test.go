package e2e

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// On a disk that is full, or not to be written, nobody gets past a limit and
// nobody is refused for good; when it is well again, so is smtpd.
func TestLimitsOnIllDisk(t *testing.T) {
	NeedRoot(t)
	in := newInstance(t, "SPF 0", "MaxMsgsPerIP 10", "MaxConPerIP 10", "MaxErrorsPerIP 10")
	disk := filepath.Join(in.root, "var/lib/postern/state")
	in.mkdir("var/lib/postern/state")
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=1m,nr_inodes=64"); err != nil {
		Missing(t, "cannot mount a tmpfs: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(disk, unix.MNT_DETACH) })
	greeted := func(client, want string) {
		t.Helper()
		conn, p := in.sessionOf(client)
		defer func() { conn.Close(); <-p.done }() // which lets go of the disk
		if got := converse(t, conn).code(); got != want {
			t.Errorf("%s is told %s, want %s", client, got, want)
		}
	}
	greeted("192.0.2.1", "220")
	filler := filepath.Join(disk, "filler")
	for i := range 64 { // no inode is left
		if err := os.WriteFile(filler+string(rune('a'+i)), nil, 0o600); err != nil {
			break
		}
	}
	greeted("192.0.2.2", "421")
	if got, err := filepath.Glob(filler + "*"); err != nil || len(got) == 0 {
		t.Fatal(got, err)
	} else {
		for _, name := range got {
			os.Remove(name)
		}
	}
	greeted("192.0.2.2", "220")
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	greeted("192.0.2.3", "421")
}
