package queue

import (
	"path/filepath"
	"strconv"

	"postern/lib/safefile"
)

// nameOf is the path by which an entry is made, good until done is called. The
// owner of the queue may have put a link in the place of one of its folders,
// which root is not to follow: he goes by the folder itself.
func (q *Queue) nameOf(ref Ref) (name string, done func(), err error) {
	if q.heir == (safefile.Heir{}) {
		return filepath.Join(q.dir, ref.path()), func() {}, nil
	}
	folder, err := q.root.Open(ref.folder)
	if err != nil {
		return "", nil, err
	}
	name = filepath.Join("/proc/self/fd", strconv.Itoa(int(folder.Fd())), ref.ID)
	return name, func() { folder.Close() }, nil
}
