package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postern/lib/deliver"
	"postern/lib/maillog"
	"postern/lib/queue"
)

// runner works on the entries of a queue.
type runner struct {
	queue   *queue.Queue
	local   carrier
	remote  carrier // for what local says is elsewhere
	jobs    int
	giveUp  time.Duration
	notices notices
	log     *maillog.Logger
	now     func() time.Time
	chance  func() float64 // from [0, 1)
}

// work does what can be done now for the entry seen at ref. An entry that is
// gone, or in the hands of another, needs nothing.
func (r *runner) work(ctx context.Context, ref queue.Ref) error {
	e, err := r.queue.Take(ref)
	switch {
	case errors.Is(err, queue.ErrNotFound), errors.Is(err, queue.ErrLocked):
		return nil
	case errors.Is(err, queue.ErrDamaged):
		r.log.Log(maillog.Err, err.Error()+": set aside")
		return nil
	case err != nil:
		return err
	}
	defer e.Close()
	if e.Place == queue.Failed {
		r.revive(e)
	}
	r.attempt(ctx, e)
	if ctx.Err() != nil && len(openRecipients(e)) > 0 {
		return nil // told to end: the rest is due as it was
	}
	return r.settle(e)
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

// attempt tries all recipients that are open.
func (r *runner) attempt(ctx context.Context, e *queue.Entry) {
	// A bug that one message wakes must not end the work on all others.
	defer func() {
		if p := recover(); p != nil {
			r.log.Log(maillog.Crit, fmt.Sprintf("%s: panic: %v", e.ID, p))
		}
	}()
	open := openRecipients(e)
	var elsewhere []int
	for _, i := range open {
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
	if len(elsewhere) > 0 {
		r.remote.carry(ctx, e, elsewhere, func(i int, res result) { r.note(e, i, res) })
	}
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

// note writes down what became of recipient i.
func (r *runner) note(e *queue.Entry, i int, res result) {
	now := r.now()
	s := queue.Status{State: queue.Waiting, Tries: e.Status(i).Tries, Tried: now, Reply: answer(res.Host, res.Reply)}
	if !res.Parked {
		s.Tries++
	}
	switch {
	case res.Status == deliver.Delivered:
		s.State = arrival(e.Envelope, i, res)
	case res.Status == deliver.Rejected:
		s.State = queue.Rejected
	case !res.Parked && age(e.Created, now, s.Tries) >= r.giveUp:
		s.State = queue.Rejected
		s.Reply = fmt.Sprintf("given up after %v: %s", r.giveUp, s.Reply)
	}
	r.record(e, i, s, res.Outcome)
	// What is not noted is tried again: rather twice than never.
	if err := e.Mark(i, s); err != nil {
		r.log.Log(maillog.Err, err.Error())
	}
}
