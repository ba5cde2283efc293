package main

import (
	"context"
	"strings"

	"postern/lib/check"
	"postern/lib/smtp"
)

// vrfyCmd is VRFY (RFC 5321 3.5.3): reply 252, which says nothing, unless the
// configuration allows an answer (VRFYcmd); then 250, 252, 451, 550, or what the
// verifier says.
func (s *session) vrfyCmd(ctx context.Context, arg string) smtp.Reply {
	if !s.conf.vrfy || !s.style.checkVrfy() {
		return smtp.Say(252, smtp.NoDetail, "send mail, and see")
	}
	if s.verifying("v") {
		return s.verified(ctx, "verify", arg)
	}
	return s.lookUp(ctx, arg)
}

// expnCmd is EXPN (RFC 5321 3.5.2): reply 502 unless EXPNcmd allows it; then as
// VRFY. Members of lists are shown to nobody, only that the address exists.
func (s *session) expnCmd(ctx context.Context, arg string) smtp.Reply {
	if !s.conf.expn || !s.style.checkExpn() {
		return smtp.Say(502, smtp.InvalidCommand, "lists are not shown")
	}
	if s.verifying("e") {
		return s.verified(ctx, "expand", arg)
	}
	return s.lookUp(ctx, arg)
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

// namedMailbox is the address that VRFY or EXPN names, ours when it has no
// domain.
func (s *session) namedMailbox(arg string) smtp.Mailbox {
	m, err := smtp.ParseMailbox(strings.Trim(arg, "<>"), false)
	if err != nil {
		m = smtp.Mailbox{Local: arg, Domain: s.conf.mail.Hostname}
	}
	return m
}
