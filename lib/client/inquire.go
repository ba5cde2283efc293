package client

import (
	"context"

	"postern/lib/smtp"
)

// Mail sends the sender of env alone, and gives up what was open before. Rcpt
// comes next, for those who want to know each answer and when it came; no text
// follows. The reply is ours where the server cannot be sent the sender.
func (s *Session) Mail(ctx context.Context, env *smtp.Envelope) (smtp.Reply, error) {
	if s.started {
		if err := s.Reset(ctx); err != nil {
			return smtp.Reply{}, err
		}
	}
	t := s.newTransaction(env, nil)
	if r := t.unsendable(); !r.IsZero() {
		return r, nil
	}
	r, err := s.ask(ctx, t.mailCommand())
	s.started = s.started || r.Class() == 2
	return r, err
}

// Rcpt asks about one recipient behind Mail, which had the same env. The
// reply is ours where the server cannot be sent the recipient.
func (s *Session) Rcpt(ctx context.Context, env *smtp.Envelope, to smtp.Recipient) (smtp.Reply, error) {
	t := s.newTransaction(env, nil)
	if r := t.unsendableTo(to.Mailbox); !r.IsZero() {
		return r, nil
	}
	return s.ask(ctx, s.rcptCommand(to))
}
