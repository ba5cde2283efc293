package greylist

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// secondsDisk is a folder on a file system that stamps files with full seconds:
// ext4 with inodes of 128 octets, on a loop device.
func secondsDisk(t *testing.T) (dir string) {
	t.Helper()
	image, dir := filepath.Join(t.TempDir(), "image"), t.TempDir()
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 16<<20); err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{{"mke2fs", "-q", "-t", "ext4", "-I", "128", image}, {"mount", "-o", "loop", image, dir}} {
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Skipf("no file system that stamps with full seconds: %s: %v: %s", words[0], err, out)
		}
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// TestCoarseStamps: where a second change in the same second does not show, an
// index is not made before the second is over, and is right then.
func TestCoarseStamps(t *testing.T) {
	s := testStore(t, func(c *Config) { c.Dir = secondsDisk(t) })
	checkEdits(t, s)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		d, err := s.Look(query("198.51.100.7", "bob@example.org"), noon)
		if d.State != White || err != nil {
			t.Fatalf("a listed client: %v, %v", d.State, err)
		}
		if v, err := s.openFiles(); err != nil {
			t.Fatal(err)
		} else if v.close(); v.index != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no index is made")
		}
	}
}
