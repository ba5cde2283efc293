package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"postern/lib/deliver"
	"postern/lib/maillog"
	"postern/lib/queue"
)

// runner works on the entries of a queue.
type runner struct {
	queue   *queue.Queue
	local   carrier
	remote  *transport // for what local says is elsewhere
	jobs    int
	giveUp  time.Duration
	keepOn  bool // never give up
	notices notices
	log     *maillog.Logger
	now     func() time.Time
	chance  func() float64 // from [0, 1)

	kickAfter time.Time // for the one who looks at the queue

	hand    inHand
	lanes   lanes
	trouble trouble
}

// work does what can be done now for the entry seen at ref, and for those that
// have waited for it. An entry that is gone, or in the hands of another, needs
// nothing.
func (r *runner) work(ctx context.Context, ref queue.Ref) {
	if ref.Place == queue.Held || !r.hand.take(ref.ID) {
		return
	}
	for todo := []queue.Ref{ref}; len(todo) > 0; {
		next := r.workOn(ctx, todo[0])
		todo = append(todo[1:], next...)
	}
}

// workOn does what can be done now for an entry in hand. Those that it returns
// come next.
func (r *runner) workOn(ctx context.Context, ref queue.Ref) (next []queue.Ref) {
	e := r.take(ref)
	if e == nil {
		r.hand.drop(ref.ID)
		return nil
	}
	if e.Place == queue.Failed {
		r.revive(e)
	}
	places, begun := placesOf(e), r.now()
	if next, ok := r.lanes.enter(places, e.Ref, begun); !ok {
		e.Close()
		return next
	}
	var elsewhere []int
	r.guard(e.ID, func() { elsewhere = r.attempt(ctx, e) })
	next = r.lanes.leave(places, begun, r.now())
	l := &load{e: e}
	if ctx.Err() != nil && len(openRecipients(e)) > 0 {
		l.leave() // told to end: the rest is due as it was
	}
	r.remote.send(l, elsewhere, nil)
	return next
}

// resume takes an entry in hand again that was held, and has those of its
// recipients served that still wait.
func (r *runner) resume(h held, pull *destination) {
	e := r.take(h.ref)
	if e == nil {
		r.hand.drop(h.ref.ID)
		return
	}
	rcpts := slices.DeleteFunc(h.rcpts, func(i int) bool {
		return i >= len(e.Envelope.Recipients) || !e.Status(i).State.Open()
	})
	r.remote.send(&load{e: e}, rcpts, pull)
}

// take takes an entry, or says to the log why not.
func (r *runner) take(ref queue.Ref) *queue.Entry {
	e, err := r.queue.Take(ref)
	switch {
	case err == nil:
		return e
	case errors.Is(err, queue.ErrNotFound), errors.Is(err, queue.ErrLocked):
	case errors.Is(err, queue.ErrDamaged):
		r.log.Log(maillog.Err, err.Error()+": set aside")
	default:
		r.report(err)
	}
	return nil
}

// finish is for an entry of which no more can be done now.
func (r *runner) finish(l *load) {
	defer r.hand.drop(l.e.ID)
	defer l.e.Close()
	if !l.cut || len(openRecipients(l.e)) == 0 {
		r.guard(l.e.ID, func() { r.report(r.settle(l.e, l.notBefore)) })
	}
}

// guard keeps a bug that one message wakes from ending the work on all others.
func (r *runner) guard(id string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Log(maillog.Crit, fmt.Sprintf("%s: panic: %v", id, p))
		}
	}()
	f()
}

// revive opens again the recipients that were given up.
func (r *runner) revive(e *queue.Entry) {
	for i := range e.Envelope.Recipients {
		if e.Status(i).State != queue.Rejected {
			continue
		}
		if err := e.Mark(i, queue.Status{Reply: e.Status(i).Reply}); err != nil {
			r.log.Log(maillog.Err, err.Error())
		}
	}
}

// attempt tries all recipients that are open and ours, and answers those who
// are other hosts'.
func (r *runner) attempt(ctx context.Context, e *queue.Entry) (elsewhere []int) {
	open := openRecipients(e)
	for _, i := range open {
		if goesOut(e.Envelope.Recipients[i]) {
			continue
		}
		if err := e.Begin(i); err != nil {
			r.log.Log(maillog.Err, err.Error())
		}
	}
	r.local.carry(ctx, e, open, func(i int, res result) {
		if res.Remote {
			elsewhere = append(elsewhere, i)
			return
		}
		r.note(e, i, res)
	})
	return elsewhere
}

// openRecipients are those that still wait for their delivery.
func openRecipients(e *queue.Entry) (open []int) {
	for i := range e.Envelope.Recipients {
		if e.Status(i).State.Open() {
			open = append(open, i)
		}
	}
	return open
}

// stillOpen is the state of recipient i when he has to be tried again.
func stillOpen(e *queue.Entry, i int) queue.State {
	if e.ToldLate(i) {
		return queue.Late
	}
	return queue.Waiting
}

// note writes down what became of recipient i.
func (r *runner) note(e *queue.Entry, i int, res result) {
	now := r.now()
	s := queue.Status{State: stillOpen(e, i), Tries: e.Status(i).Tries + 1, Tried: now, Reply: answer(res.Host, res.Reply)}
	switch {
	case r.keepOn && res.Status != deliver.Delivered:
	case res.Status == deliver.Delivered:
		s.State = arrival(e.Envelope, i, res)
	case res.Status == deliver.Rejected:
		s.State = queue.Rejected
	case age(e.Created, now, s.Tries) >= r.giveUp:
		s.State = queue.Rejected
		s.Reply = fmt.Sprintf("given up after %v: %s", r.giveUp, s.Reply)
	}
	r.record(e, i, s, res)
	// What is not noted is tried again: rather twice than never.
	if err := e.Mark(i, s); err != nil {
		r.log.Log(maillog.Err, err.Error())
	}
}
