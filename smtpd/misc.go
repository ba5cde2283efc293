package main

import (
	"context"
	"strings"

	"postern/lib/check"
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

// vrfyCmd is VRFY (RFC 5321 3.5.3): 252 says nothing, and is the answer unless
// the configuration allows a better one; then 250, 451, 550 or 551 to 553.
func (s *session) vrfyCmd(ctx context.Context, arg string) smtp.Reply {
	if !s.conf.vrfy || !s.style.checkVrfy() {
		return smtp.Say(252, smtp.NoDetail, "send mail, and see")
	}
	if s.verifying("v") {
		return s.verified(ctx, "verify", arg)
	}
	return s.lookUp(ctx, arg)
}

// namedMailbox is the address that VRFY or EXPN names, ours when it has no
// domain.
func (s *session) namedMailbox(arg string) smtp.Mailbox {
	m, err := smtp.ParseMailbox(strings.Trim(arg, "<>"), false)
	if err != nil {
		m = smtp.Mailbox{Local: arg, Domain: s.conf.mail.Hostname}
	}
	return m
}

// lookUp says whether an address is one of ours.
func (s *session) lookUp(ctx context.Context, arg string) smtp.Reply {
	m := s.namedMailbox(arg)
	switch p, err := s.presence(ctx, m); p {
	case check.Local:
		return smtp.Say(250, smtp.ValidRecipient, "<"+m.String()+">")
	case check.Remote:
		return smtp.Say(252, smtp.NoDetail, "not an address of this host")
	case check.Broken:
		s.brokenCheck("vrfy", err)
		return smtp.Say(451, smtp.OtherSystem, "cannot be said now")
	}
	return smtp.Say(550, smtp.NoMailbox, "no such mailbox here")
}

// expnCmd is EXPN (RFC 5321 3.5.2): lists are shown to nobody, so that an
// address is all that it can confirm.
func (s *session) expnCmd(ctx context.Context, arg string) smtp.Reply {
	if !s.conf.expn || !s.style.checkExpn() {
		return smtp.Say(502, smtp.InvalidCommand, "lists are not shown")
	}
	if s.verifying("e") {
		return s.verified(ctx, "expand", arg)
	}
	return s.lookUp(ctx, arg)
}

// post answers a browser or a proxy that was made to speak HTTP to us: it is
// noted, and ended, since the lines behind it may be anybody's.
func (s *session) post(context.Context, string) smtp.Reply {
	s.rec.Set("post", "1")
	s.rec.Set("reason", "HTTP POST")
	return smtp.Say(421, smtp.InvalidCommand, "this is not HTTP")
}

// notImplemented is for verbs that the RFC knows and that nobody needs: 502.
func (s *session) notImplemented(context.Context, string) smtp.Reply {
	return smtp.Say(502, smtp.InvalidCommand, "not implemented")
}
