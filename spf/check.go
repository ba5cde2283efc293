package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"

	"postern/lib/dns"
	"postern/lib/place"
	"postern/lib/record"
	"postern/lib/spf"
	"postern/lib/tool"
)

// checker evaluates SPF for the senders of records.
type checker struct {
	spf    spf.Checker
	wanted wanted
	config *config
	tracer *tracer
}

// open makes the check ready. Nothing is read that was not asked for.
func (p *program) open(e *tool.Env) (_ tool.Checker, err error) {
	c := &checker{tracer: p.tracer(e)}
	c.spf.Resolver = e.DNS
	if p.fresh {
		if err := c.ownResolver(e); err != nil {
			return nil, err
		}
	}
	c.spf.Receiver, _ = os.Hostname() // "" is unknown
	if e.Config != "" || e.Check {
		if err := c.configure(e); err != nil {
			return nil, err
		}
	}
	if c.wanted, err = p.wanted(e); err != nil {
		return nil, err
	}
	c.spf.Policy, err = p.policy()
	return c, err
}

// wanted are the results that --is asks for.
func (p *program) wanted(e *tool.Env) (wanted, error) {
	switch {
	case p.is == "":
		return nil, nil
	case !e.Operands:
		return nil, &tool.UsageError{Err: errors.New("--is wants ip sender [helo]")}
	}
	return parseWanted(p.is)
}

// policy is the rules of -e, nil without them.
func (p *program) policy() (*spf.Record, error) {
	if p.rules == "" {
		return nil, nil
	}
	rules, err := spf.ParseRules(p.rules)
	if err != nil {
		return nil, fmt.Errorf("%w: -e: %w", tool.ErrInput, err)
	}
	return rules, nil
}

// ownResolver replaces the resolver by one that keeps no answers.
func (c *checker) ownResolver(e *tool.Env) error {
	server := cmp.Or(e.Server, os.Getenv(place.ResolverEnv))
	if server == "" || e.Zone != "" || e.Flags.Record != "" {
		return &tool.UsageError{Err: errors.New("--no-cache wants -r, and neither -z nor --record")}
	}
	servers, err := dns.ParseServers(server)
	c.spf.Resolver = dns.New(dns.Config{Servers: servers, Cache: -1, Direct: e.Operands})
	return err
}

// words reads "ip sender [helo]". One of sender and helo must be there.
func words(w []string) (record.Record, error) {
	if len(w) < 2 {
		return record.Record{}, fmt.Errorf("%w: want ip sender [helo]", tool.ErrInput)
	}
	return tool.Words(w)
}

// Check evaluates the sender of the record, or helo_name for the null sender.
func (c *checker) Check(ctx context.Context, r *record.Record) (tool.Result, error) {
	ip, err := tool.ClientAddress(r)
	if err != nil {
		return nil, err
	}
	sender, hasSender := r.Lookup("sender")
	helo, hasHelo := r.Lookup("helo_name")
	if !hasSender && !hasHelo {
		return nil, fmt.Errorf("%w: neither sender nor helo_name", tool.ErrInput)
	}
	return c.result(ctx, ip, sender, helo), nil
}

func (c *checker) result(ctx context.Context, ip netip.Addr, sender, helo string) *result {
	res := &result{ip: ip, sender: sender, helo: helo, receiver: c.spf.Receiver, wanted: c.wanted}
	if c.tracer == nil {
		res.Result = c.spf.Check(ctx, ip, sender, helo)
		return res
	}
	t := c.tracer.begin(ip, sender, helo)
	res.Result = c.spf.CheckTrace(ctx, ip, sender, helo, t.step)
	t.end(&res.Result)
	return res
}
