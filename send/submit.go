package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"postern/lib/deliver"
	"postern/lib/queue"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// submit takes in the message on standard input.
func (p *program) submit(operands []string) int {
	env, fromSMTP, err := p.envelope(operands)
	if err != nil {
		return p.unreadable(err)
	}
	in, err := p.openMessage(env, fromSMTP)
	if err != nil {
		return p.unreadable(err)
	}
	ctx := context.Background()
	if !fromSMTP && p.outsider() {
		return p.handIn(ctx, env, in)
	}
	draft, err := p.mail.Begin(ctx, env)
	if err != nil {
		return p.refuse(err)
	}
	defer draft.Discard()
	if err := in.copyTo(draft); err != nil {
		return p.refuse(err)
	}
	where, err := draft.Commit(ctx)
	if err != nil {
		return p.refuse(err)
	}
	p.say("%s: %s", env.ID, where)
	p.deliverNow(ctx, draft.QueueID())
	return sysexits.OK
}

// say is for -v.
func (p *program) say(format string, args ...any) {
	if p.verbose {
		fmt.Fprintf(p.stderr, format+"\n", args...)
	}
}

// unreadable tells what is wrong with the input.
func (p *program) unreadable(err error) int {
	if errors.As(err, new(inputError)) {
		return complain(p.stderr, sysexits.NoInput, err)
	}
	return complain(p.stderr, sysexits.DataErr, err)
}

// refuse tells why nobody gets the message. Every error that is not the message's
// own fault is temporary (75).
func (p *program) refuse(err error) int {
	status := sysexits.TempFail
	switch {
	case errors.Is(err, deliver.ErrNoRecipient):
		status = sysexits.NoUser
	case errors.Is(err, deliver.ErrLoop):
		status = sysexits.Unavailable
	case errors.Is(err, deliver.ErrRefused):
		status = sysexits.NoPerm
	case errors.As(err, new(inputError)):
		status = sysexits.NoInput
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("%w: this user may not write the queue", err)
	}
	return complain(p.stderr, status, err)
}

// deliverNow delivers a message that was just queued to those recipients whose
// mailboxes this process may write. What fails stays in the queue for runq, so
// that nothing here is an error of send.
func (p *program) deliverNow(ctx context.Context, id string) {
	if id == "" {
		return
	}
	q, err := p.mail.Queue()
	if err != nil {
		return
	}
	e, err := q.Get(id)
	if err != nil {
		return // runq was faster
	}
	left := 0
	for i := range e.Envelope.Recipients {
		if !p.attempt(ctx, e, i) {
			left++
		}
	}
	if left == 0 {
		err = e.Remove()
	} else {
		err = e.Close()
		q.Wake(id) // whoever heard of it before found it locked
	}
	if err != nil {
		p.say("%s: %v", id, err)
	}
}

// attempt delivers to recipient i if that is a mailbox of this host, and says
// whether the recipient is done. Everything else is left to runq, and so are the
// reports to the sender.
func (p *program) attempt(ctx context.Context, e *queue.Entry, i int) bool {
	rcpt := e.Envelope.Recipients[i]
	dest, err := deliver.ParseDestination(rcpt.Dest, rcpt.Mailbox)
	if err != nil || !dest.Local() || rcpt.Wants(smtp.Success) || e.Begin(i) != nil {
		return false
	}
	o := p.mail.Deliver(ctx, e.Envelope, i, e.Message(), e.Interrupted(i))
	p.say("%s: %s: %s", e.ID, rcpt.Mailbox, o)
	state := queue.Waiting
	if o.Status == deliver.Delivered {
		state = queue.Done
	}
	s := queue.Status{State: state, Tries: 1, Tried: time.Now(), Reply: o.Reply.String()}
	return e.Mark(i, s) == nil && state == queue.Done
}
