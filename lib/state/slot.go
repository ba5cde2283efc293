package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// slotFolder holds the lock files.
const slotFolder = "slot"

// Slot is one of a key's places, held until Release. The kernel frees it when
// the process ends, however it does; programs that it starts do not have it.
type Slot struct {
	f    file
	once sync.Once
}

// Release frees the slot. A second call does nothing.
func (s *Slot) Release() { s.once.Do(s.f.close) }

// Slot takes one of the key's n places, or gives ErrFull at once. Whoever
// counts a key must use the same n.
func (s *Store) Slot(ctx context.Context, key string, n int) (*Slot, error) {
	base := keyName(slotFolder, key) + "."
	for i := range slotOrder(n) {
		f, held, err := s.takeSlot(ctx, base+strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		if held {
			return &Slot{f: f}, nil
		}
	}
	return nil, fmt.Errorf("slot %q: %w", key, ErrFull)
}

// slotOrder is the order of trying: the first place, which is free for most
// keys, so that they need no other file; then the others from a random one on,
// so that while few are free few of those taken are tried before.
func slotOrder(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		if n < 1 || !yield(0) || n == 1 {
			return
		}
		start := rand.IntN(n - 1)
		for i := range n - 1 {
			if !yield(1 + (start+i)%(n-1)) {
				return
			}
		}
	}
}

// takeSlot tries one lock file. One that the sweeper is still at after about 10
// ms counts as taken.
func (s *Store) takeSlot(ctx context.Context, name string) (f file, held bool, err error) {
	for range tries {
		if err := ctx.Err(); err != nil {
			return file{}, false, err
		}
		if f, err = s.openSlot(name); err != nil {
			return file{}, false, err
		}
		what, err := f.seize()
		if what == seized && err == nil {
			return f, true, nil
		}
		f.close()
		if what == taken || err != nil {
			return file{}, false, err
		}
		if what == swept {
			time.Sleep(firstWait)
		}
	}
	return file{}, false, nil
}

// openSlot opens a lock file, which it makes if need be.
func (s *Store) openSlot(name string) (file, error) {
	f, err := s.open(name, unix.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		s.relieve(name, time.Time{}, s.reapSlot)
		return s.create(name)
	}
	return f, err
}

// What seize found.
const (
	seized = iota // it is ours
	taken         // somebody holds it
	gone          // the sweeper has just removed it
	swept         // the sweeper is about to remove it
)

// seize locks a lock file alone. The sweeper shares its lock, by which it is
// told from a holder: else a key could look full for as long as it is swept.
func (f file) seize() (what int, err error) {
	if busy, err := f.tryLock(unix.LOCK_EX); !busy || err != nil {
		lost, e := f.removed()
		if lost {
			return gone, e
		}
		return seized, errors.Join(err, e)
	}
	if busy, err := f.tryLock(unix.LOCK_SH); busy || err != nil {
		return taken, err
	}
	return swept, nil
}

// reapSlot removes a lock file that nobody holds. Nobody can take it while the
// lock is shared, so there is none who holds a file without a name.
func (s *Store) reapSlot(name string, _ time.Time, _ bool) (bool, error) {
	f, err := s.open(name, unix.O_RDWR)
	if err != nil {
		return false, ignoreMissing(err)
	}
	defer f.close()
	if busy, err := f.tryLock(unix.LOCK_SH); busy || err != nil {
		return false, err
	}
	if lost, err := f.removed(); lost || err != nil {
		return false, err
	}
	return true, s.remove(name)
}
