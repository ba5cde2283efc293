package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/safefile"
)

// file is an open file of the store. An os.File would cost two system calls
// more.
type file struct {
	fd    int
	store *Store
	name  string
}

func (f file) wrap(op string, err error) error { return f.store.base.Wrap(op, f.name, err) }

// close closes f, which gives back its lock.
func (f file) close() { unix.Close(f.fd) }

// tries bounds how often a file is opened again because the sweeper has just
// removed it. Once is the rule; more often only if sweep follows upon sweep.
const tries = 100

// tryLock locks f, unix.LOCK_EX or unix.LOCK_SH, or says that it is taken.
func (f file) tryLock(how int) (taken bool, err error) {
	_, err = restart(func() (int, error) { return 0, unix.Flock(f.fd, how|unix.LOCK_NB) })
	if err == unix.EWOULDBLOCK {
		return true, nil
	}
	return false, f.wrap("lock", err)
}

// How lock waits: between two tries, and in all. Who holds a file does so for
// microseconds, but it may have been stopped by a signal or a dying disk.
const (
	firstWait = 50 * time.Microsecond
	maxWait   = 2 * time.Millisecond
	lockLimit = 5 * time.Second
)

// lock waits for the lock until ctx is done, at most for limit. It tries again and
// again, since flock(2) cannot be told to give up.
func (f file) lock(ctx context.Context, how int, limit time.Duration) error {
	taken, err := f.tryLock(how)
	if !taken || err != nil {
		return err
	}
	end := time.Now().Add(limit)
	for wait := firstWait; taken && err == nil; wait = min(2*wait, maxWait) {
		if time.Now().After(end) {
			return f.wrap("lock", fmt.Errorf("%w for %v", safefile.ErrLocked, limit))
		}
		select {
		case <-ctx.Done():
			return f.wrap("lock", ctx.Err())
		case <-time.After(wait/2 + rand.N(wait)):
		}
		taken, err = f.tryLock(how)
	}
	return err
}

// removed tells whether f has lost its name since it was opened.
func (f file) removed() (bool, error) {
	var st unix.Stat_t
	err := unix.Fstat(f.fd, &st)
	return st.Nlink == 0, f.wrap("stat", err)
}

// read fills p from off on, as far as the file goes.
func (f file) read(p []byte, off int64) (int, error) {
	n, err := restart(func() (int, error) { return unix.Pread(f.fd, p, off) })
	return max(n, 0), f.wrap("read", err)
}

// write puts p at the file's beginning, in one system call: another process
// sees all of it or nothing, also when this one is killed.
func (f file) write(p []byte) error {
	n, err := restart(func() (int, error) { return unix.Pwrite(f.fd, p, 0) })
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return f.wrap("write", err)
}

// empty takes everything out of f.
func (f file) empty() error { return f.wrap("truncate", unix.Ftruncate(f.fd, 0)) }

// restart calls f until no signal interrupts it.
func restart(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// ignoreMissing is err, or nil when it says that a file does not exist.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
