package main

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A socket on which nobody can wait, as on one that blocks, is an error at once:
// a listener that accepts nothing must not look like one that does.
func TestListenerCannotWait(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	if l, err := newListener(fd); err == nil || !strings.Contains(err.Error(), "wait for connections: ") {
		t.Errorf("a listener at %v, %v", l, err)
	}
}
