package spf

import (
	"context"
	"net/netip"
	"strconv"

	"postern/lib/dns"
)

// evaluation is one run of check_host (RFC 7208 4) over a record and all that
// it refers to.
type evaluation struct {
	checker  *Checker
	resolver dns.Resolver // what domains publish
	ip       netip.Addr   // never v4-mapped
	identity identity
	own      bool // the record is the receiver's
	tracer

	lookups int
	voids   int
	problem string // what the last error was about
	client  clientNames
}

// outcome is what a record gives.
type outcome struct {
	code      Code
	directive *Directive   // that matched
	chain     []string     // domains that lead to its record, outermost first
	exp       *MacroString // explanation of the record that decides
	domain    string       // whose it is
}

// verdict is whether a directive matched, or why that cannot be said.
type verdict uint8

const (
	no verdict = iota
	yes
	temporary
	permanent
)

func (e *evaluation) permanent(problem string) verdict {
	e.problem = problem
	return permanent
}

// code is the result of a record whose directive gave an error.
func (v verdict) code() Code {
	if v == temporary {
		return TempError
	}
	return PermError
}

// publish evaluates what a domain publishes. It is None when that is nothing.
func (e *evaluation) publish(ctx context.Context, domain string) outcome {
	r, code := e.fetch(ctx, domain)
	if r == nil {
		e.noRecord(domain, code, e.problem)
		return outcome{code: code, domain: domain}
	}
	return e.record(ctx, r, domain)
}

// record evaluates a record.
func (e *evaluation) record(ctx context.Context, r *Record, domain string) outcome {
	e.enter(r, domain)
	o := e.terms(ctx, r, domain)
	e.leave(domain, o.code)
	return o
}

// terms evaluates the directives of a record one after the other; the first
// that matches decides (RFC 7208 4.6.2, 4.7).
func (e *evaluation) terms(ctx context.Context, r *Record, domain string) outcome {
	for i := range r.Directives {
		d := &r.Directives[i]
		v, inner := e.directive(ctx, d, domain)
		switch v {
		case yes:
			o := outcome{code: d.Result, directive: d, exp: r.Exp, domain: domain}
			if inner.directive != nil {
				o.directive, o.chain = inner.directive, inner.chain
			}
			return o
		case temporary, permanent:
			return outcome{code: v.code(), domain: domain}
		}
	}
	if r.Redirect != nil {
		return e.redirect(ctx, r.Redirect, domain)
	}
	return outcome{code: Neutral, domain: domain}
}

// directive evaluates one directive. inner is what an include found.
func (e *evaluation) directive(ctx context.Context, d *Directive, domain string) (v verdict, inner outcome) {
	if d.Mechanism.asks() {
		if v := e.count(); v != no {
			e.told(d, v, e.problem)
			return v, inner
		}
	}
	if d.Mechanism != Include {
		v = e.match(ctx, d, domain)
		e.told(d, v, e.problem)
		return v, inner
	}
	e.opens(d)
	v, inner = e.include(ctx, d, domain)
	if inner.code == None {
		e.told(d, v, e.problem)
	} else {
		e.told(d, v, "") // it has been told
	}
	return v, inner
}

// count counts a term that asks the DNS (RFC 7208 4.6.4).
func (e *evaluation) count() verdict {
	if e.lookups == MaxLookups {
		return e.permanent("more than " + strconv.Itoa(MaxLookups) + " terms ask the DNS")
	}
	e.lookups++
	return no
}

// void counts a term whose questions found nothing (RFC 7208 4.6.4). There is
// no limit for the receiver's own rules, which must suit domains that have
// nothing at all.
func (e *evaluation) void() verdict {
	e.voids++
	if most := e.checker.maxVoids(); !e.own && most >= 0 && e.voids > most {
		return e.permanent("more than " + strconv.Itoa(most) + " terms find nothing in the DNS")
	}
	return no
}

// include evaluates the record of another domain (RFC 7208 5.2).
func (e *evaluation) include(ctx context.Context, d *Directive, domain string) (verdict, outcome) {
	name, ok := e.target(ctx, d.Domain, domain)
	if !ok {
		return no, outcome{}
	}
	e.depth++
	o := e.publish(ctx, name)
	e.depth--
	switch o.code {
	case Pass:
		o.chain = append([]string{name}, o.chain...)
		return yes, o
	case TempError:
		return temporary, o
	case PermError:
		return permanent, o
	case None:
		return e.permanent(name + ", which is included, publishes no record"), o
	}
	return no, outcome{}
}

// redirect replaces a record by that of another domain (RFC 7208 6.1).
func (e *evaluation) redirect(ctx context.Context, spec *MacroString, domain string) outcome {
	if e.count() != no {
		return outcome{code: PermError, domain: domain}
	}
	name, ok := e.target(ctx, spec, domain)
	if !ok {
		return outcome{code: Neutral, domain: domain}
	}
	e.redirects(spec)
	e.depth++
	o := e.publish(ctx, name)
	e.depth--
	if o.code == None {
		o.code = e.permanent(name + ", to which is redirected, publishes no record").code()
	}
	o.chain = append([]string{name}, o.chain...)
	return o
}
