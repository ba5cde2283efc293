package dns

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// canDirect tells that askDirect is there.
const canDirect = true

// askDirect asks the questions of a batch as ask does, on a socket of their own,
// and itself waits in the system for the answers. No goroutine, timer or poller
// has to be started: they are the greater part of what one question costs.
func (s *server) askDirect(ctx context.Context, b *batch, wait time.Duration) error {
	fd, err := connect(s.addr, unix.SOCK_DGRAM)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	d := direct{fd: fd, batch: b, end: time.Now().Add(wait)}
	if end, ok := ctx.Deadline(); ok && end.Before(d.end) {
		d.end = end
	}
	err = d.send()
	for err == nil && b.left > 0 {
		err = d.receive()
	}
	d.giveUp(err)
	if b.counted {
		s.window.leave(len(b.slots))
	}
	return nil
}

// direct is a batch of questions on their way.
type direct struct {
	fd    int
	batch *batch
	end   time.Time
	wrong int // messages that answered nothing since the last good one
	raw   [maxUDP]byte
}

// send sends each question under a random id.
func (d *direct) send() error {
	d.batch.left = len(d.batch.slots)
	for i := range d.batch.slots {
		q := &d.batch.slots[i]
		random(q.wire[:2])
		if _, err := unix.Write(d.fd, q.wire); err != nil {
			return os.NewSyscallError("write", err)
		}
	}
	return nil
}

// receive waits for a message and gives it to its question.
func (d *direct) receive() error {
	if err := d.wait(); err != nil {
		return err
	}
	n, err := unix.Read(d.fd, d.raw[:])
	switch {
	case err == unix.EAGAIN: // the kernel found it damaged
		return nil
	case err != nil:
		return os.NewSyscallError("read", err)
	case d.answered(d.raw[:n]):
		d.wrong = 0
	default:
		d.wrong++
	}
	if d.wrong > maxWrong {
		return errForged
	}
	return nil
}

// wait waits until there is something to be read.
func (d *direct) wait() error {
	for {
		left := time.Until(d.end)
		if left <= 0 {
			return errSilent
		}
		fds := [...]unix.PollFd{{Fd: int32(d.fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds[:], int(left/time.Millisecond)+1)
		switch {
		case n > 0:
			return nil
		case err != nil && err != unix.EINTR:
			return os.NewSyscallError("poll", err)
		}
	}
}

// answered gives a message to the question that it answers, if there is one.
func (d *direct) answered(raw []byte) bool {
	for i := range d.batch.slots {
		q := &d.batch.slots[i]
		if q.given {
			continue
		}
		switch compare(q.wire, raw) {
		case answer:
			q.give(raw, nil)
			return true
		case otherCase:
			q.give(nil, errForged) // see socket.answered
			return false
		}
	}
	return false
}

// giveUp tells the questions without an answer why they have none.
func (d *direct) giveUp(err error) {
	for i := range d.batch.slots {
		if q := &d.batch.slots[i]; !q.given {
			q.give(nil, err)
		}
	}
}
