package main

import (
	"net"
	"time"

	"postern/lib/smtp"
)

// Of OutlookTLSBug and its kin.
const (
	portSMTP      = 25
	portSMTPS     = 465             // RFC 8314 3.3
	sniffWait     = 2 * time.Second // for a client that speaks first
	handshakeByte = 0x16            // RFC 8446 5.1: a record of the handshake
)

// tlsFirst says whether the session begins with the TLS handshake: by -t, by
// its port, or because the client has begun it.
func (s *session) tlsFirst() bool {
	port := s.peer.server.Port()
	switch {
	case s.conf.flags.tlsFirst:
		return true
	case s.certs == nil || s.batch:
		return false
	case s.conf.tls.port465 && port == portSMTPS:
		return true
	}
	return s.conf.tls.sniff && port != portSMTP && s.sniffTLS()
}

// sniffTLS waits for the client to speak first, and says whether what it says
// is a handshake.
func (s *session) sniffTLS() bool {
	first := make([]byte, 1)
	s.conn.SetReadDeadline(s.now().Add(sniffWait))
	n, _ := s.conn.Read(first) // nothing in time is what is hoped for
	if n == 0 {
		return false
	}
	begun := &begunConn{Conn: s.conn, first: first}
	s.conn, s.pace.conn = begun, begun
	if first[0] == handshakeByte {
		return true
	}
	s.rec.Set("eager_pipelining", "1")
	return false
}

// begunConn is a connection of which the first octets have been read already.
type begunConn struct {
	net.Conn
	first []byte
}

func (c *begunConn) Read(p []byte) (int, error) {
	if len(c.first) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.first)
	c.first = c.first[n:]
	return n, nil
}

// tlsMissing says whether a verb is refused until STARTTLS (TLSRequired). Those that
// are not are named in RFC 3207 section 4; BDAT refuses by itself, behind its
// octets. The connection of a user of this host cannot be tapped, and needs none.
func (s *session) tlsMissing(v *verb) bool {
	if s.tls != nil || !s.conf.tls.enforce || s.batch || s.facts.Caller || s.peer.local {
		return false
	}
	switch v.name {
	case "EHLO", "NOOP", "STARTTLS", "QUIT", "BDAT":
		return false
	}
	return true
}

// wantTLS tells the client to begin TLS: 530 (RFC 3207 4), or 454 when that
// is our fault.
func (s *session) wantTLS() smtp.Reply {
	if s.certs == nil || !s.certs.Present() {
		return smtp.Say(454, smtp.OtherSecurity, "TLS is required here, and not to be had now")
	}
	return smtp.Say(530, smtp.OtherSecurity, "must issue a STARTTLS command first")
}
