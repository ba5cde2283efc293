package stack

import (
	"runtime/debug"
	"testing"
	"unsafe"
)

// moves reports whether a new goroutine's stack is moved by deep calls after
// first has been called.
func moves(first func()) bool {
	moved := make(chan bool)
	go func() {
		first()
		var here byte
		before := uintptr(unsafe.Pointer(&here))
		deep(100)
		moved <- uintptr(unsafe.Pointer(&here)) != before
	}()
	return <-moved
}

// deep needs more than 200 octets of stack a call.
//
//go:noinline
func deep(calls int) byte {
	var room [200]byte
	if calls > 0 {
		room[calls%len(room)] = deep(calls - 1)
	}
	return room[calls%len(room)] + 1
}

func TestGrow(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection may move stacks too
	if !moves(func() {}) {
		t.Error("stacks need no help")
	}
	if moves(Grow) {
		t.Error("the stack was moved")
	}
	if got := wide(300); got != 300%256 {
		t.Errorf("got %d", got)
	}
}
