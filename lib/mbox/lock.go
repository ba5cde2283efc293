package mbox

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"syscall"
	"time"
)

// The pauses between two looks at a lock.
const (
	firstPause = 2 * time.Millisecond
	lastPause  = 100 * time.Millisecond
)

// backoff waits a little longer each time, by chance, so that many writers do
// not look all at once.
type backoff time.Duration

// sleep pauses; it says false when the time is up.
func (b *backoff) sleep(ctx context.Context) bool {
	pause := min(max(2*time.Duration(*b), firstPause), lastPause)
	*b = backoff(pause)
	timer := time.NewTimer(pause/2 + rand.N(pause))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// kernelLock takes the write lock on all of f, or says ErrLocked. Closing f
// releases it, and so does the kernel when we are killed.
func kernelLock(f *os.File) error {
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart}
	switch err := syscall.FcntlFlock(f.Fd(), setLock, &lock); err {
	case syscall.EAGAIN, syscall.EACCES:
		return ErrLocked
	default:
		return err
	}
}
