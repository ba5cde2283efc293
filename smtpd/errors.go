package main

import (
	"context"

	"postern/lib/check"
	"postern/lib/maillog"
	"postern/lib/smtp"
)

// What errors cost a client: each is counted against its address, over all of
// its sessions (MaxErrorsPerIP), and against the session (MaxErrors,
// MaxUnknownCommands). Whoever makes too many is sent away.

// countRefusal counts a reply that refuses something, 4yz or 5yz.
func (s *session) countRefusal(r smtp.Reply) {
	s.countForAddress(r)
	s.countForSession(r)
}

// countForSession ends the session when more was refused in it than would be to
// a client that works.
func (s *session) countForSession(r smtp.Reply) {
	if s.overshoots(r) {
		return
	}
	s.errors++
	if r.Code == 421 || s.closing || s.batch {
		return
	}
	if s.errors >= s.conf.maxErrors || s.unknown >= s.conf.maxUnknown {
		s.sendAway("too many errors", smtp.Say(421, smtp.OtherProtocol, "too many errors"))
	}
}

// sendAway says a 421 behind the reply that was just said, and ends the session.
func (s *session) sendAway(reason string, r smtp.Reply) {
	s.rec.Set("reason", reason)
	s.out = r.Append(s.out, !s.conf.wire.noEnhanced)
	s.closing = true
}

// overshoot is how many recipients beyond a limit (MaxRcpts, MaxMsgsPerIP) a
// client may name without a message between them before each further one counts
// as an error. A client that pipelines names all recipients before it hears that
// the first was refused (RFC 2920 3.1), and then sends the message to those that
// were accepted (RFC 5321 4.5.3.1.10). If it were sent away before, it would
// begin anew and never get to the end.
const overshoot = 1000

// overshoots says whether a reply is the refusal of a recipient beyond a limit
// that does not yet count as an error.
func (s *session) overshoots(r smtp.Reply) bool {
	if s.tx == nil || r.Class() != 4 || r.Detail != smtp.TooManyRecipients && r.Detail != smtp.MailFlood {
		return false
	}
	s.beyond++
	return s.beyond <= overshoot
}

// errorMeter is the bucket of the address's errors.
func (s *session) errorMeter() (meter, bool) {
	return s.addressMeter(s.conf.limits.errors, "MaxErrorsPerIP", "errors")
}

// countForAddress puts an error into the address's bucket. Where it cannot be
// counted the session ends, since there would be no limit to its errors.
func (s *session) countForAddress(r smtp.Reply) {
	if !s.welcomed || r.Code == 421 {
		return
	}
	m, ok := s.errorMeter()
	if !ok {
		return
	}
	ok, wait, err := m.Take(context.Background(), 1, s.now())
	switch {
	case err != nil:
		s.complain(maillog.Err, m.directive, err)
		s.sendAway("errors cannot be counted", smtp.Say(421, smtp.OtherSystem, "local error, try again later"))
	case !ok:
		s.keepOut(m.directive, wait)
	}
}

// tooManyBefore is the verdict on a session whose client has made too many errors
// in earlier ones.
func (s *session) tooManyBefore(ctx context.Context) check.Verdict {
	m, ok := s.errorMeter()
	if !ok {
		return check.Verdict{}
	}
	ok, wait, err := m.Peek(ctx, 1, s.now())
	if ok && err == nil || s.vouched() {
		return check.Verdict{}
	}
	if err == nil {
		s.keepOut(m.directive, wait)
	}
	return s.overMeter(m, 421, wait, err)
}
