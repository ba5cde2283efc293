package safefile

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Nothing is opened that is not below the folder, and by no link; what is made
// has the mode that was asked for.
func TestOpenBeneath(t *testing.T) {
	old := unix.Umask(0)
	defer unix.Umask(old)
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "sub"), 0o700)
	os.Symlink("sub", filepath.Join(dir, "link"))
	root, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, want := range map[string]error{
		"new": nil, "sub/new": nil, "sub/../newer": nil,
		"../new": unix.EXDEV, "/etc/passwd": unix.EXDEV, "link": unix.ELOOP, "link/new": unix.ELOOP, "none/new": unix.ENOENT,
	} {
		fd, err := OpenBeneath(int(root.Fd()), name, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o640)
		if err != want {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		if err != nil {
			continue
		}
		unix.Close(fd)
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode() != 0o640 {
			t.Errorf("%s: %v, %v; want mode 0640", name, st.Mode(), err)
		}
	}
	if fd, err := OpenBeneath(int(root.Fd()), "new", unix.O_RDONLY|unix.O_CLOEXEC, 0o640); err != nil {
		t.Errorf("without a file to be made: %v", err)
	} else {
		unix.Close(fd)
	}
}
