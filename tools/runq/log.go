package main

import (
	"strconv"
	"time"

	"postern/lib/maillog"
	"postern/lib/queue"
	"postern/lib/record"
)

// record writes the log line of one attempt for one recipient.
func (r *runner) record(e *queue.Entry, i int, s queue.Status, res result) {
	var rec record.Record
	rec.Set("queue_id", e.ID)
	rec.Set("sender", e.Envelope.Sender.String())
	rec.Set("recipient", e.Envelope.Recipients[i].Mailbox.String())
	rec.Set("verdict", verdict(s.State))
	rec.Set("reply", s.Reply)
	if res.Err != nil {
		rec.Set("reason", res.Err.Error())
	}
	if res.Where != "" {
		rec.Set("mailer", res.Where)
	}
	if res.Host != "" {
		rec.Set("host", res.Host)
	}
	if res.TLS != "" {
		rec.Set("tls", res.TLS)
	}
	rec.Set("tries", strconv.Itoa(s.Tries))
	rec.Set("elapsed", s.Tried.Sub(e.Created).Round(time.Second).String())
	r.log.Log(maillog.Info, rec.String())
}

// verdict is a state in the words of the session record.
func verdict(s queue.State) string {
	switch s {
	case queue.Done, queue.Arrived:
		return "accept"
	case queue.Rejected:
		return "reject"
	}
	return "defer"
}
