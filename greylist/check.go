package main

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"postern/lib/greylist"
	"postern/lib/record"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

// checker makes checks of records.
type checker struct {
	*config
	store *greylist.Store
	dry   bool
	now   func() time.Time
}

// open makes the check ready.
func (p *program) open(e *tool.Env) (tool.Checker, error) {
	c, err := p.load(e)
	if err != nil {
		return nil, err
	}
	return &checker{config: c, store: greylist.Open(c.Config), dry: e.Dry, now: time.Now}, nil
}

// words reads "local remote recipient".
func words(w []string) (r record.Record, err error) {
	if len(w) != 3 {
		return r, fmt.Errorf("%w: want local remote recipient", tool.ErrInput)
	}
	r.Set("server_address", w[0])
	r.Set("client_address", w[1])
	r.Set("recipient", w[2])
	return r, nil
}

// Check asks the lists about the client and the recipient of a record. Who has
// logged in passes, and whom allow lists vouch for. At other stages of a
// session than RCPT Postfix names no recipient: then there is nothing to say.
func (c *checker) Check(_ context.Context, r *record.Record) (tool.Result, error) {
	q, err := c.query(r)
	if err != nil {
		return nil, err
	}
	score, _ := strconv.Atoi(r.Value("rbl_score"))
	if q.Recipient == "" || r.Value("sasl_username") != "" || score < 0 || greylist.Exempt(q.Recipient) {
		return &result{passed: true}, nil
	}
	d, err := c.ask(q)
	if err != nil && d.Deferred() {
		return nil, err
	}
	return &result{Decision: d, asked: true, passed: !d.Deferred() || c.Learning()}, nil
}

func (c *checker) ask(q *greylist.Query) (greylist.Decision, error) {
	if c.dry {
		return c.store.Look(q, c.now())
	}
	return c.store.Check(q, c.now())
}

// query is the question that a record asks.
func (c *checker) query(r *record.Record) (*greylist.Query, error) {
	remote, err := tool.ClientAddress(r)
	if err != nil {
		return nil, err
	}
	rcpt, ok := r.Lookup("recipient")
	if !ok {
		return nil, fmt.Errorf("%w: no recipient", tool.ErrInput)
	}
	q := &greylist.Query{Remote: remote, Recipient: rcpt, Sender: r.Value("sender")}
	q.Local, _ = netip.ParseAddr(r.Value("server_address"))
	if name := r.Value("client_name"); name != "unknown" {
		q.Name = func() string { return name }
	}
	if r.Value("spf") == "pass" {
		q.SPF = r.Value("spf_domain")
	}
	return q, nil
}

// result is a check's result for those who asked.
type result struct {
	greylist.Decision
	asked, passed bool
}

// Record sets what the lists say.
func (d *result) Record(r *record.Record) {
	if d.asked {
		d.Decision.Record(r)
	}
}

// Status is 75 for those who have to come again.
func (d *result) Status() int {
	if d.passed {
		return sysexits.OK
	}
	return sysexits.TempFail
}

// Action is the refusal for now.
func (d *result) Action() string {
	if d.passed {
		return ""
	}
	return "DEFER_IF_PERMIT 4.7.1 " + d.Words()
}

// Text is the result for a person.
func (d *result) Text() string {
	switch {
	case !d.asked:
		return "exempt"
	case d.State == greylist.White:
		return "white: " + strings.TrimSpace(d.Entry.Subject()+" "+d.Entry.Name)
	case d.Full:
		return "new: not kept, there are too many"
	case d.Deferred():
		return fmt.Sprintf("%s: %s", d.State, d.Words())
	}
	return d.State.String()
}
