package queue

import (
	"os"
	"path/filepath"
	"strconv"

	"postern/lib/safefile"
)

// nameOf is the path by which an entry is made, good until done is called. Root,
// in the queue of another user, must not follow a link that this user may have
// put in the place of a folder: the path goes by the open folder itself, where
// there is /proc.
func (q *Queue) nameOf(ref Ref) (name string, done func(), err error) {
	name = filepath.Join(q.dir, ref.path())
	if q.heir == (safefile.Heir{}) {
		return name, func() {}, nil
	}
	folder, err := q.root.Open(ref.folder)
	if err != nil {
		return "", nil, err
	}
	itself := filepath.Join("/proc/self/fd", strconv.Itoa(int(folder.Fd())))
	if _, err := os.Stat(itself); err == nil {
		name = filepath.Join(itself, ref.ID)
	}
	return name, func() { folder.Close() }, nil
}
