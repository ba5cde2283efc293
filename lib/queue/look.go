package queue

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"postern/lib/smtp"
)

// Info is what an entry says about itself.
type Info struct {
	Ref
	Envelope *smtp.Envelope // its ID is that of the entry
	Created  time.Time
	Status   []Status // of each recipient of the envelope
	Size     int64    // octets of the text
}

// Look reads an entry without taking it, so that it may change at any time.
// It fails with ErrNotFound and ErrDamaged, and moves nothing.
func (q *Queue) Look(ref Ref) (Info, error) {
	f, err := q.root.OpenFile(ref.path(), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return Info{}, fmt.Errorf("queue: %w", notFound(err))
	}
	defer f.Close()
	h, size, err := readEntry(f)
	if err != nil {
		return Info{}, fmt.Errorf("queue: %s: %w", ref.ID, err)
	}
	h.env.ID = ref.ID
	return Info{Ref: ref, Envelope: h.env, Created: h.created, Status: h.status, Size: size - h.size}, nil
}

// readEntry reads the head of an entry's file, and the size of the file. It
// fails with ErrDamaged, or with the error of a disk, which may pass.
func readEntry(f *os.File) (*head, int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if !fi.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%w: not a regular file", ErrDamaged)
	}
	h, err := readHead(io.NewSectionReader(f, 0, fi.Size()))
	if err != nil {
		return nil, 0, headError(err)
	}
	return h, fi.Size(), nil
}
