package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"time"
)

// batch is how many names are read from a folder at once.
const batch = 512

// Due yields what is to be worked on: entries never tried, then those whose
// time has come, the longest due first, and those whose time is too far off to
// be true (Horizon). Folders of the past that are empty are removed on the
// way. What comes while it runs may or may not be yielded. An error ends
// nothing but the folder it is about.
func (q *Queue) Due(ctx context.Context, now time.Time) iter.Seq2[Ref, error] {
	return func(yield func(Ref, error) bool) {
		_ = q.eachShard(Ref{Place: New, folder: placeNew}, live(ctx, yield)) &&
			q.eachBucket(func(bucket string, at time.Time) bool {
				return !due(at, now) || q.dueBucket(bucket, at, live(ctx, yield))
			}, yield)
	}
}

// live is yield until ctx is done.
func live(ctx context.Context, yield func(Ref, error) bool) func(Ref, error) bool {
	return func(r Ref, err error) bool { return ctx.Err() == nil && yield(r, err) }
}

// dueBucket yields the entries of one folder of wait/ and removes it when it
// is empty.
func (q *Queue) dueBucket(bucket string, at time.Time, yield func(Ref, error) bool) bool {
	folder := placeWait + "/" + bucket
	if !q.eachShard(Ref{Place: Wait, Due: at, folder: folder}, yield) {
		return false
	}
	q.root.Remove(folder) // fails unless empty
	return true
}

// eachShard yields the entries in all folders of base, and removes those of
// wait/ that are empty.
func (q *Queue) eachShard(base Ref, yield func(Ref, error) bool) bool {
	names, err := q.names(base.folder)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist) || yield(Ref{}, err)
	}
	for _, s := range names {
		ref := base
		ref.folder += "/" + s
		n, more := q.eachEntry(ref, yield)
		if !more {
			return false
		}
		if n == 0 && ref.Place == Wait {
			q.root.Remove(ref.folder) // fails unless empty
		}
	}
	return true
}

// eachEntry yields the entries of one folder and counts them.
func (q *Queue) eachEntry(base Ref, yield func(Ref, error) bool) (n int, more bool) {
	f, err := q.root.Open(base.folder)
	if err != nil {
		return 0, errors.Is(err, fs.ErrNotExist) || yield(Ref{}, err)
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(batch)
		for _, name := range names {
			if !ValidID(name) {
				continue
			}
			base.ID = name
			n++
			if !yield(base, nil) {
				return n, false
			}
		}
		if err == io.EOF || errors.Is(err, fs.ErrNotExist) {
			return n, true
		}
		if err != nil {
			return n, yield(Ref{}, err)
		}
	}
}

// eachBucket calls f for each folder of wait/ in order of time.
func (q *Queue) eachBucket(f func(bucket string, at time.Time) bool, yield func(Ref, error) bool) bool {
	names, err := q.names(placeWait)
	if err != nil {
		return yield(Ref{}, err)
	}
	for _, name := range names {
		if !f(name, parseBucket(name)) {
			return false
		}
	}
	return true
}

// names are the names in a folder that holds folders, sorted.
func (q *Queue) names(folder string) ([]string, error) {
	f, err := q.root.Open(folder)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// NextDue is the earliest time after now at which entries that wait are due.
// ok is false when none wait.
func (q *Queue) NextDue(now time.Time) (next time.Time, ok bool) {
	q.eachBucket(func(_ string, at time.Time) bool {
		if !due(at, now) {
			next, ok = at, true
		}
		return !ok
	}, func(Ref, error) bool { return false })
	return next, ok
}

// Find says where the entry called id lies, or ErrNotFound. When a folder cannot
// be read, who knows; that is another error.
func (q *Queue) Find(id string) (Ref, error) {
	if !ValidID(id) {
		return Ref{}, fmt.Errorf("queue: %q: %w", id, ErrNotFound)
	}
	for ref, err := range q.places(id) {
		if err != nil {
			return Ref{}, err
		}
		_, err = q.root.Lstat(ref.path())
		if err == nil {
			return ref, nil
		}
		if err = notFound(err); !errors.Is(err, ErrNotFound) {
			return Ref{}, fmt.Errorf("queue: %w", err)
		}
	}
	return Ref{}, fmt.Errorf("queue: %s: %w", id, ErrNotFound)
}

// places are the entries that could be called id, in the order of their way
// through the queue.
func (q *Queue) places(id string) iter.Seq2[Ref, error] {
	return func(yield func(Ref, error) bool) {
		_ = yield(newRef(id), nil) &&
			q.eachBucket(func(bucket string, at time.Time) bool {
				return yield(bucketRef(id, bucket, at), nil)
			}, yield) &&
			yield(heldRef(id), nil) &&
			yield(failedRef(id), nil) &&
			yield(damagedRef(id), nil)
	}
}

// All yields every entry, those never tried first, then those that wait in the
// order of their times, then those held, the failed and the damaged. It reads names only.
func (q *Queue) All(ctx context.Context) iter.Seq2[Ref, error] {
	return func(yield func(Ref, error) bool) {
		yield = live(ctx, yield)
		_ = q.eachShard(Ref{Place: New, folder: placeNew}, yield) &&
			q.eachBucket(func(bucket string, at time.Time) bool {
				return q.eachShard(Ref{Place: Wait, Due: at, folder: placeWait + "/" + bucket}, yield)
			}, yield) &&
			q.eachShard(Ref{Place: Held, folder: placeHold}, yield) &&
			q.eachShard(Ref{Place: Failed, folder: placeFailed}, yield) &&
			q.eachDamaged(yield)
	}
}

// eachDamaged yields what was set aside.
func (q *Queue) eachDamaged(yield func(Ref, error) bool) bool {
	_, more := q.eachEntry(damagedRef(""), yield)
	return more
}
