package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"postern/lib/deliver"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// finish is --deliver: it brings a message, which is a file on standard input, to
// one destination with the rights of the calling user. runq has it done so for
// mailboxes of others.
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

// seekable is r as a file that can be read twice.
func seekable(r io.Reader) (io.ReadSeeker, error) {
	s, ok := r.(io.ReadSeeker)
	if ok {
		_, err := s.Seek(0, io.SeekCurrent)
		ok = err == nil
	}
	if !ok {
		return nil, errors.New("standard input must be a file")
	}
	return s, nil
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

// exitStatus is the status of sysexits(3) from which smtp.FromExit makes the
// outcome's reply again.
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
