package main

import (
	"context"

	"postern/lib/client"
	"postern/lib/smtp"
)

// link is a session with a host of the destination, past EHLO, and where that
// is wanted past TLS and AUTH: the next command is MAIL.
type link struct {
	*client.Session
	host string // name and address, for the record: "mx.example [192.0.2.1]"
	tls  string // what TLS proved and its version: "dane TLSv1.3"; "none" in the clear
}

// failure is why there is no link: what is said to every recipient.
type failure struct{ outcome }

// Error is the reply and the reason.
func (f *failure) Error() string {
	if f.reason == "" {
		return f.reply.String()
	}
	return f.reply.String() + ": " + f.reason
}

// connect finds a host of the destination that will talk to us, in the order
// in which they are to be tried. Its error is a *failure.
func (p *program) connect(ctx context.Context, to destination) (*link, error) {
	return nil, &failure{outcome{reply: smtp.Say(451, smtp.NoAnswer, "not written")}}
}
