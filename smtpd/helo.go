package main

import (
	"context"
	"strconv"

	"postern/lib/check"
	"postern/lib/header"
	"postern/lib/smtp"
)

// parseHelo takes the name of a client: a domain or an address literal, and
// nothing behind it.
func parseHelo(arg string) (string, *smtp.Reply) {
	if arg == "" {
		return "", refusal(501, smtp.InvalidArguments, "say your name")
	}
	if err := smtp.ValidHelo(arg); err != nil {
		return "", refusal(501, smtp.InvalidArguments, err.Error())
	}
	return arg, nil
}

// helo is HELO (RFC 5321 4.1.1.1): replies 250, 501, 554.
func (s *session) helo(ctx context.Context, name string) smtp.Reply {
	s.esmtp = false
	if r, refused := s.hello(ctx, name); refused {
		return r
	}
	return smtp.Say(250, smtp.NoEnhanced, s.heloText())
}

// heloText is the text of the answer: our name, and for a client that has to
// authenticate (-E) a word about that.
func (s *session) heloText() string {
	if s.mustAuth {
		return s.conf.mail.Hostname + " wants you to authenticate"
	}
	return s.conf.mail.Hostname
}

// ehlo is EHLO (RFC 5321 4.1.1.1): as HELO, and the list of what is offered.
func (s *session) ehlo(ctx context.Context, name string) smtp.Reply {
	s.noteEager()
	s.esmtp = true
	if r, refused := s.hello(ctx, name); refused {
		return r
	}
	return smtp.Say(250, smtp.NoEnhanced, append([]string{s.heloText()}, s.offers(ctx)...)...)
}

// hello begins the session anew under a name, unless policy refuses it.
func (s *session) hello(ctx context.Context, name string) (smtp.Reply, bool) {
	s.reset("reset")
	s.state = fresh
	s.rec.Set("helo_name", name)
	s.facts.Helo, s.facts.Extended = name, s.esmtp
	s.rec.Set("protocol_name", s.protocol())
	s.trustByName()
	if r, refused := s.adopt(name); refused {
		return r, true
	}
	v := s.policy.At(ctx, check.Helo, &s.facts)
	if !s.hold() {
		return smtp.Reply{}, true
	}
	if !s.forgive(v) && v.Refused() {
		v.Quiet = s.conf.guard.quietHelo
		return s.refuse(v), true
	}
	s.state = greeted
	return smtp.Reply{}, false
}

// forgive says whether a client that was refused may mend that by
// authenticating (-E).
func (s *session) forgive(v check.Verdict) bool {
	s.mustAuth = v.Refused() && v.Auth && s.conf.guard.demandAuth
	return s.mustAuth
}

// offers are the extensions, in the order in which they are listed.
func (s *session) offers(ctx context.Context) (list []string) {
	w := &s.conf.wire
	offer := func(offered bool, lines ...string) {
		if offered {
			list = append(list, lines...)
		}
	}
	offer(!w.noPipelining, "PIPELINING")                                   // RFC 2920
	offer(true, "SIZE "+strconv.FormatInt(s.conf.maxSize, 10))             // RFC 1870
	offer(!w.no8BitMIME, "8BITMIME")                                       // RFC 6152
	offer(!w.noChunking, "CHUNKING")                                       // RFC 3030
	offer(!w.noEnhanced, "ENHANCEDSTATUSCODES")                            // RFC 2034
	offer(s.takesUTF8(), "SMTPUTF8")                                       // RFC 6531
	offer(s.takesDSN(), "DSN")                                             // RFC 3461
	offer(s.takesETRN(), "ETRN")                                           // RFC 1985
	offer(true, s.authOffers(ctx)...)                                      // RFC 4954
	offer(s.tls == nil && s.certs != nil && s.certs.Present(), "STARTTLS") // RFC 3207
	offer(s.conf.vrfy, "VRFY")
	offer(s.conf.expn, "EXPN")
	offer(true, "HELP")
	return list
}

// passesEnvelope says whether whatever delivers for us takes all of the envelope, as
// it is in POSTERN_ENVELOPE: SMTPUTF8 and DSN need that.
func (s *session) passesEnvelope() bool { return len(s.conf.mailer) == 0 || s.conf.mailerDSN }

// takesUTF8 says whether SMTPUTF8 is offered, which needs 8BITMIME (RFC 6531 3.1).
func (s *session) takesUTF8() bool { return s.passesEnvelope() && !s.conf.wire.no8BitMIME }

// takesDSN says whether DSN is offered.
func (s *session) takesDSN() bool { return s.passesEnvelope() && !s.conf.wire.noDSN }

// protocol is the word behind "with" in Received, and in the record.
func (s *session) protocol() string {
	if s.conf.flags.bsmtp || s.ticked {
		return "BSMTP"
	}
	utf8 := s.tx != nil && s.tx.env.SMTPUTF8
	return header.Protocol(false, s.esmtp, utf8, s.tls != nil, s.login.user != "")
}
