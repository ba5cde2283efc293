package state

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// sweepName is the file that says how far the sweeper has come. Who sweeps has
// it locked.
const sweepName = "sweep"

// maxMark bounds what is read of it.
const maxMark = 256

// shard is a folder to be swept.
type shard struct {
	name string
	reap reaper
}

// Sweep removes what is dead: lock files that nobody holds, buckets that have
// run dry, entries that have expired. No session waits for it, except for the
// microseconds in which a file of no more use is removed. It begins where the
// last sweep ended or was killed, and goes round once or until ctx is done;
// then the error is ctx's. While another process sweeps, it does nothing. What
// could not be removed does not keep it from the rest; the first error is
// returned.
func (s *Store) Sweep(ctx context.Context, now time.Time) (removed int, err error) {
	m, busy, err := s.openMark()
	if busy || err != nil {
		return 0, err
	}
	defer m.close()
	shards, err := s.shards()
	for _, sh := range from(shards, m.last()) {
		n, e := s.sweepShard(ctx, sh, now)
		removed += n
		if ctx.Err() != nil {
			return removed, ctx.Err()
		}
		err = first(err, e)
		if fatal(e) {
			break
		}
		m.set(sh.name)
	}
	return removed, err
}

// first is the first error of two.
func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// fatal says that it is the same for all other files.
func fatal(err error) bool { return errors.Is(err, unix.EROFS) }

// shards are the folders to be swept, sorted.
func (s *Store) shards() ([]shard, error) {
	var all []shard
	var errs []error
	add := func(folder string, reap reaper) {
		names, err := s.list(folder)
		errs = append(errs, err)
		for _, name := range names {
			all = append(all, shard{folder + "/" + name, reap})
		}
	}
	add(slotFolder, s.reapSlot)
	add(rateFolder, s.reapRate)
	caches, err := s.list(cacheFolder)
	for _, name := range caches {
		add(cacheFolder+"/"+name, s.reapItem)
	}
	slices.SortFunc(all, func(a, b shard) int { return strings.Compare(a.name, b.name) })
	return all, errors.Join(append(errs, err)...)
}

// from is the shards in the order that begins behind the last one swept.
func from(shards []shard, last string) []shard {
	i := 0
	for i < len(shards) && shards[i].name <= last {
		i++
	}
	return slices.Concat(shards[i:], shards[:i])
}

// sweepShard removes what is dead in one folder.
func (s *Store) sweepShard(ctx context.Context, sh shard, now time.Time) (removed int, err error) {
	names, err := s.list(sh.name)
	for _, name := range names {
		if ctx.Err() != nil {
			break
		}
		done, e := sh.reap(sh.name+"/"+name, now, false)
		if done && e == nil {
			removed++
		}
		err = first(err, e)
		if fatal(e) {
			break
		}
	}
	return removed, err
}

// mark is the sweeper's file; the zero mark, where there can be none, remembers
// nothing.
type mark struct{ f *file }

// openMark opens and locks the sweeper's file. On a disk so full that it cannot
// be made, sweeping goes without: it is then needed most.
func (s *Store) openMark() (m mark, busy bool, err error) {
	f, err := s.createIn(sweepName)
	if err != nil {
		return mark{}, false, nil
	}
	if busy, err := f.tryLock(unix.LOCK_EX); busy || err != nil {
		f.close()
		return mark{}, busy, err
	}
	return mark{&f}, false, nil
}

func (m mark) close() {
	if m.f != nil {
		m.f.close()
	}
}

// last is the shard that was swept last.
func (m mark) last() string {
	if m.f == nil {
		return ""
	}
	text := make([]byte, maxMark)
	n, _ := m.f.read(text, 0)
	line, _, _ := strings.Cut(string(text[:n]), "\n")
	return strings.TrimRight(line, " ")
}

// set remembers a shard. The line has always the same length.
func (m mark) set(name string) {
	if m.f == nil {
		return
	}
	pad := max(0, maxMark-1-len(name))
	m.f.write([]byte(name + strings.Repeat(" ", pad) + "\n"))
}
