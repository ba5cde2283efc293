//go:build !linux

package queue

import "path/filepath"

// nameOf is the path by which an entry is made.
func (q *Queue) nameOf(ref Ref) (name string, done func(), err error) {
	return filepath.Join(q.dir, ref.path()), func() {}, nil
}
