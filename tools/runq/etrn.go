package main

import (
	"context"
	"iter"
	"strings"
	"time"

	"postern/lib/maillog"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// kickPause is how long after a search for kicked domains the queue is not
// searched again: anybody may ask, and a search reads all of it.
const kickPause = 10 * time.Second

// due are the entries to be worked on now: those of domains that are asked for
// by ETRN, then those whose time has come.
func (r *runner) due(ctx context.Context) iter.Seq2[queue.Ref, error] {
	return func(yield func(queue.Ref, error) bool) {
		for ref, err := range r.kicked(ctx) {
			if !yield(ref, err) {
				return
			}
		}
		for ref, err := range r.queue.Due(ctx, r.now()) {
			if !yield(ref, err) {
				return
			}
		}
	}
}

// kicked are the entries that wait for domains which somebody has asked for.
// Their destinations are tried though they were down.
func (r *runner) kicked(ctx context.Context) iter.Seq2[queue.Ref, error] {
	return func(yield func(queue.Ref, error) bool) {
		if r.now().Before(r.kickAfter) {
			return
		}
		domains, err := r.queue.Kicked()
		if err != nil {
			yield(queue.Ref{}, err)
			return
		}
		if len(domains) == 0 {
			return
		}
		r.log.Log(maillog.Info, "asked for: "+strings.Join(domains, " "))
		for _, domain := range domains {
			r.remote.retry(smtp.Mailbox{Domain: domain})
		}
		for ref, err := range r.forDomains(ctx, domains) {
			if !yield(ref, err) {
				return
			}
		}
		r.kickAfter = r.now().Add(kickPause)
	}
}

// retry forgets that the destination of mail for m is down.
func (t *transport) retry(m smtp.Mailbox) {
	to := t.routing.find(m)
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.destination(to)
	d.failures, d.until = 0, time.Time{}
	t.downs.clear(to.key(), t.now())
	t.drop(d)
}
