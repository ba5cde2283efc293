package main

import (
	"context"

	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// send brings the message on standard input to the recipients of the command
// line.
func (p *program) send(ctx context.Context) int {
	c, err := p.conversion()
	if err != nil {
		return p.complain(sysexits.DataErr, err)
	}
	message, err := p.readLetter(c)
	if err != nil {
		return p.complain(sysexits.IOErr, err)
	}
	j := &job{envelope: c.envelope(), letter: message}
	status := sysexits.OK
	carrier := carrier{program: p, to: p.to, next: once(j), done: func(j *job) { status, err = p.report(j, status) }}
	carrier.carry(ctx)
	if err != nil {
		p.complain(status, err) // whoever asks for no more than the status has it
	}
	return status
}

// once is the source of a single job.
func once(j *job) source {
	return func(bool) (*job, bool) {
		next := j
		j = nil
		return next, false
	}
}

// envelope is that of the command line.
func (c *conversion) envelope() *smtp.Envelope {
	env := &smtp.Envelope{Sender: c.sender}
	for _, m := range c.recipients {
		env.Recipients = append(env.Recipients, smtp.Recipient{Mailbox: m})
	}
	env.SMTPUTF8 = !env.IsASCII()
	return env
}

// report prints what became of a job, in one write, and puts its status to
// those before it.
func (p *program) report(j *job, status int) (int, error) {
	var lines []byte
	for i, to := range j.envelope.Recipients {
		o := j.outcomes[i]
		lines = appendResult(lines, j.envelope.ID, to.Mailbox.String(), o)
		status = worst(status, o.status())
	}
	_, err := p.stdout.Write(lines)
	return status, err
}
