package state

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"postern/lib/safefile"
)

// Names in this package are relative to the store's folder.

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

// below calls f with the store's folder, which is opened once. os.Root would
// open each folder on the way for each file.
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

// openRoot opens the store's folder. The caller has the mutex.
func (s *Store) openRoot() error {
	fd, err := restart(func() (int, error) {
		return unix.Open(s.dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return &fs.PathError{Op: "open", Path: s.dir, Err: err}
	}
	s.root = os.NewFile(uintptr(fd), s.dir)
	s.heir, err = safefile.HeirOf(fd)
	return err
}

// open opens a file that exists.
func (s *Store) open(name string, flag int) (file, error) {
	if flag&unix.O_DIRECTORY == 0 {
		flag |= unix.O_NONBLOCK // for a FIFO that somebody has put there
	}
	var fd int
	err := s.below(func(root int) (err error) {
		fd, err = restart(func() (int, error) {
			return safefile.OpenBeneath(root, name, flag|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
		})
		return s.wrap("open", name, err)
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
	if err := s.heirNow().Give(f.fd); err != nil {
		f.close()
		return file{}, s.wrap("chown", name, err)
	}
	return f, nil
}

func (s *Store) heirNow() safefile.Heir {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heir
}

// makeFolders makes a folder and those above it, the store's too.
func (s *Store) makeFolders(folder string) error {
	err := s.mkdirs(folder)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.renew(); err != nil {
		return err
	}
	return s.mkdirs(folder)
}

// mkdirs makes a folder and those above it in the store.
func (s *Store) mkdirs(folder string) error {
	return s.below(func(root int) error {
		for i := range len(folder) + 1 {
			if i < len(folder) && folder[i] != '/' {
				continue
			}
			err := unix.Mkdirat(root, folder[:i], 0o700)
			if err == unix.EEXIST {
				continue
			}
			if err == nil {
				err = s.heirNow().GiveFolder(root, folder[:i])
			}
			if err != nil {
				return s.wrap("mkdir", folder[:i], err)
			}
		}
		return nil
	})
}

// renew opens the store's folder anew: it was not there, or was removed.
func (s *Store) renew() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if err := safefile.Inherit(s.dir); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.openRoot()
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
	return s.below(func(root int) error {
		if err := unix.Unlinkat(root, name, 0); err != nil && err != unix.ENOENT {
			return s.wrap("remove", name, err)
		}
		return nil
	})
}

// wrap says what was tried and where.
func (s *Store) wrap(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: filepath.Join(s.dir, name), Err: err}
}
