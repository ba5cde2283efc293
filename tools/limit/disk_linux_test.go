package main

import (
	"strings"
	"testing"

	"postern/lib/e2e"
	"postern/lib/sysexits"
)

// asked is the end of a command that has to say something.
func asked(t *testing.T, dir, command string, want int, words string) {
	t.Helper()
	if got, _, said := ask(dir, command); got != want || !strings.Contains(said, words) {
		t.Errorf("limit %s: %d, %q; want %d and %q", command, got, said, want, words)
	}
}

// On a full disk nobody gets past a limit who was not counted before; those
// who were are counted on, and the sweeper makes room.
func TestDiskFull(t *testing.T) {
	disk := e2e.NewDisk(t)
	dir := string(disk)
	asked(t, dir, "old 0 3", 0, "")
	asked(t, dir, "dry 1e9 1", 0, "")
	disk.UseInodes(t)
	asked(t, dir, "new 0 3", sysexits.TempFail, "no space left on device")
	asked(t, dir, "-n new 0 3", 0, "")
	asked(t, dir, "old 0 3 2", 0, "")
	asked(t, dir, "old 0 3", sysexits.TempFail, "never")
	asked(t, dir, "--sweep", 0, "")
}

// On one that is read-only nobody gets past, and everybody may ask.
func TestReadOnly(t *testing.T) {
	disk := e2e.NewDisk(t)
	dir := string(disk)
	asked(t, dir, "k 0 2", 0, "")
	disk.ReadOnly(t)
	asked(t, dir, "k 0 2", sysexits.TempFail, "read-only file system")
	asked(t, dir, "new 0 2", sysexits.TempFail, "read-only file system")
	asked(t, dir, "-n k 0 2", 0, "")
	asked(t, dir, "-n k 0 2 2", sysexits.TempFail, "never")
}
