package conf

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Nets takes networks: 192.0.2.0/24, 2001:db8::/32, or an address for itself
// alone. An IPv4 address cut short stands for its network: 192.0.2 is
// 192.0.2.0/24, 10.1 is 10.1.0.0/16.
func Nets(p *[]netip.Prefix) Value { return list(p, ParseNet, netip.Prefix.String) }

// ParseNet reads what Nets takes; octets beyond the mask are set to zero, and a
// v4-mapped network becomes that of IPv4.
func ParseNet(s string) (netip.Prefix, error) {
	text, bits, hasBits := strings.Cut(s, "/")
	whole, short := fillIPv4(text)
	addr, err := netip.ParseAddr(whole)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, badNet(s)
	}
	n := addr.BitLen()
	if short > 0 {
		n = short
	}
	if hasBits {
		if n, err = strconv.Atoi(bits); err != nil || !isDigits(bits) || n > addr.BitLen() {
			return netip.Prefix{}, badNet(s)
		}
	}
	if addr.Is4In6() && n >= 96 {
		addr, n = addr.Unmap(), n-96
	}
	return netip.PrefixFrom(addr, n).Masked(), nil
}

// fillIPv4 completes an IPv4 address of two or three octets with zeros, and
// gives the bits that were there, 0 for any other text.
func fillIPv4(text string) (whole string, bits int) {
	points := strings.Count(text, ".")
	if points < 1 || points > 2 || strings.Contains(text, ":") {
		return text, 0
	}
	return text + strings.Repeat(".0", 3-points), 8 * (points + 1)
}

func badNet(s string) error {
	return fmt.Errorf("%q is not a network: write an address, or one with /bits", s)
}
