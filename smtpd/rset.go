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
