package main

import (
	"context"
	"crypto/tls"

	"postern/lib/maillog"
	"postern/lib/smtp"
	"postern/lib/tlsconf"
)

// starttls is STARTTLS (RFC 3207): replies 220, 454, 503, 554. Octets that came
// together with the command may have been put there by somebody in the middle:
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

// handshake begins TLS, after STARTTLS or before the greeting, and with it the
// session anew. It is false when the session is over.
func (s *session) handshake(ctx context.Context, config *tls.Config) bool {
	if config == nil { // TLS before the greeting, and no certificate
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
	s.conn, s.pace.conn = c, c
	s.in.Reset(&s.pace)
	s.forgetClear()
	s.describeTLS(c.ConnectionState())
	return true
}

// forgetClear forgets what the client has said in the clear, since anybody on the
// way may have said it (RFC 3207 4.2).
func (s *session) forgetClear() {
	s.state, s.esmtp = fresh, false
	s.facts.Helo = ""
	s.rec.Delete("helo_name")
	s.logOut()
}

// describeTLS notes what the handshake agreed on, and whose certificate the
// client has shown.
func (s *session) describeTLS(st tls.ConnectionState) {
	s.tls = &st
	d := tlsconf.Describe(st)
	s.rec.Set("encryption_protocol", d.Version)
	s.rec.Set("encryption_cipher", d.Cipher)
	s.rec.SetInt("encryption_keysize", int64(d.Bits))
	if st.ServerName != "" {
		s.rec.Set("encryption_server_name", st.ServerName)
	}
	s.meetCertificate(st.PeerCertificates)
}
