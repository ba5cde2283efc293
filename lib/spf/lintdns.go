package spf

import (
	"context"
	"fmt"
	"strings"

	"postern/lib/dns"
)

// questions looks at the terms that ask the DNS: what they cost, and whether
// they find anything. Those whose names depend on the mail cannot be tried.
func (l *linter) questions(ctx context.Context, r *Record, way []string) {
	for i := range r.Directives {
		d := &r.Directives[i]
		if d.Mechanism == All {
			return
		}
		if !d.Mechanism.asks() {
			continue
		}
		l.report.Lookups++
		if name, ok := l.fixedName(ctx, d.Domain); ok {
			l.question(ctx, d, name, way)
		}
	}
	if r.Redirect != nil {
		l.report.Lookups++
		if name, ok := l.fixedName(ctx, r.Redirect); ok {
			l.refer(ctx, -1, "redirect="+r.Redirect.text, name, way)
		}
	}
}

// question looks at one term, which is about name.
func (l *linter) question(ctx context.Context, d *Directive, name string, way []string) {
	switch d.Mechanism {
	case Include:
		l.include(ctx, d, name, way)
	case MX:
		l.exchangers(ctx, d, name)
	case A:
		l.addresses(ctx, d, name)
	case Exists:
		_, s := l.ask(ctx, name, dns.TypeA)
		l.void(d, s, s, "is nowhere")
	}
}

// fixedName is the name that a term is about, if that is always the same for
// this domain.
func (l *linter) fixedName(ctx context.Context, spec *MacroString) (string, bool) {
	if spec == nil {
		return l.domain, true
	}
	if spec.uses("sliphv") {
		return "", false
	}
	name := l.expand(ctx, spec, l.domain)
	return shorten(strings.ToLower(strings.TrimSuffix(name, "."))), true
}

// include follows an include, of whose record only what passes counts.
func (l *linter) include(ctx context.Context, d *Directive, name string, way []string) {
	included, grants := l.included, l.grants
	l.included, l.grants = true, grants && d.Result == Pass
	l.refer(ctx, d.Pos, d.String(), name, way)
	l.included, l.grants = included, grants
}

// refer follows include and redirect.
func (l *linter) refer(ctx context.Context, pos int, term, name string, way []string) {
	for _, domain := range way {
		if domain == name {
			l.find(Fault, pos, term, "leads back to "+name, "take it out: it goes round until the limit of look-ups")
			return
		}
	}
	l.record(ctx, name, way)
}

// exchangers looks at the hosts of mx.
func (l *linter) exchangers(ctx context.Context, d *Directive, name string) {
	records, s := l.ask(ctx, name, dns.TypeMX)
	switch {
	case len(records) > MaxNames:
		l.find(Fault, d.Pos, d.String(), fmt.Sprintf("%d mail exchangers, %d may be", len(records), MaxNames), "name addresses instead")
	case s != found:
		l.void(d, s, s, "has no MX records")
	default:
		four := l.together(ctx, exchangers(records, dns.TypeA))
		six := l.together(ctx, exchangers(records, dns.TypeAAAA))
		l.void(d, four, six, "has no mail exchanger with an address")
	}
}

// together is what questions find together.
func (l *linter) together(ctx context.Context, questions []dns.Question) state {
	all := nothing
	for i, reply := range dns.QueryAll(ctx, l.resolver, questions) {
		_, s := l.take(ctx, questions[i], reply.Answer, reply.Err)
		if s == found {
			return found
		}
		all = max(all, s)
	}
	return all
}

// addresses looks at the host of a.
func (l *linter) addresses(ctx context.Context, d *Directive, name string) {
	_, four := l.ask(ctx, name, dns.TypeA)
	if four == unanswered {
		l.void(d, four, four, "")
		return
	}
	_, six := l.ask(ctx, name, dns.TypeAAAA)
	l.void(d, four, six, "has no address")
}

// void reports that a term finds nothing, or that nobody knows, by what it finds
// for clients with IPv4 and for those with IPv6.
func (l *linter) void(d *Directive, four, six state, text string) {
	switch {
	case four == unanswered || six == unanswered:
		l.find(Unknown, d.Pos, d.String(), l.problem, "ask again")
	case four == nothing && six == nothing:
		l.report.Voids++
		l.find(Warning, d.Pos, d.String(), text, "take it out, or publish what it asks for")
	case four == nothing:
		l.blind[0]++
	case six == nothing:
		l.blind[1]++
	}
}

// explanation looks at what exp leads to (RFC 7208 6.2).
func (l *linter) explanation(ctx context.Context, r *Record) {
	if r.Exp == nil || l.included {
		return
	}
	name, ok := l.fixedName(ctx, r.Exp)
	if !ok {
		return
	}
	term := "exp=" + r.Exp.text
	switch records, s := l.ask(ctx, name, dns.TypeTXT); {
	case s == unanswered:
		l.find(Unknown, -1, term, l.problem, "ask again")
	case len(records) != 1:
		l.find(Warning, -1, term, fmt.Sprintf("leads to %d TXT records and explains nothing", len(records)), "publish one, or take it out")
	default:
		if _, err := ParseExplanation(dns.Text(records[0].Data)); err != nil {
			l.find(Warning, -1, term, "explains nothing: "+err.Error(), "correct the text")
		}
	}
}
