package greylist

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/safefile"
)

// Add puts entries at the end of the whitelist, a line each.
func (s *Store) Add(entries ...Entry) error {
	l, err := s.lock(whiteLock, personWait)
	if err != nil {
		return err
	}
	defer l.Close()
	return s.add(entries)
}

// promote puts a client onto the whitelist, and takes its entry away. Of many
// processes that find the entry at the same time one does that. While the
// whitelist is made anew, it is left to the next time.
func (s *Store) promote(e Entry, name string, now time.Time) error {
	l, err := s.lock(whiteLock, appendWait)
	if errors.Is(err, safefile.ErrLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	defer l.Close()
	st, err := s.stat(name)
	if err != nil {
		return ignoreMissing(err)
	}
	if d, _ := s.judge(mtime(&st), now); d.State != Pass {
		return nil // another one has done that, and it is a later entry
	}
	if err := s.add([]Entry{e}); err != nil {
		return err
	}
	return s.remove(name, 0)
}

// refreshes is how many times in its life an entry is written again because the
// client came.
const refreshes = 4

// refresh notes that a client came, if the entry that it is on the whitelist by
// is of those that expire. One from before the clock was set back would else
// stay until then.
func (s *Store) refresh(e Entry, now time.Time) error {
	since := now.Sub(e.Since)
	if s.Life <= 0 || e.Since.IsZero() || -skew <= since && since < s.Life/refreshes {
		return nil
	}
	e.Since = now
	l, err := s.lock(whiteLock, 0)
	if err != nil {
		return nil // the client is listed all the same, and comes again
	}
	defer l.Close()
	return s.add([]Entry{e})
}

// add appends lines and their slots. The caller has the lock.
func (s *Store) add(entries []Entry) error {
	f, err := s.create(whiteName, unix.O_RDWR|unix.O_APPEND)
	if err != nil {
		return err
	}
	defer f.Close()
	before, err := stateOf(f)
	if err != nil {
		return err
	}
	return s.extend(f, before, entries)
}

// extend is add to the text f, which was of a state a moment ago.
func (s *Store) extend(f *os.File, before textState, entries []Entry) error {
	places, end, err := appendLines(f, int64(before.Size), entries)
	if err != nil {
		return err
	}
	after, err := stateOf(f)
	if err != nil || after.Size <= smallText || after.coarse() { // who looks next makes an index
		return err
	}
	// A person may have appended something meanwhile.
	if int64(after.Size) == end && s.insert(before, after, entries, places) == nil {
		return nil
	}
	// The lines are written; an index is made when one is wanted, if it cannot
	// be made now.
	s.reindexNow()
	return nil
}

// appendLines writes lines at the end of the text, in one call, and says where
// each begins and the last ends. What is written of them when there is no room is taken away.
func appendLines(f *os.File, size int64, entries []Entry) (places []int64, end int64, err error) {
	var text []byte
	if !endsLine(f, size) {
		text = append(text, '\n')
	}
	places = make([]int64, len(entries))
	for i := range entries {
		places[i] = size + int64(len(text))
		text = append(append(text, entries[i].String()...), '\n')
	}
	n, err := f.Write(text)
	if err != nil && n > 0 {
		f.Truncate(size)
	}
	return places, size + int64(len(text)), err
}

// endsLine says whether what is appended begins a new line.
func endsLine(f *os.File, size int64) bool {
	var last [1]byte
	_, err := f.ReadAt(last[:], size-1)
	return size == 0 || err == nil && last[0] == '\n' || errors.Is(err, io.EOF)
}

// insert adds slots to the index of the text as it was, which makes it that of
// the text as it is.
func (s *Store) insert(before, after textState, entries []Entry, places []int64) error {
	t, err := s.openIndex(unix.O_RDWR, before)
	if err != nil {
		return err
	}
	defer t.file.Close()
	for i := range entries {
		if err := t.insert(&entries[i], places[i]); err != nil {
			return err
		}
	}
	return t.writeHead(after)
}
