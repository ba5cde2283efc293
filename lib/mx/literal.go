package mx

import (
	"errors"
	"net/netip"
	"strings"
)

var errBadLiteral = errors.New("not an address literal")

// parseLiteral reads an address literal: [192.0.2.1], [IPv6:2001:db8::1]
// (RFC 5321 4.1.3).
func parseLiteral(s string) (netip.Addr, bool) {
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' {
		return netip.Addr{}, false
	}
	s = s[1 : len(s)-1]
	if len(s) > 5 && strings.EqualFold(s[:5], "IPv6:") {
		s = s[5:]
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap(), err == nil
}

// parseAddress reads an address with brackets or without.
func parseAddress(s string) (netip.Addr, bool) {
	if addr, ok := parseLiteral(s); ok {
		return addr, true
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap(), err == nil
}
