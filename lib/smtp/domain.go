package smtp

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// maxLabel bounds a label of a domain name (RFC 1035 2.3.4).
const maxLabel = 63

// ValidHelo checks the argument of HELO, EHLO and LHLO: a name of letters,
// digits, hyphens and underscores, or an address literal. Its errors are
// *AddressError.
func ValidHelo(s string) error {
	if strings.HasPrefix(s, "[") {
		_, err := ParseLiteral(s)
		return err
	}
	return CheckDomain(s, false)
}

// CheckDomain checks a domain name (not a literal): labels of at most 63
// octets, 255 in all; with utf8 also labels beyond ASCII (RFC 6531 3.3). An
// underscore passes: hosts have it, though RFC 5321 does not. Its errors are
// *AddressError.
func CheckDomain(s string, utf8 bool) error {
	switch {
	case s == "":
		return badAddress("no domain")
	case len(s) > MaxDomain:
		return badAddress("domain too long")
	case !utf8 && !isASCII(s):
		return &AddressError{FaultNonASCII, "domain is not ASCII"}
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return badAddress("malformed domain")
		}
	}
	return nil
}

// isLabel reports a label of letters, digits, underscores and, not at its
// ends, hyphens.
func isLabel(s string) bool {
	if s == "" || len(s) > maxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range s {
		if !isAlnum(c) && c != '-' && c != '_' && !isUTF8Letter(c) {
			return false
		}
	}
	return true
}

// isUTF8Letter reports what a label may hold beyond ASCII. What IDNA would
// turn into a dot or an at sign makes another domain of it, and is none.
func isUTF8Letter(c rune) bool {
	switch c {
	case 0x3002, 0xff0e, 0xff61, 0xff20, 0xfe6b, 0xfe52: // full stops and at signs
		return false
	}
	return c > 0xa0 && isUTF8Text(c)
}

// ParseLiteral parses an address literal with its brackets: "[192.0.2.1]" or
// "[IPv6:2001:db8::1]" (RFC 5321 4.1.3). A mapped IPv4 address comes back unmapped.
func ParseLiteral(s string) (netip.Addr, error) {
	const tag = "IPv6:"
	inner, ok := strings.CutPrefix(s, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !ok || !closed {
		return netip.Addr{}, badAddress("malformed address literal")
	}
	six := len(inner) > len(tag) && strings.EqualFold(inner[:len(tag)], tag)
	if six {
		inner = inner[len(tag):]
	}
	addr, err := netip.ParseAddr(inner)
	if err != nil || addr.Zone() != "" || addr.Is6() != six {
		return netip.Addr{}, badAddress("malformed address literal")
	}
	return addr.Unmap(), nil
}

// domain takes a domain name or an address literal.
func (p *pathParser) domain() (string, error) {
	if p.next() == '[' {
		n := strings.IndexByte(p.s, ']') + 1
		lit := p.s[:n]
		p.s = p.s[n:]
		_, err := ParseLiteral(lit)
		return lit, err
	}
	n := strings.IndexFunc(p.s, endsDomain)
	if n < 0 {
		n = len(p.s)
	}
	name := p.s[:n]
	p.s = p.s[n:]
	if p.syntax.Loose {
		name = strings.TrimSuffix(name, ".")
	}
	return name, CheckDomain(name, p.syntax.UTF8)
}

// endsDomain reports what may stand behind a domain in a path.
func endsDomain(c rune) bool {
	return c < utf8.RuneSelf && strings.IndexByte("> \t,:", byte(c)) >= 0
}
