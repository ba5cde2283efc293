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
		return complain(p.stderr, sysexits.DataErr, err)
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

// refuse tells why nobody gets the message. What is no fault of the message
// is to be tried again.
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

// deliverNow delivers of a message that has been queued what can be delivered
// here and now. The queue has it, so that whatever happens is no failure.
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

// attempt delivers to recipient i if that is a mailbox here, and says whether
// the recipient is done. All else, and all reports to the sender, are runq's.
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

// finish is --deliver: one destination, with the rights of the calling user.
// The message is a file, so that it is whole.
func (p *program) finish(operands []string) int {
	m, err := p.parseAddress(operands[0])
	if err != nil {
		return complain(p.stderr, sysexits.Usage, err)
	}
	dest, err := deliver.ParseDestination(p.final, m)
	if err != nil {
		return complain(p.stderr, sysexits.Usage, err)
	}
	sender, err := p.envelopeSender()
	if err != nil {
		return complain(p.stderr, sysexits.Usage, err)
	}
	msg, err := seekable(p.stdin)
	if err != nil {
		return complain(p.stderr, sysexits.Usage, err)
	}
	v := deliver.Delivery{ID: p.id, Sender: sender, Dest: dest, Text: msg, Again: p.again, Child: true}
	o := p.mail.Final(context.Background(), v)
	for _, m := range o.Forward {
		fmt.Fprintln(p.stdout, m)
	}
	return p.report(o)
}

// report turns an outcome into an exit status, and its words into the reason.
func (p *program) report(o deliver.Outcome) int {
	if o.Status == deliver.Delivered {
		return sysexits.OK
	}
	why := errors.New(o.Reply.Lines[0])
	if o.Err != nil {
		why = o.Err
	}
	return complain(p.stderr, exitStatus(o), why)
}

// exitStatus is the status that says what o says.
func exitStatus(o deliver.Outcome) int {
	if o.Status == deliver.Deferred {
		return sysexits.TempFail
	}
	switch o.Reply.Detail {
	case smtp.NoMailbox:
		return sysexits.NoUser
	case smtp.OtherMedia:
		return sysexits.DataErr
	case smtp.BadDestination:
		return sysexits.NoHost
	case smtp.NotAuthorized:
		return sysexits.NoPerm
	}
	return sysexits.Unavailable
}
