package main

import (
	"net"
	"time"
)

// A pace reads from the client and sets the limit of each wait. A command may
// take SMTPTimeout as a whole, however slowly its octets come (RFC 5321
// 4.5.3.2.7). A message text may pause for DataTimeout, and may take no longer
// in all than it would at minDataRate, the commands between its chunks
// included: who sends an octet a minute does not keep us.
type pace struct {
	conn        net.Conn
	now         func() time.Time
	wait, pause time.Duration // SMTPTimeout, DataTimeout
	most        int64         // octets of a text that earn it time; 0: all do
	start       time.Time     // of the command
	begun       time.Time     // of the text that is on its way; zero: none is
	within      bool          // the text, or a chunk of it, is what comes next
	got         int64         // octets since then
	until       time.Time     // overrides the limit, while we make the client wait
	unlimited   bool          // the client is no network's
}

// leastText is how many octets of a text earn it time though they are more
// than will be taken: a client that is not told of a limit by its end would
// come again.
const leastText = 4 << 20

// newPace is the pace of a session on c.
func newPace(c net.Conn, now func() time.Time, conf *config) pace {
	p := pace{conn: c, now: now, wait: conf.commandWait, pause: conf.dataWait}
	if conf.maxSize > 0 {
		p.most = max(conf.maxSize, leastText)
	}
	return p
}

// command begins to wait for a command.
func (p *pace) command() { p.start, p.within = p.now(), false }

// text begins to wait for a message text.
func (p *pace) text() { p.begun, p.within, p.got = p.now(), true, 0 }

// chunk begins to wait for a chunk, which goes on with the text if there was
// one before.
func (p *pace) chunk() {
	if p.begun.IsZero() {
		p.text()
	}
	p.within = true
}

// over ends the text.
func (p *pace) over() { p.begun, p.within = time.Time{}, false }

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
	}
	end := p.start.Add(p.wait)
	if p.within {
		end = p.now().Add(p.pause)
	}
	if all := p.textEnd(); !p.begun.IsZero() && all.Before(end) {
		return all
	}
	return end
}

// textEnd is when the text must have come whole, as far as it is known by now.
func (p *pace) textEnd() time.Time {
	earned := p.got
	if p.most > 0 {
		earned = min(earned, p.most)
	}
	return p.begun.Add(p.pause + time.Duration(earned/minDataRate)*time.Second)
}
