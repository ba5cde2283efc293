package safefile

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// Base is the folder below which a store keeps its files. It is opened once, when
// it is first needed: os.Root would open each folder on the way for each file. Many
// goroutines may use it.
type Base struct {
	dir  string
	mode fs.FileMode

	mu   sync.Mutex
	root *os.File // dir, once it was needed
	heir Heir
}

// NewBase is the folder dir. Renew makes it with mode where it does not exist.
func NewBase(dir string, mode fs.FileMode) *Base { return &Base{dir: dir, mode: mode} }

// Below calls f with a descriptor of the folder, for OpenBeneath and its like. The
// error is f's, or fs.ErrNotExist when the folder is not there: see Renew.
func (b *Base) Below(f func(root int) error) error {
	b.mu.Lock()
	if b.root == nil {
		if err := b.open(); err != nil {
			b.mu.Unlock()
			return err
		}
	}
	root := b.root
	b.mu.Unlock()
	// The garbage collector closes what Renew has put out of use.
	defer runtime.KeepAlive(root)
	return f(int(root.Fd()))
}

// Renew opens the folder anew, since it was not there or was removed. It makes it,
// and those above it, for the heir of what is there.
func (b *Base) Renew() error {
	if err := os.MkdirAll(b.dir, b.mode); err != nil {
		return err
	}
	if err := Inherit(b.dir); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open()
}

// open opens the folder. The caller has the mutex.
func (b *Base) open() error {
	fd, err := open(b.dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	b.root = os.NewFile(uintptr(fd), b.dir)
	b.heir, err = HeirOf(fd)
	return err
}

// Heir is to whom root gives what it makes in the folder.
func (b *Base) Heir() Heir {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.heir
}

// Wrap says what was tried with which file, whose name is relative to the folder.
// It is nil when err is.
func (b *Base) Wrap(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: filepath.Join(b.dir, name), Err: err}
}
