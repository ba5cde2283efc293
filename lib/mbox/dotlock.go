package mbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"postern/lib/safefile"
)

// The lock file path.lock is for the programs that look at no other lock. Its
// first line is the process id, as liblockfile writes and reads it. Ours says
// in a second line who is appending what, so that the next writer can take
// back the part of a message whose writer was killed:
//
//	12345
//	postern host 1000 5321 "From a@example.org Sat Nov 21 12:00:00 2026\n"
//
// namely the size of the mailbox before and after, and what comes first.

const (
	lockSuffix = ".lock"
	lockMagic  = "postern"

	// maxLock bounds what is read of a lock file.
	maxLock = 4096

	// staleAge is when a lock file without a process id counts as left over
	// (liblockfile's rule).
	staleAge = 5 * time.Minute
	// farAhead is when one counts as left over that is of the future: no host
	// that shares the folder has a clock like that, so ours was set back.
	farAhead = 24 * time.Hour
)

// takeDotLock makes the lock file, or says ErrLocked. Where we may not write
// the folder, which is usual for users in /var/mail, the kernel's lock has to
// do.
func takeDotLock(path string, p plan) error {
	name := path + lockSuffix
	d := safefile.NewDraft(filepath.Dir(name), maxLock)
	defer d.Discard()
	_, err := d.Write(p.record())
	if err == nil {
		err = d.Commit(0o644, name)
	}
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return nil
	case errors.Is(err, fs.ErrExist):
		return ErrLocked
	}
	return err
}

// clearDotLock says ErrLocked when another holds the lock file. One that was
// left over is removed, after what its writer left in the mailbox.
func (b *mailbox) clearDotLock(path string) error {
	name := path + lockSuffix
	l, err := readLock(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil || !l.stale():
		return ErrLocked
	case l.ours:
		if b.size, err = l.mend(b.file, b.size); err != nil {
			return err
		}
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ErrLocked
	}
	return nil
}

func dropDotLock(path string) { os.Remove(path + lockSuffix) }

// record is the content of the lock file while p is carried out.
func (p plan) record() []byte {
	return fmt.Appendf(nil, "%d\n%s %s %d %d %q\n", os.Getpid(), lockMagic, hostname(), p.from, p.to, p.head)
}

// hostname is this host's name as one word.
func hostname() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return strings.ReplaceAll(name, " ", "-")
}

// lockFile is what a lock file tells.
type lockFile struct {
	pid  int  // 0 when none is said, or when it is another host's
	ours bool // made by this package on this host
	time time.Time
	plan
}

// readLock reads a lock file.
func readLock(name string) (lockFile, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return lockFile{}, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return lockFile{}, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxLock))
	l := parseLock(string(data))
	l.time = fi.ModTime()
	return l, err
}

// parseLock reads the text of a lock file.
func parseLock(text string) (l lockFile) {
	first, second, _ := strings.Cut(text, "\n")
	l.pid, _ = strconv.Atoi(strings.TrimSpace(first))
	var magic, host string
	n, _ := fmt.Sscanf(second, "%s %s %d %d %q", &magic, &host, &l.from, &l.to, &l.head)
	if n < 5 || magic != lockMagic {
		return l
	}
	if l.ours = host == hostname(); !l.ours {
		l.pid = 0
	}
	return l
}

// stale says whether nobody holds the lock file any more. The caller holds
// the kernel's lock on the mailbox: so a lock file of our own kind is one
// whose writer was killed.
func (l lockFile) stale() bool {
	switch {
	case l.ours && !perProcess:
		return true
	case l.pid > 0:
		return syscall.Kill(l.pid, 0) == syscall.ESRCH
	}
	age := time.Since(l.time)
	return age > staleAge || age < -farAhead
}

// mend takes back what the killed writer has left at the end of the mailbox,
// and reports the size it has then. Nothing is taken back but one unfinished
// message: the end must begin as the lock file says and hold no further From_
// line, which a whole message of another program would have brought.
func (l lockFile) mend(f *os.File, size int64) (int64, error) {
	if size <= l.from || size >= l.to {
		return size, nil // not begun, or whole
	}
	unfinished, err := l.begins(io.NewSectionReader(f, l.from, size-l.from))
	if err != nil || !unfinished {
		return size, err
	}
	return l.from, f.Truncate(l.from)
}

// begins says whether r, an end of a mailbox, is one message that begins as
// planned.
func (p plan) begins(r io.Reader) (bool, error) {
	head := make([]byte, len(p.head))
	n, err := io.ReadFull(r, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return string(head[:n]) == p.head[:n], nil
	}
	if err != nil || string(head) != p.head {
		return false, err
	}
	found, err := hasFromLine(r)
	return !found, err
}

// hasFromLine looks for a line that begins a message. r begins at a line.
func hasFromLine(r io.Reader) (bool, error) {
	mark := []byte("\nFrom ")
	buf := make([]byte, 64<<10)
	kept := copy(buf, "\n")
	for {
		n, err := r.Read(buf[kept:])
		seen := buf[:kept+n]
		if bytes.Contains(seen, mark) {
			return true, nil
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buf, seen[max(0, len(seen)-len(mark)+1):])
	}
}
