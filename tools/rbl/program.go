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

// program is what the command line asks for besides what all tools have.
type program struct {
	lists   []string // -b
	test    bool     // --test
	reasons bool     // --reasons
}

func (p *program) tool() *tool.Program {
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

// open makes the check ready.
func (p *program) open(e *tool.Env) (tool.Checker, error) {
	c := &checker{reasons: p.reasons || e.Operands || e.Policy}
	err := c.load(p.lists, e)
	c.dns = c.resolver(e)
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
	if len(operands) > 0 {
		fmt.Fprintf(e.Stderr, "rbl: --test: unexpected operand %q\n", operands[0])
		return sysexits.Usage, true
	}
	var c config
	if err := c.load(p.lists, e); err != nil {
		fmt.Fprintf(e.Stderr, "rbl: %v\n", err)
		return sysexits.Config, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), rbl.Limit)
	defer cancel()
	return report(e.Stdout, rbl.Test(ctx, c.resolver(e), c.lists)), true
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
	client, err := clientOf(r)
	if err != nil {
		return nil, err
	}
	if c.unnamed(r) {
		client.Name, _, _ = dns.ClientName(ctx, c.dns, client.Addr)
	}
	res := &result{client: client.Addr, Result: rbl.Check(ctx, c.dns, c.lists, client)}
	c.explain(ctx, res)
	return res, nil
}

// CheckEach asks about the clients of several records. Names and reasons are
// asked for by each alone.
func (c *checker) CheckEach(ctx context.Context, records []*record.Record, tell func(int, tool.Outcome)) {
	clients := make([]rbl.Client, 0, len(records))
	places := make([]int, 0, len(records)) // of the clients' records
	var alone sync.WaitGroup
	for i, r := range records {
		client, err := clientOf(r)
		switch {
		case err != nil:
			tell(i, tool.Outcome{Err: err})
		case c.unnamed(r):
			alone.Go(func() {
				res, err := c.Check(ctx, r)
				tell(i, tool.Outcome{Result: res, Err: err})
			})
		default:
			clients, places = append(clients, client), append(places, i)
		}
	}
	rbl.CheckEach(ctx, c.dns, c.lists, clients, func(n int, found rbl.Result) {
		res := &result{client: clients[n].Addr, Result: found}
		if !c.reasons || len(found.Hits) == 0 {
			tell(places[n], tool.Outcome{Result: res})
			return
		}
		alone.Go(func() {
			c.explain(ctx, res)
			tell(places[n], tool.Outcome{Result: res})
		})
	})
	alone.Wait()
}

// explain asks for the lists' reasons where they are wanted.
func (c *checker) explain(ctx context.Context, res *result) {
	if c.reasons && len(res.Hits) > 0 {
		res.Reasons(ctx, c.dns)
	}
}

// unnamed tells that the client's name has to be looked up.
func (c *checker) unnamed(r *record.Record) bool {
	_, known := r.Lookup("client_name")
	return c.byName && !known
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
