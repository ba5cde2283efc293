package spf

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxName is how long a domain name may be, without a final dot (RFC 1035
// 2.3.4).
const maxName = 253

// maxExpansion is where the expansion of macros ends: no name and no
// explanation needs as much.
const maxExpansion = 64 << 10

// target is the name that a term is about: its domain-spec expanded, or the
// domain whose record it is (RFC 7208 4.8). It is not ok when the name cannot
// be one because of a local part that is not ASCII (RFC 8616 4).
func (e *evaluation) target(ctx context.Context, spec *MacroString, domain string) (name string, ok bool) {
	if spec == nil {
		return domain, true
	}
	name, fixed := spec.literal()
	if !fixed {
		name = e.expand(ctx, spec, domain)
		if spec.uses("sl") && !isASCII(e.identity.local) {
			return name, false
		}
	}
	return shorten(strings.ToLower(strings.TrimSuffix(name, "."))), true
}

// shorten takes labels off the left of a name until it is not too long
// (RFC 7208 7.3).
func shorten(name string) string {
	for len(name) > maxName {
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			return name
		}
		name = rest
	}
	return name
}

// expand puts values in place of the macros (RFC 7208 7). domain is the domain
// whose record has them.
func (e *evaluation) expand(ctx context.Context, m *MacroString, domain string) string {
	var b strings.Builder
	for i := range m.parts {
		if b.Len() > maxExpansion {
			break
		}
		p := &m.parts[i]
		if p.letter == 0 {
			b.WriteString(p.literal)
			continue
		}
		value := p.pick(e.value(ctx, p.letter, domain))
		if p.escape {
			value = escapeURL(value)
		}
		b.WriteString(value)
	}
	return b.String()
}

// value is what a macro letter stands for (RFC 7208 7.2).
func (e *evaluation) value(ctx context.Context, letter byte, domain string) string {
	switch letter {
	case 's':
		return e.identity.local + "@" + e.identity.origin
	case 'l':
		return e.identity.local
	case 'o':
		return e.identity.origin
	case 'd':
		return domain
	case 'i':
		return dotted(e.ip)
	case 'p':
		return e.clientName(ctx, domain)
	case 'h':
		return e.identity.helo
	case 'c':
		return e.ip.String()
	case 'r':
		return e.checker.receiver()
	case 't':
		return strconv.FormatInt(e.checker.now().Unix(), 10)
	}
	return family(e.ip)
}

func family(ip netip.Addr) string {
	if ip.Is4() {
		return "in-addr"
	}
	return "ip6"
}

// dotted returns an address as %{i} has it: of IPv6 the nibbles, with dots
// between them (RFC 7208 7.3).
func dotted(ip netip.Addr) string {
	if ip.Is4() {
		return ip.String()
	}
	raw := ip.As16()
	b := make([]byte, 0, 64)
	for _, octet := range raw {
		b = append(b, hex[octet>>4], '.', hex[octet&15], '.')
	}
	return string(b[:len(b)-1])
}

const hex = "0123456789ABCDEF"

// pick splits a value, turns its parts round, and leaves as many of them on
// the right as the macro wants, with dots between them (RFC 7208 7.3).
func (p *part) pick(value string) string {
	if p.keep == 0 && !p.reverse && p.delimiters == "" {
		return value
	}
	between := p.delimiters
	if between == "" {
		between = "."
	}
	var parts []string
	for {
		i := strings.IndexAny(value, between)
		if i < 0 {
			break
		}
		parts = append(parts, value[:i])
		value = value[i+1:]
	}
	parts = append(parts, value)
	if p.reverse {
		slices.Reverse(parts)
	}
	if p.keep > 0 && p.keep < len(parts) {
		parts = parts[len(parts)-p.keep:]
	}
	return strings.Join(parts, ".")
}

// escapeURL escapes all but the unreserved octets of RFC 3986 2.3.
func escapeURL(s string) string {
	b := make([]byte, 0, 3*len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case isAlpha(c) || isDigit(c) || strings.IndexByte("-._~", c) >= 0:
			b = append(b, c)
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
