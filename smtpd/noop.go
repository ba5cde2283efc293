package main

import (
	"context"

	"postern/lib/smtp"
)

// noop is NOOP (RFC 5321 4.1.1.9): 250 always.
func (s *session) noop(context.Context, string) smtp.Reply {
	return smtp.Say(250, smtp.NoDetail, "ok")
}
