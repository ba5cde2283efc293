package loadavg_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"postern/lib/e2e"
	"postern/lib/loadavg"
)

// The kernel is asked, and no file: units hide /proc/loadavg (ProcSubset=pid
// of systemd.exec(5)).
func TestAverageWithoutProc(t *testing.T) {
	if e2e.Inside() == "" {
		e2e.NeedRoot(t)
		e2e.RunInside(t, syscall.CLONE_NEWNS, "yes")
		return
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, "subset=pid"); err != nil {
		t.Fatal(err)
	}
	if _, err := loadavg.Average(); err != nil {
		t.Error(err)
	}
}

// It is the number that /proc/loadavg begins with.
func TestAverageIsThatOfProc(t *testing.T) {
	got, err := loadavg.Average()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Skip(err)
	}
	var want int
	if _, err := fmt.Sscanf(string(text), "%d.", &want); err != nil {
		t.Fatal(err)
	}
	if got < want-1 || got > want+1 { // it may have moved in between
		t.Errorf("got %d, /proc/loadavg has %q", got, text)
	}
}
