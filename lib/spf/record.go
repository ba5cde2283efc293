package spf

import (
	"net/netip"
	"strconv"
	"strings"
)

// Record is what a domain publishes (RFC 7208 4.5). It is made by Parse and
// ParseRules, and is not changed.
type Record struct {
	Directives []Directive
	Redirect   *MacroString // nil when there is none
	Exp        *MacroString // likewise
	Modifiers  []Modifier   // those that mean nothing
}

// Directive is a mechanism with the result that it stands for.
type Directive struct {
	Result    Code // Pass, Fail, SoftFail or Neutral
	Mechanism Mechanism
	Domain    *MacroString // nil when there is none
	Net       netip.Prefix // of ip4 and ip6
	Bits4     uint8        // of a and mx: how much of an IPv4 address must agree, 32 by default
	Bits6     uint8        // the same of IPv6, 128 by default
	Pos       int          // where it begins in the text of the record, in octets
}

// Modifier is a name=value that RFC 7208 does not know (6).
type Modifier struct {
	Name  string
	Value *MacroString
}

// Mechanism is one of those of RFC 7208 5.
type Mechanism uint8

// The mechanisms.
const (
	All Mechanism = iota
	Include
	A
	MX
	PTR
	IP4
	IP6
	Exists
)

var mechanismNames = [...]string{"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"}

// String returns the name of the mechanism.
func (m Mechanism) String() string { return mechanismNames[m] }

// asks reports whether the mechanism asks the DNS, so that it counts
// (RFC 7208 4.6.4).
func (m Mechanism) asks() bool { return m != All && m != IP4 && m != IP6 }

// String returns the record as it may be published: terms in the order of
// directives, redirect, exp and unknown modifiers, which is not always the one
// that was read.
func (r *Record) String() string {
	b := []byte(version)
	for i := range r.Directives {
		b = append(b, ' ')
		b = r.Directives[i].append(b)
	}
	if r.Redirect != nil {
		b = append(append(b, " redirect="...), r.Redirect.text...)
	}
	if r.Exp != nil {
		b = append(append(b, " exp="...), r.Exp.text...)
	}
	for _, m := range r.Modifiers {
		b = append(append(b, ' '), m.Name...)
		b = append(append(b, '='), m.Value.text...)
	}
	return string(b)
}

// String returns the directive as it may be published. A plus sign is left out,
// and so are prefix lengths that mean what is meant without them.
func (d *Directive) String() string { return string(d.append(nil)) }

func (d *Directive) append(b []byte) []byte {
	switch d.Result {
	case Fail:
		b = append(b, '-')
	case SoftFail:
		b = append(b, '~')
	case Neutral:
		b = append(b, '?')
	}
	b = append(b, mechanismNames[d.Mechanism]...)
	switch d.Mechanism {
	case IP4, IP6:
		return d.appendNet(append(b, ':'))
	case A, MX:
		return d.appendBits(d.appendDomain(b))
	}
	return d.appendDomain(b)
}

func (d *Directive) appendDomain(b []byte) []byte {
	if d.Domain == nil {
		return b
	}
	return append(append(b, ':'), d.Domain.text...)
}

func (d *Directive) appendNet(b []byte) []byte {
	b = d.Net.Addr().AppendTo(b)
	if d.Net.IsSingleIP() {
		return b
	}
	return strconv.AppendInt(append(b, '/'), int64(d.Net.Bits()), 10)
}

func (d *Directive) appendBits(b []byte) []byte {
	if d.Bits4 != bits4 {
		b = strconv.AppendUint(append(b, '/'), uint64(d.Bits4), 10)
	}
	if d.Bits6 != bits6 {
		b = strconv.AppendUint(append(b, '/', '/'), uint64(d.Bits6), 10)
	}
	return b
}

// SyntaxError says where in a record what is wrong.
type SyntaxError struct {
	Pos    int    // octets of the record in front of it
	Term   string // the word in which it is
	Reason string
}

// Error returns as `octet 8, "ip4:300.1.1.1": not an IPv4 address`.
func (e *SyntaxError) Error() string {
	return "octet " + strconv.Itoa(e.Pos+1) + ", " + quote(e.Term) + ": " + e.Reason
}

// quote shows a text of a peer's, cut and with nothing in it that does harm.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strconv.QuoteToASCII(strings.ToValidUTF8(s, "?"))
}
