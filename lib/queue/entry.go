package queue

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"postern/lib/safefile"
	"postern/lib/smtp"
)

// Entry is an entry of the queue that this process works on; nobody else can
// until Close, or until the process ends.
type Entry struct {
	Ref
	Envelope *smtp.Envelope // its ID is that of the entry
	Created  time.Time      // when the message was taken, whole seconds

	q    *Queue
	file *os.File // locked
	head *head
	size int64 // of the file

	unsynced atomic.Bool // a state was written since the last sync
}

// Get takes the entry called id, wherever it lies. Its errors are those of
// Take.
func (q *Queue) Get(id string) (*Entry, error) {
	ref, err := q.Find(id)
	if err != nil {
		return nil, err
	}
	return q.Take(ref)
}

// Take takes the entry that was seen at ref. It fails with ErrLocked when
// another works on it, with ErrNotFound when it is no more there, and with
// ErrDamaged when it cannot be understood, after setting it aside in
// damaged/; the text of that error says why.
func (q *Queue) Take(ref Ref) (*Entry, error) {
	// O_NONBLOCK is for a FIFO that somebody has put there: not to wait for a
	// writer.
	f, err := q.root.OpenFile(ref.path(), os.O_RDWR|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ELOOP) {
		err = errors.Join(fmt.Errorf("%w: %w", ErrDamaged, err), q.setAside(ref))
	}
	if err != nil {
		return nil, fmt.Errorf("queue: %w", notFound(err))
	}
	e := &Entry{Ref: ref, q: q, file: f}
	if err := e.load(); err != nil {
		if errors.Is(err, ErrDamaged) {
			err = errors.Join(err, q.setAside(ref))
		}
		f.Close()
		return nil, fmt.Errorf("queue: %s: %w", ref.ID, err)
	}
	return e, nil
}

// notFound is err as ErrNotFound when the file is missing. Any other error says
// nothing of whether it is there.
func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

// load locks the file and reads its head.
func (e *Entry) load() error {
	if err := safefile.TryLock(e.file); errors.Is(err, safefile.ErrLocked) {
		return ErrLocked
	} else if err != nil {
		return err
	}
	if err := e.inPlace(); err != nil {
		return err
	}
	var err error
	if e.head, e.size, err = readEntry(e.file); err != nil {
		return err
	}
	e.Envelope, e.Created = e.head.env, e.head.created
	e.Envelope.ID = e.ID
	return nil
}

// inPlace says whether the file we have locked still has the name by which we
// opened it: who had the lock before may have moved or removed the entry.
func (e *Entry) inPlace() error {
	mine, err := e.file.Stat()
	if err != nil {
		return err
	}
	there, err := e.q.root.Lstat(e.path())
	if err != nil {
		return notFound(err)
	}
	if !os.SameFile(there, mine) {
		return ErrNotFound
	}
	return nil
}

// headError tells a disk that fails, which may pass, from a file that is
// wrong.
func headError(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// setAside moves what cannot be read to damaged/.
func (q *Queue) setAside(ref Ref) error {
	if ref.Place == Damaged {
		return nil
	}
	return q.root.Rename(ref.path(), damagedRef(ref.ID).path())
}

// Status is the state of recipient i of the envelope.
func (e *Entry) Status(i int) Status { return e.head.status[i] }

// Interrupted says that an earlier attempt on recipient i was begun and its end
// never noted, since the process died: the mail may have arrived.
func (e *Entry) Interrupted(i int) bool { return e.head.before[i].State == Begun }

// ToldLate says that the sender has been told, before the entry was taken or
// since, that recipient i has to wait. What else is noted of the recipient
// meanwhile does not hold that.
func (e *Entry) ToldLate(i int) bool {
	return e.head.status[i].State == Late || e.head.before[i].State == Late
}

// Begin notes that the delivery to recipient i is being tried. It tells, after
// a kill, that the mail may have arrived.
func (e *Entry) Begin(i int) error {
	s := e.head.status[i]
	s.State = Begun
	return e.Mark(i, s)
}

// Mark notes the state of recipient i. Different recipients may be marked at
// once. From then on a kill cannot undo it. The loss of power can, as long as
// the entry has not been put off: then the recipient is tried again, rather
// twice than never. An fsync for each state would keep that from a few messages
// in the seconds before a power failure, and cost every message more than all
// else that is done for it.
func (e *Entry) Mark(i int, s Status) error {
	if _, err := e.file.WriteAt(s.append(make([]byte, 0, statusLen)), e.head.offset[i]); err != nil {
		return fmt.Errorf("queue: %s: %w", e.ID, err)
	}
	e.head.status[i] = s
	if !s.State.Open() { // else nothing happens twice for want of it
		e.unsynced.Store(true)
	}
	return nil
}

// sync makes what was marked durable.
func (e *Entry) sync() error {
	if !e.unsynced.Swap(false) {
		return nil
	}
	if err := syncData(e.file); err != nil {
		return fmt.Errorf("queue: %s: %w", e.ID, err)
	}
	return nil
}

// Retry puts the entry off until a time, at most Horizon from now, and closes
// it. What has become final is durable then. The rename is not synced: if it is lost
// with the power, the entry is tried too early.
func (e *Entry) Retry(now, at time.Time) error {
	if far := now.Add(Horizon); at.After(far) {
		at = far
	}
	return e.move(waitRef(e.ID, at))
}

// Fail moves the entry to failed/, where nothing is tried again, and closes
// it.
func (e *Entry) Fail() error { return e.move(failedRef(e.ID)) }

// Hold moves the entry to hold/, where nothing is tried before Release, and
// closes it.
func (e *Entry) Hold() error { return e.move(heldRef(e.ID)) }

// Release makes the entry due at once, and closes it. A runq that waits is
// told.
func (e *Entry) Release() error {
	err := e.move(newRef(e.ID))
	if err == nil {
		e.q.Wake(e.ID)
	}
	return err
}

// move renames the entry, making its folder when that is missing, and closes
// it.
func (e *Entry) move(to Ref) error {
	defer e.Close()
	if err := e.sync(); err != nil {
		return err
	}
	if to.folder == e.folder {
		return nil
	}
	err := e.q.root.Rename(e.path(), to.path())
	// Another may remove the folder, being empty, as soon as it is made.
	for try := 0; errors.Is(err, fs.ErrNotExist) && try < 3; try++ {
		if err = e.q.mkdirAll(to.folder); err == nil {
			err = e.q.root.Rename(e.path(), to.path())
		}
	}
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	e.Ref = to
	return nil
}

// Close gives the entry back as it is, and where it is.
func (e *Entry) Close() error {
	// Closing alone would leave it locked while a child that is being started
	// still has its copy of the descriptor.
	safefile.Unlock(e.file)
	return e.file.Close()
}

// Job is what smtp is given to serve some of the recipients, which are indexes
// into the envelope.
func (e *Entry) Job(rcpts []int) Job {
	env := e.Envelope.For(rcpts)
	for n := range env.Recipients {
		env.Recipients[n].Dest = "" // decided, and none of smtp's business
	}
	// An alias may lead to an address in UTF-8, whatever the sender has said.
	env.SMTPUTF8 = env.SMTPUTF8 || !env.IsASCII()
	return Job{Envelope: env, File: filepath.Join(e.q.abs, e.path()), Offset: e.head.size}
}
