package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"postern/lib/client"
	"postern/lib/smtp"
)

const (
	// maxRecipients is how many recipients go into one transaction: so many
	// every server takes (RFC 5321 4.5.3.1.8).
	maxRecipients = 100
	// maxTries is how many connections may break under one message before it
	// is put off.
	maxTries = 3
)

// job is a message on its way, with what has become of it so far.
type job struct {
	envelope *smtp.Envelope
	letter   *letter
	outcomes []outcome // of each recipient of the envelope
	open     int       // parts that are not done
}

// part is a job for some of its recipients.
type part struct {
	job   *job
	which []int // positions of the recipients in the envelope
	tries int
}

// source gives the next job, as a client.Feed gives messages.
type source func(wait bool) (j *job, more bool)

// carrier brings jobs to one destination, over as few connections as it can.
type carrier struct {
	*program
	to   destination
	next source
	done func(*job) // is told each job of which all is known
	more bool       // the source may have another
	link *link
	down *failure // why no host would talk: nothing more is tried
	// fruitless counts the connections since the last one over which a
	// message had an answer.
	fruitless int
	backlog   []*part // to be sent before the next job
}

// carry works until the source has no more.
func (c *carrier) carry(ctx context.Context) {
	c.more = true
	for {
		p := c.take(true)
		if p == nil {
			break
		}
		if c.link == nil && c.down == nil {
			c.link, c.down = c.connect(ctx, c.to)
		}
		if c.down != nil {
			c.settle(p, func(int) outcome { return c.untried() })
			continue
		}
		c.backlog = append([]*part{p}, c.backlog...)
		c.deliver(ctx)
	}
}

// deliver uses one connection up.
func (c *carrier) deliver(ctx context.Context) {
	c.fruitless++
	err := c.link.Deliver(ctx, c.feed)
	if err == nil {
		c.link.Quit(ctx)
	}
	c.link.Close()
	if err != nil && c.fruitless >= maxTries {
		c.down = &failure{outcome{
			host:   c.link.host,
			reply:  smtp.Say(451, smtp.BadConnection, "connections to the next server break"),
			reason: err.Error(),
		}}
	}
	c.link = nil
}

// untried is what becomes of mail when no host would talk to us. That it has
// no host tells the caller so, unless it is for good.
func (c *carrier) untried() outcome {
	o := c.down.outcome
	if o.verdict() == "defer" && o.host != "" {
		o.host, o.reason = "", o.host+": "+o.reason
	}
	return o
}

// feed gives the session its messages.
func (c *carrier) feed(wait bool) (*client.Message, bool) {
	p := c.take(wait)
	if p == nil {
		return nil, c.more
	}
	return &client.Message{
		Envelope: p.envelope(),
		Text:     p.job.letter.text,
		Done:     func(r client.Result, err error) { c.answered(p, r, err) },
	}, c.more || len(c.backlog) > 0
}

// take is the next part of a job.
func (c *carrier) take(wait bool) *part {
	for len(c.backlog) == 0 && c.more {
		var j *job
		if j, c.more = c.next(wait); j == nil {
			return nil
		}
		c.split(j)
	}
	if len(c.backlog) == 0 {
		return nil
	}
	p := c.backlog[0]
	c.backlog = c.backlog[1:]
	return p
}

// split makes parts of a job.
func (c *carrier) split(j *job) {
	n := len(j.envelope.Recipients)
	j.outcomes = make([]outcome, n)
	for from := 0; from < n; from += maxRecipients {
		var which []int
		for i := from; i < min(n, from+maxRecipients); i++ {
			which = append(which, i)
		}
		c.push(&part{job: j, which: which})
	}
}

// push puts a part behind those that wait.
func (c *carrier) push(p *part) {
	p.job.open++
	c.backlog = append(c.backlog, p)
}

// envelope is that of the job with the recipients of the part.
func (p *part) envelope() *smtp.Envelope {
	if len(p.which) == len(p.job.envelope.Recipients) {
		return p.job.envelope
	}
	env := *p.job.envelope
	env.Recipients = make([]smtp.Recipient, len(p.which))
	for k, i := range p.which {
		env.Recipients[k] = p.job.envelope.Recipients[i]
	}
	return &env
}

// answered takes the result of a part. Recipients who were not asked because
// the connection broke are tried over another one, and so are those who were
// too many for one transaction (RFC 5321 4.5.3.1.10).
func (c *carrier) answered(p *part, r client.Result, err error) {
	again := &part{job: p.job, tries: p.tries}
	if err != nil {
		again.tries++
	} else {
		c.fruitless = 0
	}
	late := errors.Is(err, os.ErrDeadlineExceeded) // and would be so again
	accepted := slices.ContainsFunc(r.Recipients, func(r smtp.Reply) bool { return r.Class() == 2 })
	replies := make(map[int]smtp.Reply, len(p.which))
	for k, i := range p.which {
		reply := r.Recipients[k]
		broke := err != nil && !late && !r.Uncertain && (reply.IsZero() || reply.Code == 421)
		if broke && again.tries < maxTries || accepted && tooMany(reply) {
			again.which = append(again.which, i)
		} else {
			replies[i] = reply
		}
	}
	if len(again.which) > 0 {
		c.push(again)
	}
	p.which = p.kept(replies)
	c.settle(p, func(i int) outcome { return c.outcome(p.job, i, replies[i], r.Uncertain, err) })
}

// kept are the recipients of the part that have an answer.
func (p *part) kept(replies map[int]smtp.Reply) []int {
	var which []int
	for _, i := range p.which {
		if _, ok := replies[i]; ok {
			which = append(which, i)
		}
	}
	return which
}

// tooMany is a server's word that a transaction has no room for a recipient.
func tooMany(r smtp.Reply) bool {
	return r.Code == 452 && (r.Detail == smtp.NoEnhanced || r.Detail == smtp.TooManyRecipients) ||
		r.Code == 552 && r.Detail == smtp.NoEnhanced
}

// outcome puts a reply into the words of a result.
func (c *carrier) outcome(j *job, i int, r smtp.Reply, uncertain bool, err error) outcome {
	o := outcome{reply: r, host: c.link.host, tls: c.link.tls}
	if r.IsZero() {
		o.reply = smtp.Say(451, smtp.BadConnection, "the connection to the next server broke")
		if uncertain {
			o.reply = smtp.Say(451, smtp.BadConnection, "the next server has the whole message and did not answer")
		}
	}
	if err != nil && r.Class() != 2 {
		o.reason = err.Error()
	}
	_, dsn := c.link.Offers("DSN")
	o.noDSN = r.Class() == 2 && !dsn && len(j.envelope.Recipients[i].Notify) > 0
	return o
}

// settle notes what became of the recipients of a part, and of the job if it
// was the last part.
func (c *carrier) settle(p *part, become func(i int) outcome) {
	for _, i := range p.which {
		p.job.outcomes[i] = become(i)
	}
	if p.job.open--; p.job.open == 0 {
		p.job.letter.close()
		c.done(p.job)
	}
}
