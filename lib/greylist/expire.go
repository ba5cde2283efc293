package greylist

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/safefile"
)

// maxStep is how far Expire believes that time has gone on since the last one.
// If the clock says more, it comes nearer to the clock only catchUp times as
// fast as that goes, however often it is run. So a clock that is years ahead for
// a day takes off the lists who would have been taken off in two weeks.
const (
	maxStep = 7 * 24 * time.Hour
	catchUp = 8
)

// Expired is what Expire did.
type Expired struct {
	Busy        bool // somebody else is at it, and nothing was done
	Grey, White int  // entries, and lines, that were removed
	Kept        int  // entries that were not
}

// Expire removes the entries of those that did not come again, and takes off
// the whitelist who did not come for long. No session waits for it. It may be
// killed and begun again; while another process does it, it does nothing.
func (s *Store) Expire(ctx context.Context, now time.Time) (x Expired, err error) {
	if _, err := os.Stat(s.Dir); err != nil {
		return x, ignoreMissing(err)
	}
	now, done, err := s.beginExpire(now)
	if errors.Is(err, safefile.ErrLocked) {
		return Expired{Busy: true}, nil
	}
	if err != nil {
		return x, err
	}
	defer done()
	if err := s.expireGrey(ctx, now, &x); err != nil {
		return x, err
	}
	return x, s.expireWhite(now, &x)
}

// beginExpire takes the lock until done, and gives the time that is taken for
// now. On a disk that has no room for the lock's file there is none: Expire is
// then needed most.
func (s *Store) beginExpire(clock time.Time) (now time.Time, done func(), err error) {
	mark, err := s.lock(expireLock, 0)
	if noRoom(err) {
		return clock, func() {}, nil
	}
	if err != nil {
		return clock, nil, err
	}
	now, err = s.believed(mark, clock)
	if err != nil {
		mark.Close()
		return clock, nil, err
	}
	return now, func() { mark.Close() }, nil
}

// believed is the time that is taken for now. The file's time stamp remembers
// it, and that of its last use what the clock said; a file that is empty, as it
// is new, remembers nothing.
func (s *Store) believed(mark *os.File, clock time.Time) (now time.Time, err error) {
	st, err := s.stat(expireLock)
	if err != nil {
		return clock, err
	}
	now = clock
	if st.Size > 0 {
		now = believable(mtime(&st), atime(&st), clock)
	} else if _, err = mark.WriteAt([]byte("the time stamp of this file is that of the last greylist expire\n"), 0); noRoom(err) {
		err = nil
	}
	return now, errors.Join(err, s.setTimes(expireLock, clock, now))
}

// noRoom says that the disk is full, or what one may have of it.
func noRoom(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// believable is the time at clock, when it was then at clockThen.
func believable(then, clockThen, clock time.Time) time.Time {
	passed := clock.Sub(clockThen)
	if passed < 0 { // that clock was wrong
		passed = maxStep
	}
	latest := then.Add(catchUp * min(passed, maxStep/catchUp))
	if clock.After(latest) {
		return latest
	}
	return clock
}

// expireGrey goes through the entries, and sets their count right.
func (s *Store) expireGrey(ctx context.Context, now time.Time, x *Expired) error {
	before, err := s.entries()
	if err != nil {
		return err
	}
	err = s.walk(ctx, func(name string, st *unix.Stat_t) error {
		if _, stale := s.judge(mtime(st), now); !stale || mtime(st).After(now) {
			x.Kept++
			return nil
		}
		x.Grey++
		return s.remove(name, 0)
	}, s.prune)
	if err != nil {
		return err
	}
	return s.recount(before, int64(x.Kept))
}

// recount sets the count to what was found, and what came meanwhile.
func (s *Store) recount(before, kept int64) error {
	after, err := s.entries()
	if err != nil || after == 0 {
		return err
	}
	f, err := s.counter(s.create)
	if err != nil {
		return err
	}
	return f.Truncate(kept + max(0, after-before))
}

// expireWhite writes the whitelist without those who have expired and without
// what later lines say again.
func (s *Store) expireWhite(now time.Time, x *Expired) error {
	l, err := s.lock(whiteLock, personWait)
	if err != nil {
		return err
	}
	defer l.Close()
	for range tries {
		err = s.rewriteWhite(now, x)
		if !errors.Is(err, errStale) {
			return err
		}
	}
	return err
}

// rewriteWhite does that if there is anything to leave out. The error is
// errStale when somebody has edited the text meanwhile.
func (s *Store) rewriteWhite(now time.Time, x *Expired) error {
	v, err := s.openFiles()
	if err != nil || v.text == nil {
		return err
	}
	defer v.close()
	drop, err := s.superfluous(&v, now)
	if err != nil || len(drop) == 0 {
		return err
	}
	text, err := io.ReadAll(io.NewSectionReader(v.text, 0, int64(v.state.Size)))
	if err != nil {
		return err
	}
	if err := s.prepareWhite(without(text, drop)); err != nil {
		return err
	}
	if err := s.replaceWhite(&v); err != nil {
		return err
	}
	x.White = len(drop)
	return s.reindexNow()
}

// reindexNow makes the index of the text anew, if it is long enough for one.
func (s *Store) reindexNow() error {
	v, err := s.openFiles()
	defer v.close()
	if err != nil || v.state.Size <= smallText || v.index != nil || !v.state.settled() {
		return err
	}
	return s.reindex(&v)
}

// prepareWhite writes a new text beside the one that is there, with its mode.
func (s *Store) prepareWhite(text []byte) error {
	st, err := s.stat(whiteName)
	if err != nil {
		return err
	}
	return s.write(newWhite, text, os.FileMode(st.Mode&0o777))
}

// replaceWhite puts the new text in the place of the one that was viewed. That
// nobody has edited it is looked at now, since writing took a while.
func (s *Store) replaceWhite(old *view) error {
	st, err := s.stat(whiteName)
	if err == nil && textStateOf(&st) != old.state {
		err = errStale
	}
	if err != nil {
		s.remove(newWhite, 0)
		return err
	}
	if err := s.rename(newWhite, whiteName); err != nil {
		return err
	}
	return s.takeOver(old)
}

// takeOver appends to the new text what somebody appended to the old one at the
// last moment.
func (s *Store) takeOver(old *view) error {
	now, err := stateOf(old.text)
	if err != nil || now.Size <= old.state.Size {
		return err
	}
	late := make([]byte, now.Size-old.state.Size)
	if _, err := old.text.ReadAt(late, int64(old.state.Size)); err != nil {
		return err
	}
	f, err := s.open(whiteName, unix.O_WRONLY|unix.O_APPEND)
	if err != nil {
		return err
	}
	_, err = f.Write(late)
	return errors.Join(err, f.Close())
}
