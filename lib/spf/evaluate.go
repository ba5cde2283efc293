package spf

import (
	"context"
	"net/netip"
	"strconv"
	"strings"

	"postern/lib/dns"
)

// evaluation is one run of check_host (RFC 7208 4) over a record and all that
// it refers to.
type evaluation struct {
	checker  *Checker
	ip       netip.Addr // never v4-mapped
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
		e.noRecord(domain, code)
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
			e.told(d, v)
			return v, inner
		}
	}
	if d.Mechanism == Include {
		e.opens(d)
		v, inner = e.include(ctx, d, domain)
	} else {
		v = e.match(ctx, d, domain)
	}
	e.told(d, v)
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

// match evaluates any mechanism but include (RFC 7208 5).
func (e *evaluation) match(ctx context.Context, d *Directive, domain string) verdict {
	switch d.Mechanism {
	case All:
		return yes
	case IP4, IP6:
		return truth(d.Net.Contains(e.ip))
	}
	name, ok := e.target(ctx, d.Domain, domain)
	if !ok {
		return no
	}
	switch d.Mechanism {
	case A:
		return e.a(ctx, name, e.bits(d))
	case MX:
		return e.mx(ctx, name, e.bits(d))
	case PTR:
		return e.ptr(ctx, name)
	}
	return e.exists(ctx, name)
}

func truth(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// bits is how much of the client's address must agree.
func (e *evaluation) bits(d *Directive) int {
	if e.ip.Is4() {
		return int(d.Bits4)
	}
	return int(d.Bits6)
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

// fetch finds and reads a domain's record (RFC 7208 4.4, 4.5). There is none
// with None, TempError and PermError.
func (e *evaluation) fetch(ctx context.Context, domain string) (*Record, Code) {
	answer, state := e.ask(ctx, domain, dns.TypeTXT)
	if state == unanswered {
		return nil, TempError
	}
	var only *reading
	for i := range answer {
		r := e.checker.records.reading(answer[i].Data)
		if !r.isSPF {
			continue
		}
		if only != nil {
			e.problem = domain + " publishes several records"
			return nil, PermError
		}
		only = r
	}
	if only == nil {
		return nil, None
	}
	if only.err != nil {
		e.problem = domain + ": " + only.err.Error()
		return nil, PermError
	}
	return only.record, Neutral
}

// state is how a question was answered.
type state uint8

const (
	found state = iota
	nothing
	unanswered
)

// ask asks the DNS.
func (e *evaluation) ask(ctx context.Context, name string, t dns.Type) ([]dns.Record, state) {
	answer, err := e.checker.Resolver.Query(ctx, name, t)
	e.answered(name, t, answer, err)
	switch fault, ok := err.(*dns.Error); {
	case err == nil:
		return answer.Records, found
	case ok && fault.Kind == dns.ErrNotFound:
		return nil, nothing
	}
	e.problem = err.Error()
	if ctx.Err() != nil {
		e.problem = "the check takes too long: " + e.problem
	}
	return nil, unanswered
}

// addressType is the type of record that may hold the client's address.
func (e *evaluation) addressType() dns.Type {
	if e.ip.Is4() {
		return dns.TypeA
	}
	return dns.TypeAAAA
}

// addressOf tells whether the client's address is, as far as bits, one of a
// host's.
func (e *evaluation) addressOf(ctx context.Context, host string, bits int) (bool, state) {
	records, state := e.ask(ctx, host, e.addressType())
	for i := range records {
		addr, err := netip.ParseAddr(records[i].Data)
		if err != nil || addr.BitLen() != e.ip.BitLen() {
			continue
		}
		if addr == e.ip || bits < e.ip.BitLen() && netip.PrefixFrom(addr, bits).Contains(e.ip) {
			return true, state
		}
	}
	return false, state
}

// a is RFC 7208 5.3.
func (e *evaluation) a(ctx context.Context, name string, bits int) verdict {
	match, state := e.addressOf(ctx, name, bits)
	switch {
	case match:
		return yes
	case state == nothing:
		return e.void()
	case state == unanswered:
		return temporary
	}
	return no
}

// exists is RFC 7208 5.7: the type is A whatever the client's address is.
func (e *evaluation) exists(ctx context.Context, name string) verdict {
	switch _, state := e.ask(ctx, name, dns.TypeA); state {
	case nothing:
		return e.void()
	case unanswered:
		return temporary
	}
	return yes
}

// mx is RFC 7208 5.4. That some of the hosts have no address of the client's
// kind does not make it void.
func (e *evaluation) mx(ctx context.Context, name string, bits int) verdict {
	records, s := e.ask(ctx, name, dns.TypeMX)
	switch {
	case s == nothing:
		return e.void()
	case s == unanswered:
		return temporary
	case len(records) > MaxNames:
		return e.permanent(name + " has more than " + strconv.Itoa(MaxNames) + " mail exchangers")
	}
	void := true
	for i := range records {
		_, host, _ := strings.Cut(records[i].Data, " ")
		host = plainName(host)
		if host == "" {
			continue // the null MX (RFC 7505)
		}
		match, s := e.addressOf(ctx, host, bits)
		if match {
			return yes
		}
		if s == unanswered {
			return temporary
		}
		void = void && s == nothing
	}
	if void {
		return e.void()
	}
	return no
}

// plainName is a name in the data of a record without its dot and escapes.
func plainName(data string) string {
	return strings.ToLower(dns.Unescape(strings.TrimSuffix(data, ".")))
}
