package queue

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tiny mounts a file system of 256 KiB.
func tiny(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		if os.Getenv("POSTERN_REAL") == "1" {
			t.Fatalf("mount: %v", err)
		}
		t.Skipf("a small file system cannot be mounted: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// On a full disk nothing is accepted, what is there can still be worked on,
// and all is well when there is room again.
func TestDiskFull(t *testing.T) {
	dir := tiny(t)
	q, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	id := add(t, q, envelope("a"), "small\n")
	fill(t, dir+"/filler")
	if err := try(q); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Commit on a full disk: %v, want ENOSPC", err)
	}
	if got := ids(t, q, time.Now()); len(got) != 1 {
		t.Errorf("entries %q", got)
	}
	e := take(t, q, id)
	if err := e.Mark(0, Status{Tries: 1, Reply: "452 4.3.1 full"}); err != nil {
		t.Errorf("Mark on a full disk: %v", err)
	}
	e.Close()
	if err := os.Remove(dir + "/filler"); err != nil {
		t.Fatal(err)
	}
	if err := try(q); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// try accepts a message of some size.
func try(q *Queue) error {
	d := q.Create(envelope("a"))
	if _, err := io.WriteString(d, strings.Repeat("x\n", 10000)); err != nil {
		d.Discard()
		return err
	}
	return d.Commit()
}

// fill writes until the disk is full.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
