package safefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestBase: the folder is opened once, and anew when it is another one.
func TestBase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "above", "store")
	b := NewBase(dir, 0o750)
	touch := func(name string) error {
		return b.Below(func(root int) error {
			fd, err := OpenBeneath(root, name, unix.O_WRONLY|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
			if err == nil {
				unix.Close(fd)
			}
			return b.Wrap("open", name, err)
		})
	}
	if err := touch("a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the folder: %v, want that it does not exist", err)
	}
	for _, name := range []string{"a", "b"} {
		if err := b.Renew(); err != nil {
			t.Fatal(err)
		}
		if err := touch(name); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	err := touch("c")
	if want := "open " + filepath.Join(dir, "c") + ": no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("after the folder was removed: %v, want %s", err, want)
	}
}
