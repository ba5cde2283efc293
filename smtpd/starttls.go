package main

import (
	"context"
	"crypto/tls"

	"postern/lib/maillog"
	"postern/lib/smtp"
	"postern/lib/tlsconf"
)

// starttls is STARTTLS (RFC 3207): replies 220, 454, 503, 554. Octets behind
// the command in the same read were put there by somebody in the middle:
// they are not obeyed, and the session ends (CVE-2011-0411).
func (s *session) starttls(ctx context.Context, _ struct{}) smtp.Reply {
	switch {
	case s.tls != nil:
		return smtp.Say(503, smtp.InvalidCommand, "TLS has been started already")
	case s.in.Buffered() > 0:
		s.closing = true
		s.rec.Set("reason", "octets behind STARTTLS")
		return smtp.Say(554, smtp.InvalidCommand, "nothing may follow STARTTLS")
	}
	config := s.tlsConfig()
	if config == nil {
		return smtp.Say(454, smtp.OtherSecurity, "TLS is not to be had now")
	}
	s.say(smtp.Say(220, smtp.NoDetail, "go ahead"))
	if !s.flush() || !s.handshake(ctx, config) {
		s.closing = true
	}
	return smtp.Reply{} // 220 was said in the clear, and nothing more is
}

// handshake starts TLS and begins the session anew: nothing that was said in
// the clear counts (RFC 3207 4.2). It is false when there is no session any
// more.
func (s *session) handshake(ctx context.Context, config *tls.Config) bool {
	if config == nil { // TLS first, and no certificate
		s.rec.Set("reason", "no certificate")
		return false
	}
	c := tls.Server(s.conn, config)
	c.SetDeadline(s.now().Add(s.conf.commandWait))
	if err := c.HandshakeContext(ctx); err != nil {
		s.rec.Set("reason", "TLS handshake: "+err.Error())
		s.logf(maillog.Info, "id", s.id, "client_address", s.rec.Value("client_address"), "error", "TLS handshake: "+err.Error())
		return false
	}
	quickAck(s.conn)
	st := c.ConnectionState()
	s.tls, s.conn, s.pace.conn = &st, c, c
	s.in.Reset(&s.pace)
	s.state, s.esmtp = fresh, false
	s.rec.Delete("helo_name")
	s.logOut()
	s.facts.Helo = ""
	d := tlsconf.Describe(st)
	s.rec.Set("encryption_protocol", d.Version)
	s.rec.Set("encryption_cipher", d.Cipher)
	s.rec.SetInt("encryption_keysize", int64(d.Bits))
	if st.ServerName != "" {
		s.rec.Set("encryption_server_name", st.ServerName)
	}
	s.meetCertificate(st.PeerCertificates)
	return true
}
