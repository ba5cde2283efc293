package greylist

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/safefile"
)

// Names in this package are relative to the store's folder.

const (
	folderMode = 0o750
	fileMode   = 0o640
)

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
	err = s.base.Below(func(root int) (err error) {
		flag |= unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK
		for {
			fd, err = safefile.OpenBeneath(root, name, flag, fileMode)
			if err != unix.EINTR {
				return s.base.Wrap("open", name, err)
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

// renew opens the store's folder anew, as it was not there or was removed, and
// forgets what was open in an older one.
func (s *Store) renew() error {
	if err := s.base.Renew(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count, s.local = nil, nil
	return nil
}

// give gives away a file that may have been made: what root makes belongs to the
// owner of the store's folder, who is smtpd and has to write it.
func (s *Store) give(fd int, name string) error {
	return s.base.Wrap("chown", name, s.base.Heir().Give(fd))
}

// giveFolder gives away a folder that was made in one that is open.
func (s *Store) giveFolder(dir int, name, whole string) error {
	return s.base.Wrap("chown", whole, s.base.Heir().GiveFolder(dir, name))
}

// stat is the state of a file.
func (s *Store) stat(name string) (st unix.Stat_t, err error) {
	err = s.base.Below(func(root int) error {
		return s.base.Wrap("stat", name, unix.Fstatat(root, name, &st, unix.AT_SYMLINK_NOFOLLOW))
	})
	return st, err
}

// remove removes a file, or with unix.AT_REMOVEDIR an empty folder, which may
// be gone already.
func (s *Store) remove(name string, flag int) error {
	return s.base.Below(func(root int) error {
		if err := unix.Unlinkat(root, name, flag); err != unix.ENOENT {
			return s.base.Wrap("remove", name, err)
		}
		return nil
	})
}

// rename gives a file of ours the name of another.
func (s *Store) rename(from, to string) error {
	return s.base.Below(func(root int) error {
		return s.base.Wrap("rename", from, unix.Renameat(root, from, root, to))
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

// ignoreMissing is err, or nil when it says that a file does not exist.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
