package main

import (
	"errors"
	"os"
	"slices"

	"postern/lib/client"
	"postern/lib/smtp"
)

// answered takes the result of a part; err is what ended the session, or nil.
// It ended under the first part that hears of it: those behind had no turn.
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

// due reports that a recipient is to be tried once more: one who was not asked
// because the connection broke, or who was one too many for a transaction that
// others had a part in (RFC 5321 4.5.3.1.10). A server that was too slow once
// would be so again.
func (p *part) due(r client.Result, k int, err error) bool {
	reply := r.Recipients[k]
	if tooMany(reply) && slices.ContainsFunc(r.Recipients, func(r smtp.Reply) bool { return r.Class() == 2 }) {
		return true
	}
	broke := err != nil && !r.Uncertain && (reply.IsZero() || reply.Code == 421)
	return broke && !errors.Is(err, os.ErrDeadlineExceeded) && p.tries < maxTries
}

// tooMany is a server's word that a transaction has no room for a recipient.
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

// untried is what becomes of a part when no host would talk to us. That it has
// no host tells the caller so, unless it is for good.
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

// settle is the end of a part, and of the job if it was the last one.
func (c *carrier) settle(p *part) {
	if p.job.open--; p.job.open == 0 {
		p.job.letter.close()
		c.done(p.job)
	}
}
