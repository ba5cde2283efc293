package state

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"postern/lib/safefile"
)

// Names in this package are relative to the store's folder.

const (
	folderMode = 0o700
	fileMode   = 0o600
)

const hexDigits = "0123456789abcdef"

// keyName is where a key's file lies in a folder of shards. The same 256
// folders serve ten keys and a million.
func keyName(folder, key string) string {
	h := hash(fnvBasis, key)
	shard := []byte{'/', hexDigits[h>>4&15], hexDigits[h&15], '/'}
	return folder + string(shard) + safefile.Name(key)
}

const (
	fnvBasis = 14695981039346656037
	fnvPrime = 1099511628211
)

// hash goes on with an FNV-1a hash, which begins with fnvBasis.
func hash[T string | []byte](h uint64, s T) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

// open opens a file that exists.
func (s *Store) open(name string, flag int) (file, error) {
	if flag&unix.O_DIRECTORY == 0 {
		flag |= unix.O_NONBLOCK // for a FIFO that somebody has put there
	}
	var fd int
	err := s.base.Below(func(root int) (err error) {
		fd, err = restart(func() (int, error) {
			return safefile.OpenBeneath(root, name, flag|unix.O_CLOEXEC|unix.O_NOFOLLOW, fileMode)
		})
		return s.base.Wrap("open", name, err)
	})
	return file{fd: fd, store: s, name: name}, err
}

// create opens a file, which it makes when it does not exist, and its folders
// too.
func (s *Store) create(name string) (file, error) {
	f, err := s.createIn(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if err := s.makeFolders(path.Dir(name)); err != nil {
		return file{}, err
	}
	return s.createIn(name)
}

// createIn is create in a folder that exists. What root makes is for the owner
// of the store.
func (s *Store) createIn(name string) (file, error) {
	f, err := s.open(name, unix.O_RDWR|unix.O_CREAT)
	if err != nil {
		return f, err
	}
	if err := s.base.Heir().Give(f.fd); err != nil {
		f.close()
		return file{}, s.base.Wrap("chown", name, err)
	}
	return f, nil
}

// makeFolders makes a folder and those above it, the store's too.
func (s *Store) makeFolders(folder string) error {
	err := s.mkdirs(folder)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.base.Renew(); err != nil {
		return err
	}
	return s.mkdirs(folder)
}

// mkdirs makes a folder and those above it in the store.
func (s *Store) mkdirs(folder string) error {
	return s.base.Below(func(root int) error {
		for i := range len(folder) + 1 {
			if i < len(folder) && folder[i] != '/' {
				continue
			}
			err := unix.Mkdirat(root, folder[:i], folderMode)
			if err == unix.EEXIST {
				continue
			}
			if err == nil {
				err = s.base.Heir().GiveFolder(root, folder[:i])
			}
			if err != nil {
				return s.base.Wrap("mkdir", folder[:i], err)
			}
		}
		return nil
	})
}

// list is the names in a folder, none when it does not exist. Names that begin
// with a dot are not ours.
func (s *Store) list(folder string) ([]string, error) {
	f, err := s.open(folder, unix.O_RDONLY|unix.O_DIRECTORY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d := os.NewFile(uintptr(f.fd), folder)
	defer d.Close()
	all, err := d.Readdirnames(-1)
	names := all[:0]
	for _, name := range all {
		if !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	return names, err
}

// remove removes a file, which may be gone already.
func (s *Store) remove(name string) error {
	return s.base.Below(func(root int) error {
		if err := unix.Unlinkat(root, name, 0); err != nil && err != unix.ENOENT {
			return s.base.Wrap("remove", name, err)
		}
		return nil
	})
}
