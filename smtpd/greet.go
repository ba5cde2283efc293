package main

import (
	"strconv"
	"strings"
	"time"

	"postern/lib/check"
	"postern/lib/conf"
	"postern/lib/loadavg"
	"postern/lib/place"
	"postern/lib/smtp"
)

// greet says the banner (RFC 5321 4.2, 3.1), unless the client is turned away. A
// client that sends something before the banner breaks the protocol, which is
// noted.
func (s *session) greet() {
	s.noteEager()
	if s.unwelcome() {
		return
	}
	lines := make([]string, 0, len(s.conf.banner)+1)
	for _, text := range s.conf.banner {
		lines = append(lines, s.expandBanner(text))
	}
	if len(lines) == 0 {
		lines = append(lines, s.conf.mail.Hostname+" ESMTP postern")
	}
	s.say(smtp.Say(220, smtp.NoEnhanced, lines...))
	s.welcomed = true
}

// unwelcome turns a client away instead of greeting it, and says whether it did:
// when there are too many sessions or too many errors (see crowded), when the
// load is too high, or when the client's name cannot be looked up.
func (s *session) unwelcome() bool {
	if s.turned.Refused() {
		s.say(s.refuse(s.turned))
	} else if limit := s.conf.wire.maxLoad; limit != loadavg.Never && s.loaded(limit) {
		s.say(s.tooLoaded())
	} else if v := s.nameless(); v.Refused() {
		s.say(s.refuse(v))
	}
	return s.closing
}

// nameless is the verdict on a stranger whose name cannot be looked up now, when
// such are not served (AllowDNSFail 0).
func (s *session) nameless() check.Verdict {
	if s.conf.wire.dnsFail > "0" || s.facts.Trusted {
		return check.Verdict{}
	}
	err := s.nameError()
	if err == nil {
		return check.Verdict{}
	}
	return check.Verdict{Action: check.Defer, Check: "client-name", Reason: err.Error(),
		Reply: smtp.Say(421, smtp.DirectoryFailure, "your name cannot be looked up now, try again later")}
}

// bannerValue is the directive Banner. It notes a greeting that a client cannot
// take a host name from.
func (c *config) bannerValue() conf.Value {
	v := conf.Lines(&c.banner)
	v.Note = func() string {
		if len(c.banner) == 0 || strings.HasPrefix(c.banner[0], "%H") || strings.HasPrefix(c.banner[0], c.mail.Hostname) {
			return ""
		}
		return "the first line should begin with %H (RFC 5321 4.2)"
	}
	return v
}

// noteEager sets eager_pipelining when octets have come that nobody asked for.
// Of a batch all is there at once.
func (s *session) noteEager() {
	if s.batch {
		return
	}
	if s.in.Buffered() > 0 || pending(s.conn) {
		s.rec.Set("eager_pipelining", "1")
	}
}

// expandBanner puts in the tags of a banner line. An unknown tag gives
// nothing.
func (s *session) expandBanner(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		b.WriteString(s.bannerTag(text[i]))
	}
	return b.String()
}

func (s *session) bannerTag(tag byte) string {
	switch tag {
	case '%':
		return "%"
	case 'H':
		return s.conf.mail.Hostname
	case 'I':
		if s.conf.wire.identWait > 0 {
			return "+IDENT"
		}
		return ""
	case 'V':
		return "postern " + place.Version()
	case 'T':
		return s.now().Format(time.RFC1123Z)
	case 'i':
		return s.clientLiteral()
	case 'p':
		return strconv.Itoa(int(s.peer.server.Port()))
	}
	return ""
}

// clientLiteral is the client's address as it stands in mail.
func (s *session) clientLiteral() string {
	switch a := s.peer.client.Addr(); {
	case !a.IsValid():
		return "unknown"
	case a.Is6():
		return "IPv6:" + a.String()
	default:
		return a.String()
	}
}
