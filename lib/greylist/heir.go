package greylist

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// What root makes belongs to the owner of the store's folder: smtpd, which is
// somebody else, has to write it.

// heir is that owner. There is none for those who are not root, and where root
// is the owner.
type heir struct {
	uid, gid int
	ok       bool
}

func heirOf(root int) (h heir, err error) {
	if os.Geteuid() != 0 {
		return h, nil
	}
	var st unix.Stat_t
	err = unix.Fstat(root, &st)
	h.uid, h.gid = int(st.Uid), int(st.Gid)
	h.ok = err == nil && (h.uid != 0 || h.gid != os.Getegid())
	return h, err
}

func (s *Store) heirNow() heir {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heir
}

// give gives a file that may have been made to the heir. One that is the heir's
// is not touched: its time of change tells whether it was edited.
func (s *Store) give(fd int, name string) error {
	h := s.heirNow()
	if !h.ok {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return s.wrap("stat", name, err)
	}
	if int(st.Uid) == h.uid && int(st.Gid) == h.gid {
		return nil
	}
	return s.wrap("chown", name, unix.Fchown(fd, h.uid, h.gid))
}

// giveFolder gives the heir a folder that was made in one that is open.
func (s *Store) giveFolder(dir int, name, whole string) error {
	if h := s.heirNow(); h.ok {
		return s.wrap("chown", whole, unix.Fchownat(dir, name, h.uid, h.gid, unix.AT_SYMLINK_NOFOLLOW))
	}
	return nil
}

// inherit makes the owner of the folder above that of a folder that root made.
func inherit(dir string) error {
	var above, own unix.Stat_t
	if err := errors.Join(unix.Stat(filepath.Dir(dir), &above), unix.Lstat(dir, &own)); err != nil || own.Uid != 0 || above.Uid == 0 {
		return err
	}
	return os.Lchown(dir, int(above.Uid), int(above.Gid))
}
