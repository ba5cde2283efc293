package safefile

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// stage is how many octets of small writes are gathered for one system call
// once a draft is in a file.
const stage = 64 << 10

// UsualMemory is how much of a message is held in memory, in octets, before it goes
// to a file: most messages are shorter.
const UsualMemory = 256 << 10

// Draft is a file that is not there yet. What is written to it stays in memory
// up to a bound, beyond that it goes to a file without a name; Commit gives it
// its names when it is whole and durable. A draft that is not committed leaves
// nothing behind, also when the process is killed (but see Sweep for systems
// without unnamed files). One goroutine uses it at a time.
type Draft struct {
	// Syncer, when not nil, shares the folder's fsync with other drafts.
	Syncer *Syncer
	// Heir is given the file before it has a name.
	Heir Heir

	dir    string
	memory int

	buf   []byte      // what is not in the file yet
	fd    int         // the file, -1 while there is none
	mode  os.FileMode // with which the file was made
	name  string      // one name of the file, "" while it has none
	temp  bool        // name is a temporary one
	filed int64       // octets in the file
	err   error       // what a Write or Commit gave; it stays
}

// NewDraft makes an empty draft for names in dir or elsewhere in dir's file
// system. Up to memory octets need no file before Commit.
func NewDraft(dir string, memory int) *Draft {
	return &Draft{dir: dir, memory: memory, fd: -1}
}

// Write appends p. After an error, which may be ENOSPC, EDQUOT, EFBIG or EIO,
// all further calls and Commit fail with it.
func (d *Draft) Write(p []byte) (int, error) {
	if d.err == nil {
		d.err = d.write(p)
	}
	if d.err != nil {
		return 0, d.err
	}
	return len(p), nil
}

func (d *Draft) write(p []byte) error {
	limit := d.memory
	if d.fd >= 0 {
		limit = stage
	}
	if len(d.buf)+len(p) <= limit {
		d.buf = append(d.buf, p...)
		return nil
	}
	if err := d.flush(0o600); err != nil {
		return err
	}
	if len(p) < stage {
		d.buf = append(d.buf, p...)
		return nil
	}
	return d.append(p)
}

// flush moves what is in memory to the file, which it makes with mode if there
// is none.
func (d *Draft) flush(mode os.FileMode) error {
	if d.fd < 0 {
		fd, name, err := openUnnamed(d.dir, mode)
		if err != nil {
			return err
		}
		d.fd, d.name, d.temp, d.mode = fd, name, name != "", mode
	}
	if err := d.append(d.buf); err != nil {
		return err
	}
	if cap(d.buf) > stage {
		d.buf = nil
	}
	d.buf = d.buf[:0]
	return nil
}

// append writes p behind what is in the file.
func (d *Draft) append(p []byte) error {
	if err := writeAll(d.fd, d.path(), p); err != nil {
		return err
	}
	d.filed += int64(len(p))
	return nil
}

// path is a name for messages.
func (d *Draft) path() string {
	if d.name == "" {
		return d.dir
	}
	return d.name
}

// Size is how many octets were written.
func (d *Draft) Size() int64 { return d.filed + int64(len(d.buf)) }

// ReadAt reads what was written, before and after Commit, but not after
// Discard.
func (d *Draft) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	if off < d.filed {
		var err error
		n, err = readAt(d.fd, d.path(), p[:min(int64(len(p)), d.filed-off)], off)
		if err != nil {
			return n, err
		}
	}
	if rest := off + int64(n) - d.filed; n < len(p) && rest < int64(len(d.buf)) {
		n += copy(p[n:], d.buf[rest:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Reader reads what has been written up to now, from its beginning.
func (d *Draft) Reader() io.Reader { return io.NewSectionReader(d, 0, d.Size()) }

// File opens a file that has all that has been written up to now, for reading
// from its beginning: the standard input of a program. The caller closes it.
func (d *Draft) File() (*os.File, error) {
	if d.err == nil && (d.fd < 0 || len(d.buf) > 0) {
		d.err = d.flush(0o600)
	}
	if d.err != nil && d.err != errCommitted {
		return nil, d.err
	}
	fd, err := reopen(d.fd, d.name)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), d.path()), nil
}

// Discard drops the draft, or lets go of the file when it was committed. It is
// called at the end of every draft; a second call does nothing.
func (d *Draft) Discard() {
	if d.temp {
		os.Remove(d.name)
		d.temp = false
	}
	if d.fd >= 0 {
		unix.Close(d.fd)
		d.fd = -1
	}
	d.buf, d.filed, d.err = nil, 0, os.ErrClosed
}
