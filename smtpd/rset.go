package main

import (
	"context"

	"postern/lib/smtp"
)

// rset is RSET (RFC 5321 4.1.1.5): 250 always.
func (s *session) rset(context.Context, struct{}) smtp.Reply {
	s.reset("reset")
	return smtp.Say(250, smtp.NoDetail, "forgotten")
}

// noop is NOOP (RFC 5321 4.1.1.9): 250 always.
func (s *session) noop(context.Context, string) smtp.Reply {
	return smtp.Say(250, smtp.NoDetail, "ok")
}

// quit is QUIT (RFC 5321 4.1.1.10): 221, and the connection is closed.
func (s *session) quit(context.Context, string) smtp.Reply {
	s.reset("reset")
	s.closing = true
	return smtp.Say(221, smtp.NoDetail, "goodbye")
}
