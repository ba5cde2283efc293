package main

import (
	"net"
	"time"
)

// A pace reads from the client and sets the limit of each wait. A command may
// take SMTPTimeout as a whole, however slowly its octets come (RFC 5321
// 4.5.3.2.7). A message text may pause for DataTimeout, and may take no longer
// in all than it would at minDataRate: who sends an octet a minute does not
// keep us.
type pace struct {
	conn        net.Conn
	now         func() time.Time
	wait, pause time.Duration // SMTPTimeout, DataTimeout
	start       time.Time     // of the command or text
	within      bool          // a text
	got         int64         // octets of it
	until       time.Time     // overrides the limit, while we make the client wait
	unlimited   bool          // the client is no network's
}

// command begins to wait for a command.
func (p *pace) command() { p.start, p.within = p.now(), false }

// text begins to wait for a message text, or for a chunk of it.
func (p *pace) text() { p.start, p.within, p.got = p.now(), true, 0 }

func (p *pace) Read(b []byte) (int, error) {
	p.conn.SetReadDeadline(p.deadline())
	n, err := p.conn.Read(b)
	p.got += int64(n)
	return n, err
}

// writeDeadline is when the client must have taken what is written now.
func (p *pace) writeDeadline() time.Time {
	if p.unlimited {
		return time.Time{}
	}
	return p.now().Add(p.wait)
}

func (p *pace) deadline() time.Time {
	switch {
	case p.unlimited:
		return time.Time{}
	case !p.until.IsZero():
		return p.until
	case !p.within:
		return p.start.Add(p.wait)
	}
	pause := p.now().Add(p.pause)
	all := p.start.Add(p.pause + time.Duration(p.got/minDataRate)*time.Second)
	if all.Before(pause) {
		return all
	}
	return pause
}
