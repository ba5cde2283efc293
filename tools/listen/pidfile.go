package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/safefile"
)

// replaceTime is how long a listen that is told to stop may take to let go of
// its pid file, which it does before its sessions have ended.
const replaceTime = 10 * time.Second

// A pidFile holds our process number, and is locked while we have it: a number
// in a file that nobody has locked is of a process that is no more. A nil
// pidFile is none.
type pidFile struct{ file *os.File }

// claimPID makes the file ours. When another listen has it that is an error,
// or, with replace, the other one is told to stop.
func claimPID(name string, replace bool) (*pidFile, error) {
	if name == "" {
		return nil, nil
	}
	told := false
	for end := time.Now().Add(replaceTime); ; time.Sleep(10 * time.Millisecond) {
		f, err := lockPID(name)
		if err == nil {
			p := &pidFile{f}
			return p, p.write()
		}
		if !errors.Is(err, safefile.ErrLocked) {
			return nil, err
		}
		pid := readPID(name)
		if !replace || time.Now().After(end) {
			return nil, fmt.Errorf("%s is that of process %d, which runs (-k stops it)", name, pid)
		}
		if !told && pid > 1 {
			told = unix.Kill(pid, unix.SIGTERM) == nil
		}
	}
}

// lockPID opens and locks the file. ErrLocked is also for a file that was
// removed meanwhile, by the listen that had it: then there is a next time.
func lockPID(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return nil, err
	}
	err = safefile.TryLock(f)
	if err == nil && !current(f) {
		err = safefile.ErrLocked
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// current says whether the file still has its name.
func current(f *os.File) bool {
	a, err1 := f.Stat()
	b, err2 := os.Lstat(f.Name())
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

// readPID is the number in the file, 0 when there is none.
func readPID(name string) int {
	f, err := os.Open(name)
	if err != nil {
		return 0
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, 32))
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

func (p *pidFile) write() error {
	err := p.file.Truncate(0)
	if err == nil {
		_, err = p.file.WriteAt([]byte(itoa(os.Getpid())+"\n"), 0)
	}
	return err
}

// release removes the file, or empties it when its folder is not ours to
// change any more.
func (p *pidFile) release() {
	if p == nil {
		return
	}
	if current(p.file) && os.Remove(p.file.Name()) != nil {
		p.file.Truncate(0)
	}
	p.file.Close()
}
