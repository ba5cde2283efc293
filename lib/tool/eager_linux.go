package tool

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// glance is how long Read looks for the next request before it sleeps. To be woken
// costs up to a third of that, which is as much as a whole check of a file costs.
const glance = 50 * time.Microsecond

// eager reads requests from somebody who may ask again at once. After a request that
// came within a glance it looks for the next one, so that a busy server stays awake
// and an idle one sleeps. While it looks it leaves the processor to whoever else
// wants it, which may be the process that asks.
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

// look polls until there is something to read, or an error, or the time is over. It
// says whether it was in time.
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
