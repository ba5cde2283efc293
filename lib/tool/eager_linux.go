package tool

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// glance is how long the next request is looked for without sleeping. To be
// woken, on another processor at worst, takes a third of that, which is as much
// as a check of a file takes.
const glance = 50 * time.Microsecond

// eager reads from who may ask again at once. After a request that came within a
// glance it takes a glance for the next: a server of whom little is asked sleeps,
// and one of whom much is asked is awake. The processor is left to whoever else
// wants it, which the other end may be.
type eager struct {
	*os.File
	soon bool
}

// eagerly reads a file or a connection eagerly, anything else as it is.
func eagerly(in io.Reader) io.Reader {
	if f, ok := in.(*os.File); ok {
		return &eager{File: f}
	}
	return in
}

// Read waits for something, and reads it.
func (e *eager) Read(b []byte) (int, error) {
	asked := time.Now()
	if e.soon {
		e.soon = e.look(asked.Add(glance))
	}
	n, err := e.File.Read(b)
	e.soon = e.soon || time.Since(asked) < glance
	return n, err
}

// look looks until there is something to read, or an error, or the end of the
// time.
func (e *eager) look(end time.Time) bool {
	fds := []unix.PollFd{{Fd: int32(e.Fd()), Events: unix.POLLIN}}
	for time.Now().Before(end) {
		if n, _ := unix.Poll(fds, 0); n > 0 {
			return true
		}
		unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
	}
	return false
}
