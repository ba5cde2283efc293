package main

import (
	"errors"
	"os"
	"slices"

	"postern/lib/client"
	"postern/lib/smtp"
)

// answered takes the result of a part. err is what ended the session, or nil. A
// session that ends tells all parts that it had taken: the first of them is the
// one under which it ended, those behind it were not tried.
func (c *carrier) answered(p *part, r client.Result, err error) {
	again := &part{job: p.job, tries: p.tries}
	switch {
	case err == nil:
		c.fruitless = 0
	case !c.broken:
		c.broken = true
		again.tries++
	}
	for k, i := range p.which {
		if again.due(r, k, err) {
			again.which = append(again.which, i)
		} else {
			p.job.outcomes[i] = c.outcome(&p.job.envelope.Recipients[i], r, k, err)
		}
	}
	if len(again.which) > 0 {
		c.push(again)
	}
	c.settle(p)
}

// due reports that recipient k is to be tried once more: since the server took
// others in the same transaction and had no room for this one (RFC 5321
// 4.5.3.1.10), or since the connection broke before it was answered. A server
// that was too slow once is not asked again.
func (p *part) due(r client.Result, k int, err error) bool {
	reply := r.Recipients[k]
	if tooMany(reply) && slices.ContainsFunc(r.Recipients, func(r smtp.Reply) bool { return r.Class() == 2 }) {
		return true
	}
	broke := err != nil && !r.Uncertain && (reply.IsZero() || reply.Code == 421)
	return broke && !errors.Is(err, os.ErrDeadlineExceeded) && p.tries < maxTries
}

// tooMany reports that a reply to RCPT means too many recipients: 452, or 552 from
// servers that follow RFC 821 (RFC 5321 4.5.3.1.10).
func tooMany(r smtp.Reply) bool {
	return r.Code == 452 && (r.Detail == smtp.NoEnhanced || r.Detail == smtp.TooManyRecipients) ||
		r.Code == 552 && r.Detail == smtp.NoEnhanced
}

// outcome puts what a host said to a recipient into the words of a result.
func (c *carrier) outcome(to *smtp.Recipient, r client.Result, k int, err error) outcome {
	o := outcome{reply: r.Recipients[k], host: c.link.host, tls: c.link.tls}
	accepted := o.reply.Class() == 2
	switch {
	case !o.reply.IsZero():
	case r.Uncertain:
		o.reply = smtp.Say(451, smtp.BadConnection, "the next server has the whole message and did not answer")
	default:
		o.reply = smtp.Say(451, smtp.BadConnection, "the connection to the next server broke")
	}
	if err != nil && !accepted {
		o.reason = err.Error()
	}
	_, dsn := c.link.Offers("DSN")
	o.noDSN = accepted && !dsn && len(to.Notify) > 0
	return o
}

// untried reports a part when no host of the destination would talk to us. A
// temporary failure is reported without a host, which tells the caller that
// nothing at this destination can be served now (see queue.Job).
func (c *carrier) untried(p *part) {
	o := c.down.outcome
	if o.verdict() == "defer" && o.host != "" {
		o.host, o.reason = "", o.host+": "+o.reason
	}
	for _, i := range p.which {
		p.job.outcomes[i] = o
	}
	c.settle(p)
}

// settle ends a part, and with the last part of a job the job.
func (c *carrier) settle(p *part) {
	if p.job.open--; p.job.open == 0 {
		p.job.letter.close()
		c.done(p.job)
	}
}
