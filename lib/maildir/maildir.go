// Package maildir puts messages into Maildirs: folders with a file for each
// message, where readers need no lock.
package maildir

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"postern/lib/safefile"
)

// ErrUnsafe is the error of a symbolic link that stands in a Maildir's place.
var ErrUnsafe = errors.New("not a safe Maildir")

// Info is what decides who may deliver into a Maildir, and which of them can
// share one file.
type Info struct {
	Owner  int    // uid
	Group  int    // gid
	Device uint64 // the file system
}

// Stat looks at the Maildir at path. Neither it nor its folder new may be a
// symbolic link. fs.ErrNotExist says that there is none, syscall.ENOTDIR that
// it is no folder. Of a Maildir into which we may not look there is the Info of
// the outer folder.
func Stat(path string) (Info, error) {
	path = filepath.Clean(path)
	outer, err := statFolder(path)
	if err != nil {
		return Info{}, err
	}
	info, err := statFolder(path + "/new")
	if errors.Is(err, fs.ErrPermission) {
		return outer, nil // another user's, and he alone can look into it
	}
	return info, err
}

// statFolder is the Info of one folder.
func statFolder(path string) (Info, error) {
	var st syscall.Stat_t
	if err := syscall.Lstat(path, &st); err != nil {
		return Info{}, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
	case syscall.S_IFLNK:
		return Info{}, fmt.Errorf("%s: %w: a symbolic link", path, ErrUnsafe)
	default:
		return Info{}, &fs.PathError{Op: "lstat", Path: path, Err: syscall.ENOTDIR}
	}
	return Info{int(st.Uid), int(st.Gid), uint64(st.Dev)}, nil
}

// Create makes the Maildir at path, with mode 0700. Its parent must exist.
// What is there already is left as it is.
func Create(path string) error {
	path = filepath.Clean(path)
	for _, dir := range [...]string{"", "/tmp", "/cur", "/new"} {
		if err := os.Mkdir(path+dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	for _, dir := range [...]string{path, filepath.Dir(path)} {
		if err := safefile.SyncDir(dir); err != nil {
			return err
		}
	}
	_, err := Stat(path)
	return err
}

// New is the folder of the Maildir at path where new messages appear.
func New(path string) string { return filepath.Clean(path) + "/new" }

// Name is a file name for a message: the time, what no other process has at
// that time, and the host, as readers expect it. An id, when there is one, is
// in it, for Has to find.
func Name(now time.Time, host, id string) string {
	if id != "" {
		id = idMark + id
	}
	if host == "" {
		host = "localhost"
	}
	return fmt.Sprintf("%d.M%06dP%dR%016x%s.%s",
		now.Unix(), now.Nanosecond()/1000, os.Getpid(), rand.Uint64(), clean(id), clean(host))
}

// idMark comes before the id in a name.
const idMark = "Q"

// Has says whether the Maildir at path has a message that was named for id,
// new or seen. It reads both folders.
func Has(path, id string) (bool, error) {
	for _, dir := range [...]string{"/new", "/cur"} {
		entries, err := os.ReadDir(filepath.Clean(path) + dir)
		if err != nil {
			return false, err
		}
		for _, e := range entries {
			if strings.Contains(e.Name(), idMark+clean(id)+".") {
				return true, nil
			}
		}
	}
	return false, nil
}

// clean is a part of a file name without what would end it: as the Maildir page
// says, / and : stand as \057 and \072.
func clean(part string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, strings.NewReplacer("/", `\057`, ":", `\072`).Replace(part))
}

// Commit puts the draft, durably, into each of the Maildirs, as one file with
// several names, and returns these: in all of them or in none. They must lie
// on the draft's file system. For host and id see Name.
func Commit(d *safefile.Draft, now time.Time, host, id string, paths ...string) (names []string, err error) {
	for _, path := range paths {
		names = append(names, New(path)+"/"+Name(now, host, id))
	}
	return names, d.Commit(0o600, names...)
}
