package main

import (
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

// unexpected turns a reply of class 3, which is no answer to MAIL or RCPT, into a
// temporary refusal.
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
	case a.phase == "rcpt" && (a.reply.Code == 450 || a.reply.Code == 451) && a.reply.Detail != smtp.OtherProtocol:
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
	r.Set("reply", cut(a.reply.String()))
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
