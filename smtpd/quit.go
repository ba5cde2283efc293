package main

import (
	"context"

	"postern/lib/smtp"
)

// quit is QUIT (RFC 5321 4.1.1.10): 221, and the connection is closed.
func (s *session) quit(context.Context, string) smtp.Reply {
	s.reset("reset")
	s.closing = true
	return smtp.Say(221, smtp.NoDetail, "goodbye")
}
