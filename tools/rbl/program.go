package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"postern/lib/arg"
	"postern/lib/dns"
	"postern/lib/rbl"
	"postern/lib/record"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

// jobs is how many clients a filter asks about at once, unless -j says so: more
// than a resolver has questions on their way, since some lists answer late.
const jobs = 512

// program is the options besides those that all tools have.
type program struct {
	lists   []string // -b
	test    bool     // --test
	reasons bool     // --reasons
}

func newProgram() *tool.Program {
	p := new(program)
	return &tool.Program{
		Name:       "rbl",
		Synopsis:   "[-b list ...] [--reasons] [--test] [ip [sender [helo]]]",
		Sets:       rbl.Attributes(),
		Jobs:       jobs,
		Processors: 1,
		Limit:      rbl.Limit,
		Flags:      p.flags,
		Mode:       p.mode,
		Open:       p.open,
	}
}

func (p *program) flags(s *arg.Set) {
	s.Strings(&p.lists, "b", "list", "ask this list: '[-i] [-p] [-f] [-s score] zone[=codes]'")
	s.Bool(&p.reasons, "reasons", "have a filter ask for the lists' reasons too")
	s.Bool(&p.test, "test", "test whether the lists work, and do no more")
}

// open makes the check.
func (p *program) open(e *tool.Env) (tool.Checker, error) {
	c := &checker{dns: e.DNS, reasons: p.reasons || e.Operands || e.Policy}
	err := c.load(p.lists, e.Config, e.Stderr)
	for i := range c.lists {
		c.byName = c.byName || c.lists[i].By&rbl.ByName != 0
	}
	return c, err
}

// mode is --test.
func (p *program) mode(e *tool.Env, operands []string) (status int, done bool) {
	if !p.test {
		return 0, false
	}
	var c config
	if err := c.load(p.lists, e.Config, e.Stderr); err != nil {
		fmt.Fprintf(e.Stderr, "rbl: %v\n", err)
		return sysexits.Config, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), rbl.Limit)
	defer cancel()
	return report(e.Stdout, rbl.Test(ctx, e.DNS, c.lists)), true
}

// report prints a line for each part of a list. The status says whether all of
// them work.
func report(w io.Writer, probes []rbl.Probe) int {
	status := sysexits.OK
	for _, p := range probes {
		fmt.Fprintln(w, strings.TrimSpace(fmt.Sprintf("%s %s: %s %s", p.List.Name(), p.About, p.Health, inParens(p.Detail))))
		switch p.Health {
		case rbl.Dead, rbl.World:
			status = sysexits.Unavailable
		case rbl.Unasked:
			if status == sysexits.OK {
				status = sysexits.TempFail
			}
		}
	}
	return status
}

func inParens(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

// checker asks the lists about clients.
type checker struct {
	config
	dns     dns.Resolver
	reasons bool // ask for them
	byName  bool // a list is asked about the client's name
}

// WriteConfig is --check.
func (c *checker) WriteConfig(w io.Writer) error { return c.write(w) }

// Check asks about the client of a record.
func (c *checker) Check(ctx context.Context, r *record.Record) (tool.Result, error) {
	var outcomes [1]tool.Outcome
	c.CheckAll(ctx, []*record.Record{r}, outcomes[:])
	return outcomes[0].Result, outcomes[0].Err
}

// CheckAll asks about the clients of several records.
func (c *checker) CheckAll(ctx context.Context, records []*record.Record, outcomes []tool.Outcome) {
	clients := make([]rbl.Client, len(records))
	var names, reasons []func()
	for i, r := range records {
		client := &clients[i]
		if *client, outcomes[i].Err = clientOf(r); c.unnamed(r, client) {
			names = append(names, func() { client.Name, _, _ = dns.ClientName(ctx, c.dns, client.Addr) })
		}
	}
	abreast(names)
	for i, res := range rbl.CheckAll(ctx, c.dns, c.lists, clients) {
		if outcomes[i].Err != nil {
			continue
		}
		r := &result{client: clients[i].Addr, Result: res}
		outcomes[i].Result = r
		if c.reasons && len(r.Hits) > 0 {
			reasons = append(reasons, func() { r.Reasons(ctx, c.dns) })
		}
	}
	abreast(reasons)
}

// abreast does all at once, the last here: for one client nothing is started.
func abreast(all []func()) {
	if len(all) == 0 {
		return
	}
	last := len(all) - 1
	var others sync.WaitGroup
	for _, do := range all[:last] {
		others.Go(do)
	}
	all[last]()
	others.Wait()
}

// unnamed tells that the client's name has to be looked up.
func (c *checker) unnamed(r *record.Record, client *rbl.Client) bool {
	_, known := r.Lookup("client_name")
	return c.byName && !known && client.Addr.IsValid()
}

// clientOf returns the client of a record. With an error there is nothing to ask
// about.
func clientOf(r *record.Record) (rbl.Client, error) {
	addr, err := tool.ClientAddress(r)
	if err != nil {
		return rbl.Client{}, err
	}
	client := rbl.Client{Addr: addr, Name: r.Value("client_name"), Sender: domain(r.Value("sender"))}
	if client.Name == "unknown" {
		client.Name = ""
	}
	return client, nil
}

// domain is what stands behind the last @ of a sender, "" when there is none.
func domain(sender string) string {
	at := strings.LastIndexByte(sender, '@')
	if at < 0 {
		return ""
	}
	return sender[at+1:]
}
