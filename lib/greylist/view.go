package greylist

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/safefile"
)

const (
	indexName = "whitelist.index"
	newIndex  = "whitelist.index.new"
	newWhite  = "whitelist.new"
)

// smallText is how long a text is read as it is, in octets: that costs no more
// than an index.
const smallText = 8 << 10

// A view is the whitelist as it was at a time.
type view struct {
	state textState
	text  *os.File // nil: there is none
	index *table   // nil: there is none that is good
}

// close closes the files of a view.
func (v *view) close() {
	if v.text != nil {
		v.text.Close()
	}
	if v.index != nil {
		v.index.file.Close()
	}
}

// sharedView is a view that many goroutines look at. Once the store has a newer one,
// the last who leaves it closes it.
type sharedView struct {
	view
	users int // of whom one is the store
}

// look returns the whitelist as it is now. Whoever looks gives it back with leave.
func (s *Store) look() (*sharedView, error) {
	st, err := s.stat(whiteName)
	if errors.Is(err, fs.ErrNotExist) {
		return &sharedView{users: 1}, nil
	}
	if err != nil {
		return nil, err
	}
	if v := s.seen(textStateOf(&st)); v != nil {
		return v, nil
	}
	own, err := s.openView()
	if err != nil {
		return nil, err
	}
	v := &sharedView{view: own, users: 1}
	if own.lasting() {
		s.see(v)
	}
	return v, nil
}

// lasting says whether the view is good as long as the text is the same: one
// without an index is not, if there may be one the next time.
func (v *view) lasting() bool { return v.text != nil && (v.index != nil || v.state.Size <= smallText) }

// seen is the view that is open, when it is of this state.
func (s *Store) seen(state textState) *sharedView {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view == nil || s.view.state != state {
		return nil
	}
	s.view.users++
	return s.view
}

// see makes v the view that is open from now on.
func (s *Store) see(v *sharedView) {
	s.mu.Lock()
	old := s.view
	s.view = v
	v.users++
	s.mu.Unlock()
	if old != nil {
		s.leave(old)
	}
}

// leave gives a view back.
func (s *Store) leave(v *sharedView) {
	s.mu.Lock()
	v.users--
	last := v.users == 0
	s.mu.Unlock()
	if last {
		v.close()
	}
}

// How long to wait for others who change the whitelist. A session adds its line in
// microseconds, and does not wait for somebody who writes the whole list anew.
const (
	appendWait = 100 * time.Millisecond
	personWait = time.Minute
)

// How long to wait for an index that is being made: many who would read all of
// a long text meanwhile would only make that last longer.
const (
	leastWait   = 20 * time.Millisecond
	waitByOctet = 500 * time.Nanosecond // of the text; making the index takes a tenth
	mostWait    = 5 * time.Second
)

func indexWait(size uint64) time.Duration {
	return min(leastWait+time.Duration(min(size, 1<<32))*waitByOctet, mostWait)
}

// openView opens the whitelist and the index, which it makes if it is not
// there or not good. While somebody else does that, or where it cannot be done,
// the view has none.
func (s *Store) openView() (view, error) {
	v, err := s.openFiles()
	if err != nil || v.index != nil || v.state.Size <= smallText {
		return v, err
	}
	l, err := s.lock(whiteLock, indexWait(v.state.Size))
	if err != nil {
		return v, nil // the text will do
	}
	defer l.Close()
	v.close()
	if v, err = s.openFiles(); err != nil || v.index != nil || !v.state.settled() {
		return v, err
	}
	if err := s.reindex(&v); err != nil {
		return v, nil
	}
	return v, nil
}

// openFiles opens what is there.
func (s *Store) openFiles() (v view, err error) {
	if v.text, err = s.open(whiteName, unix.O_RDONLY); err != nil {
		return v, ignoreMissing(err)
	}
	if v.state, err = stateOf(v.text); err != nil {
		v.close()
		return view{}, err
	}
	if v.state.Size <= smallText {
		return v, nil
	}
	v.index, _ = s.openIndex(unix.O_RDONLY, v.state)
	return v, nil
}

// stateOf is the state of the text that is open.
func stateOf(f *os.File) (textState, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return textState{}, &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return textState{}, &fs.PathError{Op: "open", Path: f.Name(), Err: safefile.ErrNotRegular}
	}
	return textStateOf(&st), nil
}

// openIndex opens the index of a state of the text.
func (s *Store) openIndex(flag int, state textState) (*table, error) {
	f, err := s.open(indexName, flag)
	if err != nil {
		return nil, err
	}
	t, err := openTable(f)
	if err == nil && !t.current(state) {
		err = errStale
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return t, nil
}

// reindex makes the index of a view anew. The caller has the lock.
func (s *Store) reindex(v *view) error {
	b := newBuilder()
	text := io.NewSectionReader(v.text, 0, int64(v.state.Size))
	if err := eachLine(text, func(e Entry, at int64) { b.add(&e, at) }, nil); err != nil {
		return err
	}
	// What was read is that state only if it is so still.
	if now, err := stateOf(v.text); err != nil || now != v.state {
		return errors.Join(err, errStale)
	}
	if err := s.replace(newIndex, indexName, b.bytes(v.state), fileMode); err != nil {
		return err
	}
	var err error
	v.index, err = s.openIndex(unix.O_RDONLY, v.state)
	return err
}

// replace puts a new file in the place of an old one, by way of a third name.
func (s *Store) replace(way, name string, data []byte, mode os.FileMode) error {
	if err := s.write(way, data, mode); err != nil {
		return err
	}
	return s.rename(way, name)
}

// write makes a file anew, and has it on disk.
func (s *Store) write(name string, data []byte, mode os.FileMode) error {
	if err := s.remove(name, 0); err != nil {
		return err
	}
	f, err := s.create(name, unix.O_WRONLY|unix.O_EXCL)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		s.remove(name, 0)
	}
	return err
}
