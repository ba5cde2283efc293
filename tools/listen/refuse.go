package main

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/smtp"
)

// lingerTime is how long a refused client has to read why. Closing at once
// could reset the connection of one that has sent something, and the reply
// would be lost; and it slows down one that comes again at once.
const lingerTime = 2 * time.Second

// A refusal is a connection that has been told to come later.
type refusal struct {
	fd    int
	key   netip.Addr
	until time.Time
}

// refuse answers a connection without ever waiting for it.
func (s *server) refuse(c conn, v verdict) {
	key := c.key()
	if s.gate.crowdedBy(key) {
		s.keepOut(key)
	}
	if v == drop {
		s.log.refused(c, "closed in silence")
		c.close()
		return
	}
	r := s.reply(v, key)
	s.log.refused(c, r.String())
	// Our first bytes always fit in a new socket's buffer.
	_ = unix.Sendmsg(c.fd, r.Append(nil, true), nil, nil, unix.MSG_DONTWAIT)
	_ = unix.Shutdown(c.fd, unix.SHUT_WR)
	s.gate.enterRefused(key)
	s.refusals = append(s.refusals, refusal{c.fd, key, s.now().Add(lingerTime)})
}

// reply is what a refused client is told. ZMailer's codes: 450 for limits,
// 421 for trouble of the host.
func (s *server) reply(v verdict, key netip.Addr) smtp.Reply {
	switch v {
	case manyThere:
		return smtp.Say(450, smtp.OtherSecurity, "Come again later",
			fmt.Sprintf("Too many simultaneous connections from same IP address (%d max %d)", s.gate.of[key].live+1, s.gate.each))
	case manyHere:
		return smtp.Say(450, smtp.OtherSecurity,
			fmt.Sprintf("Too many simultaneous connections to this server (%d max %d)", s.gate.live+1, s.gate.total))
	case overloaded:
		return smtp.Say(421, smtp.NotAccepting, "Sorry, the system is too loaded for email reception at the moment")
	}
	return smtp.Say(421, smtp.NotAccepting, "Service not available, try again later")
}

// dismiss closes the refused connections whose time is up.
func (s *server) dismiss(now time.Time) {
	for len(s.refusals) > 0 && !now.Before(s.refusals[0].until) {
		unix.Close(s.refusals[0].fd)
		s.gate.leaveRefused(s.refusals[0].key)
		s.refusals = s.refusals[1:]
	}
	if len(s.refusals) == 0 {
		s.refusals = nil
	}
}
