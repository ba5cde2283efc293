package spf

import (
	"fmt"
	"net/netip"
)

// Prefix lengths from which on a network is no longer one sender's.
const (
	wide4 = 15
	wide6 = 31
)

// terms looks at what a record says without asking anybody.
func (l *linter) terms(r *Record) {
	seen := make(map[string]bool)
	ended := false
	for i := range r.Directives {
		d := &r.Directives[i]
		text := d.String()
		switch {
		case ended:
			l.find(Warning, d.Pos, text, "stands behind all and is never looked at", "move it in front of all, or take it out")
		case seen[text]:
			l.find(Warning, d.Pos, text, "stands there twice", "take one out")
		default:
			l.directive(d)
		}
		seen[text] = true
		ended = ended || d.Mechanism == All
	}
	switch {
	case ended && r.Redirect != nil:
		l.find(Warning, -1, "redirect="+r.Redirect.text, "is not looked at beside all", "take one of them out")
	case !ended && r.Redirect == nil && !l.included:
		l.find(Warning, -1, "", "says nothing about hosts that are not named", `end it with "-all" or "~all"`)
	}
	for _, m := range r.Modifiers {
		l.modifier(m)
	}
}

// modifier looks at a modifier that means nothing: perhaps a mechanism is meant, and
// = was written in place of the colon.
func (l *linter) modifier(m Modifier) {
	if new(Directive).name(m.Name) {
		l.find(Warning, -1, m.Name+"="+m.Value.text, "means nothing: a mechanism has a colon behind its name", "write "+m.Name+":"+m.Value.text)
	}
}

// directive looks at one directive.
func (l *linter) directive(d *Directive) {
	switch d.Mechanism {
	case All:
		l.all(d)
	case PTR:
		l.find(Warning, d.Pos, d.String(), "ptr is slow, unreliable and not to be used (RFC 7208 5.5)", "name the hosts with a, mx, ip4 or ip6")
	case IP4, IP6:
		l.network(d)
	case A, MX:
		l.wide(d, int(d.Bits4), wide4)
		l.wide(d, int(d.Bits6), wide6)
	}
	if d.Domain != nil && d.Domain.uses("p") {
		l.find(Warning, d.Pos, d.String(), "the macro p is slow and not to be used (RFC 7208 7.2)", "use another")
	}
}

// all looks at what is said about the rest of the world.
func (l *linter) all(d *Directive) {
	switch {
	case d.Result == Pass && l.grants:
		l.find(Fault, d.Pos, d.String(), "lets the whole world send mail from this domain", `use "-all" or "~all"`)
	case d.Result == Neutral && !l.included:
		l.find(Warning, d.Pos, d.String(), "protects from nothing", `use "-all" or "~all"`)
	}
}

// network looks at ip4 and ip6.
func (l *linter) network(d *Directive) {
	addr := d.Net.Addr()
	most := wide6
	if d.Mechanism == IP4 {
		most = wide4
	}
	switch {
	case inner(d.Net.Masked().Addr()) && inner(last(d.Net)):
		l.find(Warning, d.Pos, d.String(), "an address that means nothing outside", "take it out: what receivers see is another")
		return
	case addr.Is4In6():
		l.find(Warning, d.Pos, d.String(), "never matches: such a client counts as IPv4", "use ip4")
	case d.Net.Masked() != d.Net:
		l.find(Warning, d.Pos, d.String(), "the address has bits behind the prefix length", "write "+d.Mechanism.String()+":"+d.Net.Masked().String())
	}
	l.wide(d, d.Net.Bits(), most)
}

// inner reports whether an address is of use in one's own network alone.
func inner(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()
}

// last is the last address of a network.
func last(n netip.Prefix) netip.Addr {
	raw := n.Addr().AsSlice()
	for i := n.Bits(); i < n.Addr().BitLen(); i++ {
		raw[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(raw)
	return a
}

// wide complains of a network in which strangers live.
func (l *linter) wide(d *Directive, bits, most int) {
	if d.Result != Pass || !l.grants || bits > most {
		return
	}
	severity := Warning
	if bits == 0 {
		severity = Fault
	}
	l.find(severity, d.Pos, d.String(), fmt.Sprintf("/%d lets a great part of the world send mail from this domain", bits), "name the networks that are yours")
}
