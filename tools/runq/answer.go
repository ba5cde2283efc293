package main

import (
	"errors"
	"fmt"

	"postern/lib/deliver"
	"postern/lib/record"
	"postern/lib/smtp"
)

// answerLine is a line of what smtp says of one recipient.
type answerLine struct {
	id, recipient string
	result
}

// statusOf is what a verdict of smtp's means.
func statusOf(verdict string) (deliver.Status, error) {
	switch verdict {
	case "accept":
		return deliver.Delivered, nil
	case "defer":
		return deliver.Deferred, nil
	case "reject":
		return deliver.Rejected, nil
	}
	return 0, fmt.Errorf("no such verdict: %q", verdict)
}

// parseAnswerLine reads a line.
func parseAnswerLine(line []byte) (a answerLine, err error) {
	rec, err := record.ParseLine(line)
	if err != nil {
		return a, err
	}
	a.id, a.recipient = rec.Value("id"), rec.Value("recipient")
	if a.Status, err = statusOf(rec.Value("verdict")); err != nil {
		return a, err
	}
	if a.Reply, err = smtp.ParseReply(rec.Value("reply")); err != nil {
		a.Reply = smtp.Say(451, smtp.OtherProtocol, rec.Value("reply"))
	}
	a.Remote, a.Host, a.TLS, a.NoDSN = true, rec.Value("host"), rec.Value("tls"), rec.Value("dsn") == "0"
	if reason := rec.Value("reason"); reason != "" {
		a.Err = errors.New(reason)
	}
	return a, nil
}

// unserved says that no server would talk to us, or not any more: that is no
// judgement of this message. A server that ended sessions with this message
// alone is named.
func (a answerLine) unserved() bool {
	return a.Status == deliver.Deferred && a.Host == ""
}
