// Package mbox appends messages to mailboxes that are one file: each message
// behind a From_ line, as RFC 4155 describes it, under the locks that other
// programs respect.
//
// A message is there as a whole or not at all, even when its writer is
// killed: the lock file tells the next writer what to take back.
package mbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"postern/lib/safefile"
)

// Errors of Append. Both may pass: a lock is released, a mailbox is repaired.
var (
	ErrLocked = errors.New("mailbox is locked")
	ErrUnsafe = errors.New("not a safe mailbox")
)

// Message is what is appended.
type Message struct {
	Sender string        // envelope sender for the From_ line, "" for the null sender
	Date   time.Time     // of the delivery
	Fields []byte        // header fields that go in front of Text, LF line ends
	Text   io.ReadSeeker // the message from its current place on, LF line ends
}

// Options say how a mailbox is opened.
type Options struct {
	Wait   time.Duration // for locks; 30 s if zero
	Create bool          // make the file when it is missing, with mode 0600

	// Mark, when not empty, is a part of the message's header that no other
	// message has, within one line: if the mailbox already holds the message
	// nothing is appended. It is for a second attempt after one whose end is
	// not known.
	Mark []byte
}

// defaultWait is how long a lock is waited for: long enough for a reader that
// writes a large mailbox anew.
const defaultWait = 30 * time.Second

// Append adds one message to the mailbox at path and syncs it. The file must
// be a regular one with a single name, owned by the calling user; symbolic
// links are not followed, and a FIFO does not block. After an error the
// mailbox is as it was. ErrLocked says that a lock was not to be had
// in time, fs.ErrNotExist that there is no mailbox.
func Append(ctx context.Context, path string, m Message, o Options) error {
	if o.Wait == 0 {
		o.Wait = defaultWait
	}
	ctx, cancel := context.WithTimeout(ctx, o.Wait)
	defer cancel()
	m.Date = m.Date.UTC()
	if err := appendTo(ctx, path, m, o); err != nil {
		return fmt.Errorf("mailbox %s: %w", path, err)
	}
	return nil
}

// appendTo tries until the mailbox is ours. Between two looks we hold no lock
// at all: a program that takes its locks in another order may be waiting.
func appendTo(ctx context.Context, path string, m Message, o Options) error {
	var wait backoff
	for {
		err := tryAppend(path, m, o)
		if !errors.Is(err, ErrLocked) || !wait.sleep(ctx) {
			return err
		}
	}
}

// tryAppend appends the message if nobody holds the mailbox now.
func tryAppend(path string, m Message, o Options) error {
	box, err := lockMailbox(path, o.Create)
	if err != nil {
		return err
	}
	defer box.file.Close() // drops the kernel's lock with it
	plan, err := newPlan(box, m)
	if err != nil {
		return err
	}
	if len(o.Mark) > 0 {
		if there, err := box.has(m, o.Mark, plan); there || err != nil {
			return err
		}
	}
	if err := takeDotLock(path, plan); err != nil {
		return err
	}
	err = box.fill(path, plan, m)
	// Behind the sync: killed between, the next writer finds the message whole.
	dropDotLock(path)
	return err
}

// fill writes the message, and syncs the folder too of a mailbox that we made.
// After an error that one is gone: whoever makes it again has the folder to sync.
func (b *mailbox) fill(path string, p plan, m Message) error {
	err := write(b.file, p, m)
	if !b.created {
		return err
	}
	if err == nil {
		err = safefile.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}

// write appends the message, or nothing.
func write(f *os.File, p plan, m Message) error {
	err := p.writeTo(f, m)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		return nil
	}
	return errors.Join(err, f.Truncate(p.from))
}

// mailbox is an open mailbox on which we hold the kernel's lock.
type mailbox struct {
	file    *os.File
	size    int64
	created bool
}

// lockMailbox opens the mailbox and locks it, if nobody holds it now.
func lockMailbox(path string, create bool) (*mailbox, error) {
	f, created, err := open(path, create)
	if err != nil {
		return nil, err
	}
	box := &mailbox{file: f, created: created}
	err = kernelLock(f)
	if err == nil {
		err = box.settle(path)
	}
	if err == nil {
		err = box.clearDotLock(path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return box, nil
}

// settle looks at the mailbox now that it is locked. One that has been
// replaced meanwhile, as readers do, counts as locked.
func (b *mailbox) settle(path string) error {
	fi, err := b.file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(fi, named) {
		return ErrLocked
	}
	b.size = fi.Size()
	return err
}

// open opens the mailbox without following a link or waiting for anyone.
func open(path string, create bool) (f *os.File, created bool, err error) {
	const flags = os.O_RDWR | os.O_APPEND
	f, err = safefile.OpenRegular(path, flags, 0)
	if create && errors.Is(err, fs.ErrNotExist) {
		f, err = safefile.OpenRegular(path, flags|os.O_CREATE|os.O_EXCL, 0o600)
		created = err == nil
		if errors.Is(err, fs.ErrExist) {
			return nil, false, ErrLocked // somebody made it just now: look again
		}
	}
	if err != nil {
		return nil, false, unsafeKind(err)
	}
	if err := check(f); err != nil {
		f.Close()
		return nil, false, err
	}
	return f, created, nil
}

// unsafeKind marks the errors of opening what is no file at all.
func unsafeKind(err error) error {
	if errors.Is(err, safefile.ErrNotRegular) {
		return fmt.Errorf("%w: %w", ErrUnsafe, err)
	}
	for _, e := range [...]error{syscall.ELOOP, syscall.EMLINK, syscall.EISDIR, syscall.ENXIO} {
		if errors.Is(err, e) {
			return fmt.Errorf("%w: %w", ErrUnsafe, err)
		}
	}
	return err
}

// check refuses a file that somebody else may have put there.
func check(f *os.File) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	switch {
	case ok && st.Nlink != 1:
		return fmt.Errorf("%w: has %d names", ErrUnsafe, st.Nlink)
	case ok && int(st.Uid) != os.Geteuid():
		return fmt.Errorf("%w: owned by uid %d, not %d", ErrUnsafe, st.Uid, os.Geteuid())
	}
	return nil
}
