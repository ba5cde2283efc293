package safefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Heir is the user to whom root gives what it makes in a folder: the folder's
// owner. When an administrator tries a tool as root, the daemon that owns the
// folder must still be able to write there. The zero Heir is nobody, to whom
// nothing is given; HeirOf returns it to those who are not root, and where root
// itself owns the folder.
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

// Give gives the heir an open file that was perhaps just made. A file that is the
// heir's already is not touched, so that its time of change stays. A file with
// another name may be anybody's, and is not given away.
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

// Inherit gives a folder that root made to the owner of the folder above. A folder
// that is somebody's already is left to him, and so is what is no folder: the
// owner of the folder above may have put a link in its place.
func Inherit(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	dir = filepath.Clean(dir)
	above, err := open(filepath.Dir(dir), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(above)
	heir, err := HeirOf(above)
	if err != nil || heir.uid == 0 {
		return err
	}
	made, err := OpenBeneath(above, filepath.Base(dir), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil
	}
	if err != nil {
		return pathError("open", dir, err)
	}
	defer unix.Close(made)
	var st unix.Stat_t
	if err := unix.Fstat(made, &st); err != nil || st.Uid != 0 {
		return err
	}
	return unix.Fchown(made, heir.uid, heir.gid)
}

// MakeOnce makes a durable file of this content, for the heir of its folder. A file
// of that name that is there stays as it is: of several processes the first makes
// it.
func MakeOnce(name string, data []byte, mode os.FileMode) error {
	dir := filepath.Dir(name)
	d := NewDraft(dir, len(data))
	defer d.Discard()
	var err error
	if d.Heir, err = HeirAt(dir); err != nil {
		return err
	}
	if _, err := d.Write(data); err != nil {
		return err
	}
	if err := d.Commit(mode, name); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
