package greylist

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"path"
	"time"

	"golang.org/x/sys/unix"
)

// A client makes no more than about maxOfOne entries: one in crowdOdds that
// are made counts those of the client, and makes room by removing some.
const (
	maxOfOne  = 256
	crowdOdds = 16
)

// tries bounds how often an entry is looked for again whose folder, or it
// itself, was removed meanwhile by Expire.
const tries = 10

// meet decides about a client that is not on the whitelist, and remembers that
// it came.
func (s *Store) meet(q *Query, now time.Time) (d Decision, err error) {
	name := s.entryName(q)
	for range tries {
		d, err = s.visit(q, name, now)
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			break
		}
		s.letGo()
	}
	return d, err
}

// visit is meet as long as nobody else makes or removes what it has just looked for;
// else the error is fs.ErrExist or fs.ErrNotExist, and meet tries again. A client that
// another process has put on the whitelist meanwhile has a folder: for one without a
// folder the whitelist need not be looked at again.
func (s *Store) visit(q *Query, name string, now time.Time) (Decision, error) {
	full, err := s.full()
	made := false
	if err == nil && !full {
		made, err = s.makeRemote(path.Dir(name))
	}
	switch {
	case err != nil:
		return Decision{Wait: s.Delay}, err
	case made:
		return s.enter(name, now)
	}
	d, err := s.known(q, name, full, now)
	if err != nil || !d.Deferred() {
		return d, err
	}
	return s.overtaken(q, d)
}

// known decides about a client that may have a folder.
func (s *Store) known(q *Query, name string, full bool, now time.Time) (Decision, error) {
	st, err := s.stat(name)
	switch {
	case err == nil:
		return s.again(q, name, mtime(&st), now)
	case !errors.Is(err, fs.ErrNotExist):
		return Decision{Wait: s.Delay}, err
	case full:
		return Decision{Wait: s.Delay, Full: true}, s.swept(now)
	}
	if rand.IntN(crowdOdds) == 0 {
		s.thin(path.Dir(name))
	}
	return s.enter(name, now)
}

// peek is meet that remembers nothing.
func (s *Store) peek(q *Query, now time.Time) (Decision, error) {
	st, err := s.stat(s.entryName(q))
	if errors.Is(err, fs.ErrNotExist) {
		return Decision{Wait: s.Delay}, nil
	}
	d, _ := s.judge(mtime(&st), now)
	return d, err
}

// enter makes a new entry. The error is fs.ErrExist when there is one.
func (s *Store) enter(name string, now time.Time) (Decision, error) {
	d := Decision{Wait: s.Delay}
	if err := s.makeEntry(name, now); err != nil {
		return d, err
	}
	return d, s.counted()
}

// ErrUnswept is Check's when there are too many entries because nobody runs
// Expire. Then nobody is to be refused: he would be each time.
var ErrUnswept = errors.New("too many strangers: greylist expire has not been run for days")

// unswept is after how long it is taken for granted that nobody runs Expire.
const unswept = 48 * time.Hour

// swept is nil as long as Expire may make room again.
func (s *Store) swept(now time.Time) error {
	mark, err := s.stat(expireLock)
	if errors.Is(err, fs.ErrNotExist) || err == nil && now.Sub(mtime(&mark)) > unswept {
		return ErrUnswept
	}
	return err
}

// sameTime is by how much the kernel's clock, or that of a file server, may be
// behind ours without an entry's times being set to ours. It may not be ahead:
// a client that waits exactly as long as it was told has waited enough.
const sameTime = time.Second

// makeEntry makes the file, in a folder that exists. The time of its making is
// now, even if the kernel's clock says otherwise.
func (s *Store) makeEntry(name string, now time.Time) error {
	fd, err := s.openRaw(name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return s.base.Wrap("stat", name, err)
	}
	if err := s.give(fd, name); err != nil {
		return err
	}
	if behind := now.Sub(mtime(&st)); 0 <= behind && behind <= sameTime {
		return nil
	}
	return ignoreMissing(s.setTimes(name, now, now))
}

// again decides about a client that has an entry, made at a time.
func (s *Store) again(q *Query, name string, made, now time.Time) (Decision, error) {
	d, stale := s.judge(made, now)
	switch {
	case stale:
		return d, s.setTimes(name, now, now)
	case d.State == Early:
		return d, s.setTimes(name, now, made)
	}
	return d, s.promote(s.entry(q, now.Sub(made), now), name, now)
}

// setTimes says when an entry came last, and first.
func (s *Store) setTimes(name string, last, first time.Time) error {
	times := []unix.Timespec{unix.NsecToTimespec(last.UnixNano()), unix.NsecToTimespec(first.UnixNano())}
	return s.base.Below(func(root int) error {
		return s.base.Wrap("utime", name, unix.UtimesNanoAt(root, name, times, unix.AT_SYMLINK_NOFOLLOW))
	})
}

// thin makes room in the folder of a client that has too many entries. Which of them
// go is left to chance: if the oldest went, a sender who works through a long list in
// the same order each time would always find gone just those that it comes to next.
// Errors are left to whoever comes next.
func (s *Store) thin(folder string) {
	names, err := s.list(folder)
	if err != nil || len(names) <= maxOfOne {
		return
	}
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	gone := names[maxOfOne*3/4:]
	for _, name := range gone {
		s.remove(folder+"/"+name, 0)
	}
	s.uncounted(int64(len(gone)))
}
