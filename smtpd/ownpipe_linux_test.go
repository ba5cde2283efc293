package main

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestPipesStayBlocking: that a session reads a pipe with deadlines is nothing
// that others who have the same pipe notice.
func TestPipesStayBlocking(t *testing.T) {
	var ends [2]int
	if err := unix.Pipe(ends[:]); err != nil {
		t.Fatal(err)
	}
	for _, fd := range ends {
		others, err := unix.Dup(fd)
		if err != nil {
			t.Fatal(err)
		}
		if err := ownPipe(fd); err != nil {
			t.Error(err)
		}
		for fd, want := range map[int]bool{fd: true, others: false} {
			flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
			if got := flags&unix.O_NONBLOCK != 0; err != nil || got != want {
				t.Errorf("non-blocking: %v, %v; want %v", got, err, want)
			}
			unix.Close(fd)
		}
	}
}
