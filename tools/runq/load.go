package main

import (
	"sync"
	"time"

	"postern/lib/queue"
)

// load is an entry in hand, some of whose recipients are other hosts'. It stays
// locked until its last job is done.
type load struct {
	e *queue.Entry

	mu        sync.Mutex
	left      int       // jobs that are out, and one for who makes them
	postponed []int     // recipients for whom there was no room
	to        target    // the destination of the first of those
	cut       bool      // the end came before all was tried
	notBefore time.Time // when the first destination that is down is asked again
}

// job is what one run of smtp gets of an entry.
type job struct {
	load  *load
	rcpts []int // that are not reported yet
	lost  int   // processes that came to nothing with it
}

// held is an entry that was closed again for lack of room.
type held struct {
	ref   queue.Ref
	rcpts []int // to be tried
}

// add counts one more job.
func (l *load) add(n int) {
	l.mu.Lock()
	l.left += n
	l.mu.Unlock()
}

// done counts a job that is done, and says whether it was the last.
func (l *load) done() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left--
	return l.left == 0
}

// postpone keeps recipients for later.
func (l *load) postpone(to target, rcpts []int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.postponed) == 0 {
		l.to = to
	}
	l.postponed = append(l.postponed, rcpts...)
}

// leave notes that not all recipients are tried: we end.
func (l *load) leave() {
	l.mu.Lock()
	l.cut = true
	l.mu.Unlock()
}

// wait notes that a destination is down until then.
func (l *load) wait(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.notBefore.IsZero() || until.Before(l.notBefore) {
		l.notBefore = until
	}
}

// remove takes one recipient out of the job. ok is false when it has none such.
func (j *job) remove(text string) (rcpt int, ok bool) {
	for n, i := range j.rcpts {
		if j.load.e.Envelope.Recipients[i].Mailbox.String() == text {
			j.rcpts = append(j.rcpts[:n:n], j.rcpts[n+1:]...)
			return i, true
		}
	}
	return 0, false
}
