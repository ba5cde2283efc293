package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A caller who does not read is left, whether the socket blocks or not; all that
// is written to a file is there.
func TestInTime(t *testing.T) {
	for name, block := range map[string]bool{"blocks": true, "does not": false} {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fds[0])
		if err := unix.SetNonblock(fds[1], !block); err != nil {
			t.Fatal(err)
		}
		f := os.NewFile(uintptr(fds[1]), "socket")
		defer f.Close()
		w := inTime(f, 50*time.Millisecond)
		for n := 0; err == nil && n < 1<<10; n++ {
			_, err = w.Write(make([]byte, 64<<10))
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := inTime(f, time.Hour).Write([]byte("all")); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "all" {
		t.Errorf("got %q, %v", text, err)
	}
}
