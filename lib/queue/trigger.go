package queue

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// triggerName is the FIFO by which new entries are announced.
const triggerName = "trigger"

// Wake tells the runq that waits for it, if there is one, that the entry id is
// new. It never waits: an announcement that cannot be made is made up for by
// the next look at new/.
func (q *Queue) Wake(id string) {
	fd, err := syscall.Open(filepath.Join(q.dir, triggerName), syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return // nobody waits
	}
	// Less than PIPE_BUF: written whole or not at all.
	syscall.Write(fd, append([]byte(id), '\n'))
	syscall.Close(fd)
}

// Trigger is the reading end of the FIFO.
type Trigger struct {
	file *os.File
	buf  [4096]byte
	have []byte // read and not yet given out
}

// Listen opens the FIFO, and makes it when it is missing. Several may listen
// at once; each announcement reaches one of them.
func (q *Queue) Listen() (*Trigger, error) {
	if err := q.mkfifo(); err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	// For writing too, so that the FIFO does not end with its last writer.
	f, err := q.root.OpenFile(triggerName, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	fi, err := f.Stat()
	if err == nil && fi.Mode().Type() != fs.ModeNamedPipe {
		err = fmt.Errorf("%s is not a FIFO", triggerName)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("queue: %w", err)
	}
	return &Trigger{file: f}, nil
}

// mkfifo makes the FIFO, and gives it to the owner of the queue.
func (q *Queue) mkfifo() error {
	err := syscall.Mkfifo(filepath.Join(q.dir, triggerName), 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	return q.giveToOwner(triggerName)
}

// Next waits for the next announcement and returns the entry's place. It fails
// with os.ErrClosed after Close.
func (t *Trigger) Next() (Ref, error) {
	for {
		id, rest, whole := bytes.Cut(t.have, []byte("\n"))
		if !whole {
			if err := t.fill(); err != nil {
				return Ref{}, err
			}
			continue
		}
		t.have = rest
		if ValidID(string(id)) {
			return newRef(string(id)), nil
		}
	}
}

// fill reads more. A line that fills the buffer is none of ours: dropped.
func (t *Trigger) fill() error {
	n := copy(t.buf[:], t.have)
	if n == len(t.buf) {
		n = 0
	}
	m, err := t.file.Read(t.buf[n:])
	t.have = t.buf[:n+m]
	return err
}

// Close ends a Next that waits.
func (t *Trigger) Close() error { return t.file.Close() }
