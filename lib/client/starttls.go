package client

import (
	"context"
	"crypto/tls"
	"fmt"

	"postern/lib/smtp"
	"postern/lib/tlsconf"
)

// StartTLS encrypts the connection and introduces us anew, because nothing
// the server said before counts any more (RFC 3207 section 4.2). It returns
// the answer to the second EHLO. A server that does not say 220 is a Refused,
// and the session goes on in the clear; a handshake that fails is an
// ErrHandshake; text behind the 220, which somebody on the line may have put
// there, is an ErrOutOfStep. The last two end the session.
func (s *Session) StartTLS(ctx context.Context, config *tls.Config) (smtp.Reply, error) {
	r, err := s.ask(ctx, "STARTTLS")
	if err != nil {
		return r, err
	}
	if r.Code != 220 {
		return r, &Refused{"STARTTLS", r}
	}
	if s.replies.Buffered() > 0 {
		return r, s.fail(fmt.Errorf("%w: text in the clear behind STARTTLS", ErrOutOfStep))
	}
	if err := s.shake(ctx, config); err != nil {
		return r, err
	}
	return s.Hello(ctx)
}

// shake does the handshake and goes on with the encrypted connection.
func (s *Session) shake(ctx context.Context, config *tls.Config) error {
	defer s.attend(ctx)()
	if err := s.allow(ctx, s.options.Command); err != nil {
		return err
	}
	conn := tls.Client(s.conn, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return s.broken(ctx, "STARTTLS", fmt.Errorf("%w: %w", ErrHandshake, err))
	}
	s.conn = conn
	s.replies.Reset(conn)
	s.transcribe('*', tlsconf.Describe(conn.ConnectionState()).String())
	return nil
}

// TLS returns what the handshake agreed on; false when the connection is in
// the clear.
func (s *Session) TLS() (tls.ConnectionState, bool) {
	if conn, ok := s.conn.(*tls.Conn); ok {
		return conn.ConnectionState(), true
	}
	return tls.ConnectionState{}, false
}
