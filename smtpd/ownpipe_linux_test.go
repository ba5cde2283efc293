package main

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPipesStayBlocking: deadlines on a pipe are nothing that others who have the
// same pipe notice, while a session runs and after it.
func TestPipesStayBlocking(t *testing.T) {
	var ends, others [2]int
	if err := unix.Pipe(ends[:]); err != nil {
		t.Fatal(err)
	}
	for i, fd := range ends {
		var err error
		if others[i], err = unix.Dup(fd); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(others[i])
	}
	nonblocking := func(fd int) bool {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		return err != nil || flags&unix.O_NONBLOCK != 0
	}
	in, out := os.NewFile(uintptr(ends[0]), "in"), os.NewFile(uintptr(ends[1]), "out")
	c := stdConn(in, out)
	if !nonblocking(ends[0]) || !nonblocking(ends[1]) {
		t.Error("there are no deadlines")
	}
	for _, when := range []string{"during", "after"} {
		if nonblocking(others[0]) || nonblocking(others[1]) {
			t.Errorf("%s the session the pipe is non-blocking for others", when)
		}
		if when == "during" {
			c.Close()
		}
	}
	in.Close() // else the collector does so later, to whatever file has the number then
	out.Close()
}
