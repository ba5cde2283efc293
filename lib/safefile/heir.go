package safefile

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Heir is to whom belongs what root makes below a folder: the folder's owner,
// since daemons, which are somebody else, have to write it after an
// administrator has tried a tool. The zero Heir is nobody, as is that of those
// who are not root, and where root is the owner.
type Heir struct {
	uid, gid int
	ok       bool
}

// HeirOf is the heir of an open folder.
func HeirOf(folder int) (h Heir, err error) {
	if os.Geteuid() != 0 {
		return h, nil
	}
	var st unix.Stat_t
	err = unix.Fstat(folder, &st)
	h.uid, h.gid = int(st.Uid), int(st.Gid)
	h.ok = err == nil && (h.uid != 0 || h.gid != os.Getegid())
	return h, err
}

// HeirAt is the heir of the folder of that name.
func HeirAt(dir string) (Heir, error) {
	fd, err := open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return Heir{}, err
	}
	defer unix.Close(fd)
	return HeirOf(fd)
}

// Give gives the heir an open file that may have been made. One that is the
// heir's is not touched: its time of change tells whether it was edited. One
// that has another name too may be anybody's, and is not given away.
func (h Heir) Give(fd int) error {
	if !h.ok {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if int(st.Uid) == h.uid && int(st.Gid) == h.gid || st.Nlink > 1 {
		return nil
	}
	return unix.Fchown(fd, h.uid, h.gid)
}

// GiveFolder gives the heir a folder that was made below one that is open. The
// heir may have put a link in its way since, which is not followed.
func (h Heir) GiveFolder(root int, name string) error {
	if !h.ok {
		return nil
	}
	fd, err := OpenBeneath(root, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Fchown(fd, h.uid, h.gid)
}

// Inherit makes the owner of the folder above that of a folder that root made.
func Inherit(dir string) error {
	var above, own unix.Stat_t
	if err := errors.Join(unix.Stat(filepath.Dir(dir), &above), unix.Lstat(dir, &own)); err != nil || own.Uid != 0 || above.Uid == 0 {
		return err
	}
	return os.Lchown(dir, int(above.Uid), int(above.Gid))
}
