package main

import (
	"context"
	"errors"
	"strings"

	"postern/lib/dns"
	"postern/lib/maillog"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// maxETRN is how often one session may ask. Whoever has mail here for many
// domains comes again.
const maxETRN = 10

// parseETRN parses the argument of ETRN: one domain. The forms @domain, for all
// below it, and #queue (RFC 1985 5.3) are refused, and so are literals.
func parseETRN(arg string) (string, *smtp.Reply) {
	switch {
	case arg == "":
		return "", refusal(501, smtp.InvalidArguments, "say for which domain")
	case strings.IndexByte("@#[", arg[0]) >= 0:
		return "", refusal(458, smtp.NotAuthorized, "only domains by their name")
	}
	if err := smtp.CheckDomain(arg, false); err != nil {
		return "", refusal(501, smtp.InvalidArguments, err.Error())
	}
	return arg, nil
}

// etrn is ETRN (RFC 1985): replies 250, 452, 458, 459, 501, and 502 where it is
// not offered. It only leaves word for runq.
func (s *session) etrn(ctx context.Context, domain string) smtp.Reply {
	if !s.takesETRN() {
		return s.notImplemented(ctx, "")
	}
	allowed := s.conf.wire.etrnDomains
	if len(allowed) > 0 && !s.facts.Trusted && !dns.MatchDomains(allowed, domain) {
		return smtp.Say(459, smtp.NotAuthorized, "not for that domain")
	}
	if s.etrns++; s.etrns > maxETRN {
		return smtp.Say(458, smtp.NotAuthorized, "asked too often")
	}
	s.logf(maillog.Info, "instance", s.id, "client_address", s.rec.Value("client_address"), "reason", "ETRN "+domain)
	q, err := s.mail.Queue()
	if err == nil {
		err = q.Kick(domain)
	}
	switch {
	case errors.Is(err, queue.ErrBusy):
		return smtp.Say(452, smtp.Congestion, "too many have asked, try again later")
	case err != nil:
		s.complain(maillog.Err, "etrn", err)
		return smtp.Say(452, smtp.OtherSystem, "local error, try again later")
	}
	return smtp.Say(250, smtp.NoDetail, "what waits for "+domain+" is tried now")
}

// takesETRN says whether ETRN is offered: when there is a queue of ours behind us,
// and not on a submission port, whose users have no domains to ask for.
func (s *session) takesETRN() bool {
	return len(s.conf.mailer) == 0 && !s.conf.wire.noETRN && !s.conf.auth.msa
}
