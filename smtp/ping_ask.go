package main

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"postern/lib/smtp"
)

// maxAsked is how many recipients one transaction is asked about. Servers
// count those they do not know, and hang up or slow down at twenty or so.
const maxAsked = 10

// inquiry is a connection over which questions are asked.
type inquiry struct {
	*link
	host        *pingHost
	pings       *pingConfig
	connectTime time.Duration // until EHLO, TLS and AUTH were done; 0 once an answer has told it

	open    bool            // MAIL was accepted
	utf8    bool            // with SMTPUTF8
	asked   int             // recipients since
	last    time.Time       // when the last question was asked
	any     map[string]bool // whether a domain's every address is accepted, where that was asked
	retried bool            // a new transaction was begun for the current question
}

// ask asks one question. The session is alive when another can follow.
func (s *inquiry) ask(ctx context.Context, q question) (a answer, alive bool) {
	begin := s.connectTime
	s.connectTime, s.retried = 0, false
	a, err := s.try(ctx, q)
	if err != nil {
		s.Close()
		if a.reply.IsZero() {
			a = unasked(a.phase, err)
		}
	}
	a.host, a.tls, a.connectTime = s.link.host, s.link.tls, begin
	a.reason = strings.Join(append(nonempty(a.reason), doubts(a)...), "; ")
	s.last = time.Now()
	return a, err == nil
}

// try asks one question within a transaction, which it begins if need be. The phase
// of the answer is the last step that was begun.
func (s *inquiry) try(ctx context.Context, q question) (answer, error) {
	a := answer{phase: "mail"}
	if err := s.pause(ctx); err != nil {
		return a, err
	}
	if reply, err := s.begin(ctx, q, &a); err != nil || reply.Class() != 2 {
		a.reply = unexpected(reply)
		return a, err
	}
	a.phase = "rcpt"
	reply, err := s.rcpt(ctx, q.env, q.env.Recipients[0], &a.rcptTime)
	if err != nil {
		return a, err
	}
	if reply.Code == 452 && s.asked > 1 && !s.retried {
		s.open, s.retried = false, true // too many for one transaction (RFC 5321 4.5.3.1.10)
		return s.try(ctx, q)
	}
	a.reply = unexpected(reply)
	if s.pings.probe && reply.Class() == 2 {
		a.acceptAll, err = s.acceptsAll(ctx, q.env)
	}
	return a, err
}

// pause is between two questions.
func (s *inquiry) pause(ctx context.Context) error {
	rest := s.pings.delay - time.Since(s.last)
	if s.last.IsZero() || rest <= 0 {
		return nil
	}
	select {
	case <-time.After(rest):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin begins a transaction unless there is one that will do.
func (s *inquiry) begin(ctx context.Context, q question, a *answer) (smtp.Reply, error) {
	if s.open && s.asked < maxAsked && s.utf8 == q.env.SMTPUTF8 {
		return smtp.Say(250, smtp.NoDetail, "begun"), nil
	}
	defer clock(&a.mailTime)()
	reply, err := s.Mail(ctx, q.env)
	s.open, s.utf8, s.asked = reply.Class() == 2, q.env.SMTPUTF8, 0
	return reply, err
}

// rcpt asks about one recipient.
func (s *inquiry) rcpt(ctx context.Context, env *smtp.Envelope, to smtp.Recipient, took *time.Duration) (smtp.Reply, error) {
	defer clock(took)()
	s.asked++
	s.last = time.Now()
	return s.Rcpt(ctx, env, to)
}

// clock measures until what it returns is called.
func clock(took *time.Duration) func() {
	begin := time.Now()
	return func() { *took += time.Since(begin) }
}

// acceptsAll asks about an address that nobody has. The domain's answer is
// remembered for this connection.
func (s *inquiry) acceptsAll(ctx context.Context, env *smtp.Envelope) (string, error) {
	to := env.Recipients[0]
	domain := strings.ToLower(to.Mailbox.Domain)
	all, known := s.any[domain]
	if !known {
		if err := s.pause(ctx); err != nil {
			return "", err
		}
		to.Mailbox.Local = "nobody-" + strings.ToLower(rand.Text()[:16])
		reply, err := s.rcpt(ctx, env, to, new(time.Duration))
		if err != nil || reply.Class() == 4 {
			return "", err
		}
		if s.any == nil {
			s.any = make(map[string]bool)
		}
		all = reply.Class() == 2
		s.any[domain] = all
	}
	if all {
		return "1", nil
	}
	return "0", nil
}
