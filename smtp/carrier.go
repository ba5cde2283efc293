package main

import (
	"context"

	"postern/lib/client"
	"postern/lib/smtp"
)

const (
	// maxTries is how many connections may break under one message before that
	// message is put off.
	maxTries = 2
	// maxFruitless is how many connections in a row may break without an answer
	// to any message before all mail for the destination is put off. It is more
	// than maxTries, so that one message that breaks the server does not keep
	// back those behind it.
	maxFruitless = 3
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

// source gives the next job, or nil, and whether there may be more, as a
// client.Feed gives messages.
type source func(wait bool) (j *job, more bool)

// carrier brings jobs to one destination, over as few connections as it can.
type carrier struct {
	*program
	to   destination
	next source
	done func(*job) // called with each job when all of its outcomes are known
	more bool       // the source may have another
	link *link
	down *failure // why no host would talk: nothing more is tried
	// fruitless counts the connections since the last one over which a
	// message had an answer.
	fruitless int
	broken    bool    // the connection is, and the message under which it broke has been told
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
			c.untried(p)
			continue
		}
		c.backlog = append([]*part{p}, c.backlog...)
		c.deliver(ctx)
	}
}

// deliver sends over the connection until there is no more to send or it breaks.
func (c *carrier) deliver(ctx context.Context) {
	c.fruitless++
	c.broken = false
	err := c.link.Deliver(ctx, c.feed)
	if err == nil {
		c.link.Quit(ctx)
	}
	c.link.Close()
	if err != nil && c.fruitless >= maxFruitless {
		c.down = &failure{outcome: outcome{
			host:   c.link.host,
			reply:  smtp.Say(451, smtp.BadConnection, "connections to the next server break"),
			reason: err.Error(),
		}}
	}
	c.link = nil
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
	for from := 0; from < n; from += smtp.SafeRecipients {
		var which []int
		for i := from; i < min(n, from+smtp.SafeRecipients); i++ {
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
	return p.job.envelope.For(p.which)
}
