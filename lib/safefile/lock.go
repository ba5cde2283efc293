package safefile

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// ErrLocked is TryLock's when another process, or another open file of this
// one, has the lock.
var ErrLocked = errors.New("locked")

// How long Lock sleeps between two tries.
const (
	firstLockWait = time.Millisecond
	maxLockWait   = 50 * time.Millisecond
)

// TryLock locks f against other open files, in this process and in others, or
// fails with ErrLocked. The lock goes when f is closed in every process that
// has it, or by Unlock.
func TryLock(f *os.File) error {
	err := flock(f, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return pathError("lock", f.Name(), ErrLocked)
	}
	return err
}

// Lock is TryLock that waits until it has the lock or ctx is done; then the
// error is ctx's.
func Lock(ctx context.Context, f *os.File) error {
	if ctx.Done() == nil {
		return flock(f, unix.LOCK_EX)
	}
	// flock(2) cannot be told to give up after a time.
	for wait := firstLockWait; ; wait = min(2*wait, maxLockWait) {
		err := TryLock(f)
		if !errors.Is(err, ErrLocked) {
			return err
		}
		select {
		case <-ctx.Done():
			return pathError("lock", f.Name(), ctx.Err())
		case <-time.After(wait):
		}
	}
}

// Unlock gives the lock back.
func Unlock(f *os.File) error { return flock(f, unix.LOCK_UN) }

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if err == nil {
			return nil
		}
		if err != unix.EINTR {
			return pathError("lock", f.Name(), err)
		}
	}
}
