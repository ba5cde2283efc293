package greylist

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/safefile"
)

// Names in this package are relative to the store's folder.

const (
	folderMode = 0o750
	fileMode   = 0o640
)

// below calls f with the store's folder, which is opened once.
func (s *Store) below(f func(root int) error) error {
	s.mu.Lock()
	if s.root == nil {
		if err := s.openRoot(); err != nil {
			s.mu.Unlock()
			return err
		}
	}
	root := s.root
	s.mu.Unlock()
	// The garbage collector closes what renew has put out of use.
	defer runtime.KeepAlive(root)
	return f(int(root.Fd()))
}

// openRoot opens the store's folder, and forgets what was open in an older one.
// The caller has the mutex.
func (s *Store) openRoot() error {
	root, err := os.Open(s.Dir)
	if err != nil {
		return err
	}
	s.root, s.count, s.local = root, nil, nil
	s.heir, err = safefile.HeirOf(int(root.Fd()))
	return err
}

// open opens a file below the folder.
func (s *Store) open(name string, flag int) (*os.File, error) {
	fd, err := s.openRaw(name, flag)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), s.Dir+"/"+name), nil
}

// openRaw is open without an os.File, which costs two system calls more.
func (s *Store) openRaw(name string, flag int) (fd int, err error) {
	err = s.below(func(root int) (err error) {
		flag |= unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK
		for {
			fd, err = safefile.OpenBeneath(root, name, flag, fileMode)
			if err != unix.EINTR {
				return s.wrap("open", name, err)
			}
		}
	})
	return fd, err
}

// create opens a file, which is made when it does not exist, in a folder that
// may not exist either. One that root makes is for the owner of the folder.
func (s *Store) create(name string, flag int) (*os.File, error) {
	f, err := s.open(name, flag|unix.O_CREAT)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.renew(); err != nil {
			return nil, err
		}
		f, err = s.open(name, flag|unix.O_CREAT)
	}
	if err == nil {
		if err = s.give(int(f.Fd()), name); err != nil {
			f.Close()
		}
	}
	return f, err
}

// renew opens the store's folder anew: it was not there, or was removed.
func (s *Store) renew() error {
	if err := os.MkdirAll(s.Dir, folderMode); err != nil {
		return err
	}
	if err := safefile.Inherit(s.Dir); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.openRoot()
}

// stat is the state of a file.
func (s *Store) stat(name string) (st unix.Stat_t, err error) {
	err = s.below(func(root int) error {
		return s.wrap("stat", name, unix.Fstatat(root, name, &st, unix.AT_SYMLINK_NOFOLLOW))
	})
	return st, err
}

// remove removes a file, or with unix.AT_REMOVEDIR an empty folder, which may
// be gone already.
func (s *Store) remove(name string, flag int) error {
	return s.below(func(root int) error {
		if err := unix.Unlinkat(root, name, flag); err != unix.ENOENT {
			return s.wrap("remove", name, err)
		}
		return nil
	})
}

// rename gives a file of ours the name of another.
func (s *Store) rename(from, to string) error {
	return s.below(func(root int) error {
		return s.wrap("rename", from, unix.Renameat(root, from, root, to))
	})
}

// list is the names in a folder, none when it does not exist.
func (s *Store) list(folder string) ([]string, error) {
	f, err := s.open(folder, unix.O_RDONLY|unix.O_DIRECTORY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

// The names of locks.
const (
	whiteLock  = "lock"
	expireLock = "expired"
)

// lock takes a lock, for which it waits no longer than limit; then the error
// is safefile.ErrLocked. The lock is given back by closing the file.
func (s *Store) lock(name string, limit time.Duration) (*os.File, error) {
	f, err := s.create(name, unix.O_RDWR)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := safefile.Lock(ctx, f); err != nil {
		f.Close()
		if ctx.Err() != nil {
			err = safefile.ErrLocked
		}
		return nil, err
	}
	return f, nil
}

// wrap says what was tried and where.
func (s *Store) wrap(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: s.Dir + "/" + name, Err: err}
}

// ignoreMissing is err, or nil when it says that a file does not exist.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
