package maildir

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// TestStatClosed looks at a Maildir that only its owner can look into, as
// another user.
func TestStatClosed(t *testing.T) {
	dir, err := os.MkdirTemp("", "closed")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "box")
	defer os.RemoveAll(dir)
	if err := Create(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		// Files are touched as another user by this thread alone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer syscall.Setfsuid(0)
		if err := syscall.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
	} else {
		defer os.Chmod(path, 0o700)
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	info, err := Stat(path)
	if err != nil || info.Owner != os.Geteuid() {
		t.Errorf("got %+v, %v, want owner %d", info, err, os.Geteuid())
	}
}
