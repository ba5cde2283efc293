package greylist

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"runtime"

	"golang.org/x/sys/unix"
)

// makeRemote makes the folder of a client, and says whether there was none.
func (s *Store) makeRemote(remote string) (made bool, err error) {
	local, kept, err := s.openLocal(path.Dir(remote))
	if err != nil {
		return false, err
	}
	if !kept {
		defer local.Close()
	}
	// The garbage collector closes what letGo has put out of use.
	defer runtime.KeepAlive(local)
	return s.mkdirIn(int(local.Fd()), path.Base(remote), remote)
}

// openLocal opens the folder of one of our addresses, which is made if need be.
// That of the first is kept open: it is often the only one, and a stranger is
// then not looked for from the top.
func (s *Store) openLocal(name string) (f *os.File, kept bool, err error) {
	s.mu.Lock()
	first := s.local
	s.mu.Unlock()
	if first != nil && path.Base(first.Name()) == path.Base(name) {
		return first, true, nil
	}
	const flag = unix.O_RDONLY | unix.O_DIRECTORY
	f, err = s.open(name, flag)
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.makeFolders(name); err == nil {
			f, err = s.open(name, flag)
		}
	}
	if first == nil && err == nil {
		s.mu.Lock()
		s.local = f
		s.mu.Unlock()
	}
	return f, first == nil, err
}

// letGo forgets the folder that is kept open, as it may be another one by now.
func (s *Store) letGo() {
	s.mu.Lock()
	s.local = nil
	s.mu.Unlock()
}

// makeFolders makes a folder and those above it, the store's own too.
func (s *Store) makeFolders(folder string) error {
	err := s.mkdir(folder)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if above := path.Dir(folder); above != "." {
		err = s.makeFolders(above)
	} else {
		err = s.renew()
	}
	if err != nil {
		return err
	}
	return s.mkdir(folder)
}

func (s *Store) mkdir(folder string) error {
	return s.base.Below(func(root int) error {
		_, err := s.mkdirIn(root, folder, folder)
		return err
	})
}

// mkdirIn makes a folder in one that is open, and says whether there was none.
func (s *Store) mkdirIn(dir int, name, whole string) (made bool, err error) {
	switch err := unix.Mkdirat(dir, name, folderMode); err {
	case nil:
		return true, s.giveFolder(dir, name, whole)
	case unix.EEXIST:
		return false, nil
	default:
		return false, s.base.Wrap("mkdir", whole, err)
	}
}
