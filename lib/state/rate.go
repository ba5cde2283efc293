package state

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// rateFolder holds the rates.
const rateFolder = "rate"

// errSwept says that a rate's file was removed each time that it was opened.
var errSwept = errors.New("removed again and again")

// Never is the wait for what will not be granted, because it is more than the
// bucket holds or because the bucket does not leak.
const Never = time.Duration(math.MaxInt64)

// Rate is a leaky bucket that all who name its key share: what is taken fills
// it, it leaks so much an hour, and what would overflow it is refused.
type Rate struct {
	store        *Store
	name         string
	perHour, max float64
}

// Rate is the bucket of a key, that leaks perHour and holds max.
func (s *Store) Rate(key string, perHour, max float64) Rate {
	return Rate{store: s, name: keyName(rateFolder, key), perHour: perHour, max: max}
}

// Take puts n into the bucket if it has room. If not, nothing changes and wait
// says when it will have, if nobody else takes any. With a negative n, what
// was taken before is given back. While another process has the bucket, Take
// waits for it, until ctx is done and 5 seconds at most. After an error the
// caller does not know and should refuse.
func (r Rate) Take(ctx context.Context, n float64, now time.Time) (ok bool, wait time.Duration, err error) {
	f, old, err := r.hold(ctx, now)
	if err != nil {
		return false, 0, err
	}
	defer f.close()
	b := old.leak(r.perHour, now)
	b, ok, wait = b.add(n, r.max)
	// What was refused is written only where a clock was set back.
	if ok || b.at.Before(old.at) {
		err = f.write(b.append(nil))
	}
	return ok && err == nil, wait, err
}

// Peek says what Take would, and takes nothing. It waits as Take does. It writes
// nothing, and works in a store that is read-only.
func (r Rate) Peek(ctx context.Context, n float64, now time.Time) (ok bool, wait time.Duration, err error) {
	b, err := r.look(ctx)
	if err != nil {
		return false, 0, err
	}
	_, ok, wait = b.leak(r.perHour, now).add(n, r.max)
	return ok, wait, nil
}

// look reads the bucket.
func (r Rate) look(ctx context.Context) (bucket, error) {
	f, err := r.store.open(r.name, unix.O_RDONLY)
	if err != nil {
		return bucket{}, ignoreMissing(err)
	}
	defer f.close()
	if err := f.lock(ctx, unix.LOCK_SH, lockLimit); err != nil {
		return bucket{}, err
	}
	b, _, err := f.readBucket()
	return b, err
}

// hold opens and locks the bucket's file and reads it.
func (r Rate) hold(ctx context.Context, now time.Time) (file, bucket, error) {
	for range tries {
		f, err := r.open(now)
		if err != nil {
			return file{}, bucket{}, err
		}
		b, lost, err := f.holdBucket(ctx)
		if err == nil && !lost {
			return f, b, nil
		}
		f.close()
		if err != nil {
			return file{}, bucket{}, err
		}
	}
	return file{}, bucket{}, r.store.base.Wrap("open", r.name, errSwept)
}

// open opens the bucket's file, which it makes if need be.
func (r Rate) open(now time.Time) (file, error) {
	f, err := r.store.open(r.name, unix.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		r.store.relieve(r.name, now, r.store.reapRate)
		return r.store.create(r.name)
	}
	return f, err
}

// holdBucket locks and reads a bucket. Only a file that is empty may have been
// removed since it was opened, as the sweeper empties what it removes.
func (f file) holdBucket(ctx context.Context) (b bucket, lost bool, err error) {
	if err := f.lock(ctx, unix.LOCK_EX, lockLimit); err != nil {
		return bucket{}, false, err
	}
	b, n, err := f.readBucket()
	if n == 0 && err == nil {
		lost, err = f.removed()
	}
	return b, lost, err
}

// readBucket reads a bucket and says how much there was to read.
func (f file) readBucket() (b bucket, n int, err error) {
	line := make([]byte, maxBucketLine)
	n, err = f.read(line, 0)
	return parseBucket(line[:n]), n, err
}

// reapRate removes a bucket that has run dry.
func (s *Store) reapRate(name string, now time.Time, force bool) (bool, error) {
	f, err := s.open(name, unix.O_RDWR)
	if err != nil {
		return false, ignoreMissing(err)
	}
	defer f.close()
	// First without the lock: most are alive.
	b, _, err := f.readBucket()
	if err != nil || b.alive(now) && !force {
		return false, err
	}
	if busy, err := f.tryLock(unix.LOCK_EX); busy || err != nil {
		return false, err
	}
	return f.reapBucket(now, force)
}

// reapBucket is reapRate with the lock.
func (f file) reapBucket(now time.Time, force bool) (bool, error) {
	b, _, err := f.readBucket()
	if err != nil {
		return false, err
	}
	if lost, err := f.removed(); lost || err != nil {
		return false, err
	}
	if !force && b.ahead(now) {
		return false, f.write(b.leak(b.perHour, now).append(nil))
	}
	if !force && b.alive(now) {
		return false, nil
	}
	if err := f.empty(); err != nil {
		return false, err
	}
	return true, f.store.remove(f.name)
}
