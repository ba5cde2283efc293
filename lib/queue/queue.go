// Package queue keeps accepted messages until every recipient is served.
//
// A message is one file: its envelope with the state of each recipient, an
// empty line, the text. Where the file lies says when it is due:
//
//	new/S/ID             never tried: due at once
//	wait/MINUTE/S/ID     due at this minute (UTC, 20261121-1205)
//	hold/S/ID            not tried until a person lets it go
//	failed/S/ID          at least one recipient will not be tried again
//	damaged/ID           cannot be read, set aside for a person
//	done/ID              no more an entry: waits for its unlink
//	kick/DOMAIN          a domain whose mail is asked for (ETRN), due or not
//	trigger              a FIFO: ids of new entries, for the runq that waits
//
// S is one hexadecimal digit made from the id, so that no folder grows large.
// A new entry appears by one link of a file that is complete and synced. After
// that its size never changes: only the state of a recipient, which has a fixed
// width, is overwritten in place (status.go). An entry is put off by a rename,
// and gone by another. Whoever works on an entry holds a flock on it, which the
// kernel drops when the process dies.
//
// The form of the files is described in queue(5), and made by head.go. When an
// entry is tried again is for runq to say.
package queue

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"postern/lib/safefile"
)

// What an entry that cannot be worked on is refused with.
var (
	ErrNotFound = errors.New("no such queue entry")
	ErrLocked   = errors.New("queue entry is being worked on")
	ErrDamaged  = errors.New("queue entry is damaged")
)

// The folders of a queue.
const (
	placeNew     = "new"
	placeWait    = "wait"
	placeHold    = "hold"
	placeFailed  = "failed"
	placeDamaged = "damaged"
	placeDone    = "done"
)

// Queue is one queue folder. It may be used by many goroutines, and by many
// processes, at once.
type Queue struct {
	dir  string
	abs  string   // dir from the root, for other programs
	root *os.Root // all goes through it, so that links cannot lead out; only Create goes by path
	heir safefile.Heir
	sync safefile.Syncer
	gone gone
}

// Open opens the queue in dir and makes the folders that are missing, with
// mode 0700 and the owner of dir. dir itself is made when its parent exists, and
// given to the parent's owner when root makes it: whoever tries send or smtpd as
// root must not lock out those who come after him.
func Open(dir string) (*Queue, error) {
	root, err := openRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	q := &Queue{dir: dir, root: root}
	if q.abs, err = filepath.Abs(dir); err != nil {
		root.Close()
		return nil, fmt.Errorf("queue: %w", err)
	}
	if q.heir, err = heirOf(root); err != nil {
		root.Close()
		return nil, fmt.Errorf("queue: %w", err)
	}
	// The last folder that layOut makes: where it is, all are.
	if _, err := root.Lstat(placeNew + "/f"); err == nil {
		return q, nil
	}
	if err := q.layOut(); err != nil {
		root.Close()
		return nil, fmt.Errorf("queue: %w", err)
	}
	return q, nil
}

// Close releases the queue's descriptor. Entries that are open stay usable
// for reading only.
func (q *Queue) Close() error { return q.root.Close() }

// Dir is the queue's folder.
func (q *Queue) Dir() string { return q.dir }

// openRoot opens dir, making it first when it is missing.
func openRoot(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := safefile.Inherit(dir); err != nil {
		return nil, err
	}
	if err := safefile.SyncDir(filepath.Dir(dir)); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

// heirOf is the owner of the queue, to whom root gives what it puts there: smtp,
// which reads it, runs as this user and not as root.
func heirOf(root *os.Root) (safefile.Heir, error) {
	if os.Geteuid() != 0 {
		return safefile.Heir{}, nil
	}
	dir, err := root.Open(".")
	if err != nil {
		return safefile.Heir{}, err
	}
	defer dir.Close()
	return safefile.HeirOf(int(dir.Fd()))
}

// layOut makes all folders whose names are known beforehand. new/f comes
// last, see Open.
func (q *Queue) layOut() error {
	dirs := []string{placeDamaged, placeWait}
	for _, place := range []string{placeFailed, placeNew} {
		dirs = append(dirs, place)
		for _, s := range shards {
			dirs = append(dirs, place+"/"+string(s))
		}
	}
	for _, dir := range dirs {
		if err := q.mkdir(dir); err != nil {
			return err
		}
	}
	for _, dir := range []string{placeNew, placeFailed, "."} {
		if err := safefile.SyncDir(filepath.Join(q.dir, dir)); err != nil {
			return err
		}
	}
	return nil
}

// mkdir makes one folder; one that is there is left as it is. Made by root,
// it is given to the owner of the queue, who must be able to write there.
func (q *Queue) mkdir(name string) error {
	err := q.root.Mkdir(name, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	return q.giveToOwner(name)
}

// giveToOwner gives a folder or FIFO that root made to the queue's owner.
func (q *Queue) giveToOwner(name string) error {
	fi, err := q.root.Stat(".")
	if err != nil {
		return err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok || st.Uid == 0 {
		return nil
	}
	return q.root.Lchown(name, int(st.Uid), int(st.Gid))
}

// mkdirAll makes dir and the folders above it.
func (q *Queue) mkdirAll(dir string) error {
	if up := path.Dir(dir); up != "." {
		if err := q.mkdirAll(up); err != nil {
			return err
		}
	}
	return q.mkdir(dir)
}
