package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"postern/lib/queue"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// jobBuffer is how much of the list of jobs is read at a time.
const jobBuffer = 64 << 10

// jobs is -B: the messages are in files, which standard input names.
func (p *program) jobs(ctx context.Context) int {
	r := jobReader{program: p, in: bufio.NewReaderSize(p.stdin, jobBuffer)}
	c := carrier{program: p, to: p.to, next: r.next, done: r.done}
	c.carry(ctx)
	switch {
	case r.untold != nil:
		return p.complain(sysexits.IOErr, r.untold)
	case r.err != nil:
		return p.complain(sysexits.DataErr, r.err)
	}
	return r.status
}

// jobReader reads the list of jobs.
type jobReader struct {
	*program
	in     *bufio.Reader
	status int
	err    error // what is wrong with the list, which is not read further
	untold error // why a result could not be written; no further job is begun
}

// next is the source of the carrier. A job whose message cannot be read is
// answered at once.
func (r *jobReader) next(wait bool) (*job, bool) {
	for r.untold == nil && (wait || r.ready()) {
		given, err := queue.ReadJob(r.in)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				r.err = err
			}
			return nil, false
		}
		j := &job{envelope: given.Envelope}
		if j.letter, err = openLetter(given.File, given.Offset); err == nil {
			return j, true
		}
		r.unreadable(j, err)
	}
	return nil, r.untold == nil
}

// ready reports that there is a job, or the end of the list, to be read
// without waiting for whoever writes it.
func (r *jobReader) ready() bool {
	if b, _ := r.in.Peek(r.in.Buffered()); bytes.Contains(b, []byte("\n\n")) {
		return true
	}
	f, ok := r.stdin.(*os.File)
	if !ok {
		return true
	}
	fds := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0
}

// unreadable puts a job off whose message is not to be had.
func (r *jobReader) unreadable(j *job, err error) {
	j.outcomes = make([]outcome, len(j.envelope.Recipients))
	for i := range j.outcomes {
		j.outcomes[i] = outcome{
			reply:  smtp.Say(451, smtp.OtherSystem, "the message cannot be read"),
			host:   r.hostname,
			reason: err.Error(),
		}
	}
	r.done(j)
}

// done reports a job.
func (r *jobReader) done(j *job) {
	var err error
	if r.status, err = r.report(j, r.status); err != nil {
		r.untold = err
	}
}
