package deliver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
)

// lookAgain is how long a file that was read is believed to be unchanged.
const lookAgain = time.Second

// source is a file of the administrator, parsed when it is first needed and
// again when its time stamp or size has changed. A missing file gives the
// zero value.
type source[T any] struct {
	path  string
	max   int64
	parse func(file string, text []byte) (T, error)

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

// load is the content of the file as of at most lookAgain ago.
func (s *source[T]) load() (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !s.looked.IsZero() && now.Sub(s.looked) < lookAgain {
		return s.value, s.err
	}
	if s.looked.IsZero() || s.changed() {
		s.read()
	}
	s.looked = now
	return s.value, s.err
}

// changed says whether the file is another one than that which was read.
// After an error it is always read again.
func (s *source[T]) changed() bool {
	fi, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return s.stamp != stamp{}
	}
	return err != nil || s.err != nil || s.stamp != stamp{fi.ModTime(), fi.Size()}
}

// read reads and parses the file.
func (s *source[T]) read() {
	var none T
	text, fi, err := readConfig(s.path, s.max)
	if errors.Is(err, fs.ErrNotExist) {
		s.value, s.err, s.stamp = none, nil, stamp{}
		return
	}
	if err != nil {
		s.value, s.err = none, err
		return
	}
	s.stamp = stamp{fi.ModTime(), fi.Size()}
	s.value, s.err = s.parse(s.path, text)
}

// readConfig reads a file of the administrator. A file that everybody may
// write is not obeyed.
func readConfig(path string, max int64) ([]byte, fs.FileInfo, error) {
	// Directly: os.Open asks the poller, in vain, at some system calls' cost.
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	return readTrusted(f, max, 0o002)
}

// readTrusted reads f to its end if it is a regular file of at most max
// octets that nobody of those in the mode others may write.
func readTrusted(f *os.File, max int64, others fs.FileMode) ([]byte, fs.FileInfo, error) {
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
