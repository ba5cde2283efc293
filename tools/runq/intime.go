package main

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// callerTime is how long a listing for a caller may take in all. One who does
// not read must not keep a process for good.
const callerTime = 5 * time.Minute

// inTime is w for so long; then writing to it is an error.
func inTime(w io.Writer, limit time.Duration) io.Writer {
	f, ok := w.(*os.File)
	if !ok {
		return w
	}
	end := time.Now().Add(limit)
	if f.SetWriteDeadline(end) == nil {
		return w
	}
	return &timed{f, end}
}

// timed writes to a socket that blocks, as standard output does.
type timed struct {
	f   *os.File
	end time.Time
}

// Write waits no longer than the time that is left. What is no socket takes what
// is written as it comes.
func (t *timed) Write(b []byte) (int, error) {
	left := time.Until(t.end)
	if left <= 0 {
		return 0, os.ErrDeadlineExceeded
	}
	tv := unix.NsecToTimeval(max(left, time.Millisecond).Nanoseconds())
	if err := unix.SetsockoptTimeval(int(t.f.Fd()), unix.SOL_SOCKET, unix.SO_SNDTIMEO, &tv); err != nil && !errors.Is(err, unix.ENOTSOCK) {
		return 0, err
	}
	n, err := t.f.Write(b)
	if errors.Is(err, syscall.EAGAIN) {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}
