package safefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

// lookAgain is how long a file that was read is believed to be unchanged.
const lookAgain = time.Second

// Source is a file of the administrator, parsed when it is first needed and
// again when its time stamp or size has changed. A missing file gives the
// zero value of T. The zero Source is made ready by setting its fields; many
// goroutines may then use it.
type Source[T any] struct {
	Path  string
	Max   int64 // the longest file that is read, in octets
	Parse func(file string, text []byte) (T, error)
	Now   func() time.Time // nil for time.Now

	mu     sync.Mutex
	looked time.Time // zero: never
	stamp  stamp
	value  T
	err    error
}

// stamp tells two states of a file apart.
type stamp struct {
	time time.Time
	size int64
}

// Load is the content of the file as of at most a second ago. An error is that
// of reading the file, or of Parse. A file that everybody may write is not
// obeyed.
func (s *Source[T]) Load() (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Sub(s.looked) < lookAgain {
		return s.value, s.err
	}
	if s.looked.IsZero() || s.changed() {
		s.read()
	}
	s.looked = now
	return s.value, s.err
}

func (s *Source[T]) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// changed says whether the file is another one than that which was read.
// After an error it is always read again.
func (s *Source[T]) changed() bool {
	if s.err != nil {
		return true
	}
	fi, err := os.Stat(s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return s.stamp != stamp{}
	}
	return err != nil || s.stamp != stamp{fi.ModTime(), fi.Size()}
}

// read reads and parses the file.
func (s *Source[T]) read() {
	var none T
	text, fi, err := readConfig(s.Path, s.Max)
	if errors.Is(err, fs.ErrNotExist) {
		s.value, s.err, s.stamp = none, nil, stamp{}
		return
	}
	if err != nil {
		s.value, s.err = none, err
		return
	}
	s.stamp = stamp{fi.ModTime(), fi.Size()}
	s.value, s.err = s.Parse(s.Path, text)
}

// readConfig reads a file of the administrator. A file that everybody may
// write is not obeyed.
func readConfig(path string, max int64) ([]byte, fs.FileInfo, error) {
	f, err := OpenConfig(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return ReadTrusted(f, max, 0o002)
}

// ReadTrusted reads f to its end if it is a regular file of at most max
// octets that nobody of those in the mode others may write.
func ReadTrusted(f *os.File, max int64, others fs.FileMode) ([]byte, fs.FileInfo, error) {
	fi, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, err
	case !fi.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%s: not a regular file", f.Name())
	case fi.Mode().Perm()&others != 0:
		return nil, nil, fmt.Errorf("%s: others may write it (mode %v)", f.Name(), fi.Mode().Perm())
	case fi.Size() > max:
		return nil, nil, fmt.Errorf("%s: larger than %d octets", f.Name(), max)
	}
	text := make([]byte, fi.Size())
	n, err := io.ReadFull(f, text)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil // made shorter meanwhile: its stamp will tell
	}
	return text[:n], fi, err
}
