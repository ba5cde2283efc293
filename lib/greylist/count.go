package greylist

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// countName is the file that is as long as there are entries in greyFolder. It
// has holes for those that Expire has counted and an octet for each that came
// since: appending one is safe among many processes.
const countName = "count"

// full says whether there are as many entries as there may be. Then those that exist
// still count, and no others are made.
func (s *Store) full() (bool, error) {
	n, err := s.entries()
	return n >= int64(s.Max), err
}

// entries is how many there are.
func (s *Store) entries() (int64, error) {
	f, err := s.counter(s.open)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return fi.Size(), nil
}

// counted counts one more.
func (s *Store) counted() error {
	f, err := s.counter(s.create)
	if err == nil {
		_, err = f.Write([]byte("."))
	}
	return err
}

// uncounted counts n less: else one client could use up what all may have. What
// others count at the same moment may be lost; Expire sets that right.
func (s *Store) uncounted(n int64) {
	before, err := s.entries()
	if err != nil {
		return
	}
	if f, err := s.counter(s.open); err == nil {
		f.Truncate(max(0, before-n))
	}
}

// counter is the open file of the count.
func (s *Store) counter(open func(name string, flag int) (*os.File, error)) (*os.File, error) {
	s.mu.Lock()
	f := s.count
	s.mu.Unlock()
	if f != nil {
		return f, nil
	}
	f, err := open(countName, unix.O_WRONLY|unix.O_APPEND)
	if err == nil {
		s.mu.Lock()
		s.count = f
		s.mu.Unlock()
	}
	return f, err
}
