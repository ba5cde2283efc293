package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"postern/lib/arg"
	"postern/lib/maillog"
	"postern/lib/record"
	"postern/lib/smtp"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

const (
	// pingTimeout is how long a server has for one answer, in seconds: who
	// asks does not wait as long as mail does.
	pingTimeout = 100
	// pingDelay is between two questions over one connection.
	pingDelay = 100 * time.Millisecond
	// pingConnections is how many a host has to bear at once.
	pingConnections = 2
	// pingJobs is how many lines of standard input are worked on at once.
	pingJobs = 20
	// pingLimit bounds the whole work on one address, its waiting for those
	// before it included.
	pingLimit = time.Hour
)

// pingConfig is what the command line says about -p.
type pingConfig struct {
	delay       time.Duration // --delay
	connections int           // --connections
	probe       bool          // --probe
	json        bool          // -J
	jobs        int           // -j
	policy      bool          // -P
}

// defaultPings is what is so unless said.
var defaultPings = pingConfig{delay: pingDelay, connections: pingConnections, jobs: pingJobs}

// options adds the options that -p has.
func (c *pingConfig) options(s *arg.Set) {
	*c = defaultPings
	s.Func("delay", "time", "with -p: wait so long between two questions over one connection, as 250ms", c.setDelay)
	s.Int(&c.connections, "connections", "n", "with -p: make at most n connections to one host at once")
	s.Bool(&c.probe, "probe", "with -p: ask about a made-up address too, to find servers that accept any")
	s.Int(&c.jobs, "j", "n", "with -p: work on n lines of standard input at once")
	s.Bool(&c.json, "J", "with -p: write JSON lines")
	s.Bool(&c.policy, "P", "with -p: be a policy server for Postfix on standard input and output")
}

// setDelay is --delay.
func (c *pingConfig) setDelay(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > time.Hour {
		return fmt.Errorf("%q is no time like 250ms, 2s or 1m", s)
	}
	c.delay = d
	return nil
}

// verify checks what the numbers are.
func (c *pingConfig) verify() error {
	switch {
	case c.connections < 1 || c.connections > 100:
		return errors.New("option --connections: out of range")
	case c.jobs < 1 || c.jobs > 4096:
		return errors.New("option -j: out of range")
	case c.policy && c.json:
		return errors.New("only one of -P and -J")
	}
	return nil
}

// pingAll is -p: it asks about the recipients of the command line, or about
// those on standard input.
func (p *program) pingAll(ctx context.Context) int {
	p.timeout = cmp.Or(p.timeout, pingTimeout)
	sender, err := p.senderMailbox(p.sender)
	if err != nil {
		return p.complain(sysexits.DataErr, err)
	}
	k := newPinger(p, sender)
	defer k.quit(ctx)
	switch {
	case p.pings.policy:
		log := maillog.Open(maillog.Options{Tag: "smtp", Stderr: p.stderr})
		err = k.tool().Serve(ctx, k, p.stdin, p.stdout, log)
	case len(p.recipients) > 0:
		return k.operands(ctx)
	default:
		err = k.tool().Filter(ctx, k, tool.Flags{Jobs: p.pings.jobs, JSON: p.pings.json}, p.stdin, p.stdout)
	}
	if err != nil {
		return p.complain(sysexits.IOErr, err)
	}
	return k.worstStatus()
}

// tool is -p as lib/tool runs it.
func (k *pinger) tool() *tool.Program {
	return &tool.Program{
		Name:  "smtp",
		Sets:  []string{"verdict", "reply", "host", "tls", "reason", "phase", "accept_all", "connect_time", "mail_time", "rcpt_time"},
		Limit: pingLimit, Words: pingWords,
	}
}

// pingWords makes a record of a line of standard input.
func pingWords(words []string) (record.Record, error) {
	var r record.Record
	if len(words) != 1 {
		return r, fmt.Errorf("%w: one address a line", tool.ErrInput)
	}
	r.Set("recipient", strip(words[0]))
	return r, nil
}

// operands asks about the recipients of the command line, one after the other,
// and tells a person why one was not accepted.
func (k *pinger) operands(ctx context.Context) int {
	for _, word := range k.recipients {
		var r record.Record
		r.Set("recipient", strip(word))
		found, err := k.Check(ctx, &r)
		if err != nil {
			return k.complain(sysexits.DataErr, err)
		}
		found.Record(&r)
		line := append(r.AppendLine(nil), '\n')
		if k.pings.json {
			line = append(r.AppendJSON(nil), '\n')
		}
		if _, err := k.stdout.Write(line); err != nil {
			return k.complain(sysexits.IOErr, err)
		}
		if found.Status() != sysexits.OK {
			fmt.Fprintf(k.stderr, "smtp: %s\n", found.Text())
		}
	}
	return k.worstStatus()
}

// question is one address to be asked about.
type question struct {
	to  destination
	env *smtp.Envelope // with the one recipient
}

// question takes the address of a record. Without a destination on the command
// line its own domain is asked.
func (k *pinger) question(r *record.Record) (question, error) {
	address, ok := r.Lookup("recipient")
	if !ok {
		return question{}, fmt.Errorf("%w: no recipient", tool.ErrInput)
	}
	q := question{to: k.to}
	m, err := k.recipientMailbox(address)
	if err == nil && k.to.text == "" {
		q.to, err = parseDestination("net!"+m.Domain, k.defaultPort())
	}
	if err != nil {
		return q, fmt.Errorf("%w: %w", tool.ErrInput, err)
	}
	to := smtp.Recipient{Mailbox: m}
	q.env = &smtp.Envelope{Sender: k.sender, Recipients: []smtp.Recipient{to}}
	q.env.SMTPUTF8 = !q.env.IsASCII()
	return q, nil
}
