package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postern/lib/client"
	"postern/lib/record"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// maxAsked is how many recipients one transaction is asked about. Servers
// count those they do not know, and hang up or slow down at twenty or so.
const maxAsked = 10

// inquiry is a connection over which questions are asked.
type inquiry struct {
	*link
	host        *pingHost
	pings       *pingConfig
	connectTime time.Duration // until EHLO, TLS and AUTH were done; 0 when told

	open    bool            // MAIL was accepted
	utf8    bool            // with SMTPUTF8
	asked   int             // recipients since
	last    time.Time       // when the last question was asked
	any     map[string]bool // domains whose every address is accepted, or not
	retried bool            // a new transaction was begun for the current question
}

// answer is what is known of one address.
type answer struct {
	outcome
	recipient smtp.Mailbox
	phase     string // where it was decided: connect, mail or rcpt
	acceptAll string // "1" or "0", when it was asked
	// How long it took; 0 for what was not done for this address.
	connectTime, mailTime, rcptTime time.Duration
}

// unasked is the answer when there is none.
func unasked(phase string, err error) answer {
	reply := smtp.Say(451, smtp.BadConnection, "the connection to the next server broke")
	var refused *client.Refused
	if errors.As(err, &refused) {
		reply = refused.Reply
	}
	return answer{outcome: outcome{reply: reply, reason: err.Error()}, phase: phase}
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

// try goes through the steps. Its phase is the last one that was begun.
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

// unexpected makes a reply that is none to its question one that puts off.
func unexpected(r smtp.Reply) smtp.Reply {
	if r.Class() == 3 {
		return smtp.Say(451, smtp.OtherProtocol, fmt.Sprintf("the next server said %d, which is no answer", r.Code))
	}
	return r
}

// doubts says what SMTP leaves open about an answer.
func doubts(a answer) []string {
	switch {
	case a.reply.Code == 252:
		return []string{"the server does not say whether the address exists"}
	case a.reply.Code == 251:
		return []string{"the server passes the mail on"}
	case a.acceptAll == "1":
		return []string{"the server accepts any address"}
	case a.phase == "rcpt" && a.reply.Class() == 4 && a.reply.Code != 421:
		return []string{"it may be greylisting, which ends when the same is asked again later"}
	case a.phase == "mail" && a.reply.Class() == 5:
		return []string{"our sender was refused, of the recipient nothing is known"}
	}
	return nil
}

// nonempty is a list of s, or of nothing.
func nonempty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// Record sets what is known of the address.
func (a answer) Record(r *record.Record) {
	r.Set("verdict", a.verdict())
	r.Set("reply", a.reply.String())
	for _, attribute := range [...]struct{ name, value string }{
		{"host", a.host}, {"tls", a.tls}, {"phase", a.phase}, {"accept_all", a.acceptAll},
		{"connect_time", seconds(a.connectTime)}, {"mail_time", seconds(a.mailTime)}, {"rcpt_time", seconds(a.rcptTime)},
		{"reason", strings.ToValidUTF8(a.reason, "?")},
	} {
		if attribute.value != "" {
			r.Set(attribute.name, attribute.value)
		}
	}
}

// seconds is a time as records have it, "" for none.
func seconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) + "s"
}

// Status is the exit status.
func (a answer) Status() int { return a.status() }

// Action is the verdict for Postfix. Only what was said of the recipient
// counts.
func (a answer) Action() string {
	switch {
	case a.phase != "rcpt" || a.verdict() == "accept":
		return ""
	case a.verdict() == "reject":
		return a.reply.String()
	}
	return "DEFER_IF_PERMIT 4.1.1 the recipient cannot be verified now"
}

// Text is what a person is told.
func (a answer) Text() string {
	if a.status() == sysexits.OK {
		return fmt.Sprintf("%s: %s", a.recipient, a.reply)
	}
	where := a.host
	if where == "" {
		where = "nobody"
	}
	return fmt.Sprintf("ping to %s at %s (%s): %s", a.recipient, where, a.phase, a.reply)
}
