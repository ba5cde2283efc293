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
// That of our address, in which it is, is kept open: a stranger is then not
// looked for from the top.
func (s *Store) makeRemote(remote string) (made bool, err error) {
	local, err := s.openLocal(path.Dir(remote))
	if err != nil {
		return false, err
	}
	// The garbage collector closes what letGo has put out of use.
	defer runtime.KeepAlive(local)
	return s.mkdirIn(int(local.Fd()), path.Base(remote), remote)
}

// openLocal is a folder of one of our addresses, which is made if need be.
func (s *Store) openLocal(name string) (*os.File, error) {
	s.mu.Lock()
	f := s.local
	s.mu.Unlock()
	if f != nil && path.Base(f.Name()) == path.Base(name) {
		return f, nil
	}
	const flag = unix.O_RDONLY | unix.O_DIRECTORY
	f, err := s.open(name, flag)
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.makeFolders(name); err == nil {
			f, err = s.open(name, flag)
		}
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.local = f
	s.mu.Unlock()
	return f, nil
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
	return s.below(func(root int) error {
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
		return false, s.wrap("mkdir", whole, err)
	}
}
