package netpath

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// parseControl finds the answer among control messages: who sent it and what it
// says.
func parseControl(b []byte) (answer, bool) {
	messages, err := unix.ParseSocketControlMessage(b)
	if err != nil {
		return answer{}, false
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR,
			m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_RECVERR:
			return parseError(m.Data)
		}
	}
	return answer{}, false
}

// errorSize is the size of struct sock_extended_err: errno, then an octet each
// for origin, type and code at 4, 5 and 6. The address of whoever answered
// stands behind it.
const errorSize = 16

// parseError reads struct sock_extended_err.
func parseError(b []byte) (a answer, ok bool) {
	if len(b) < errorSize+2 {
		return answer{}, false
	}
	switch b[4] {
	case unix.SO_EE_ORIGIN_ICMP:
		a.says = Message{ICMPv4, b[5], b[6]}
	case unix.SO_EE_ORIGIN_ICMP6:
		a.says = Message{ICMPv6, b[5], b[6]}
	default:
		return answer{}, false
	}
	if a.from, ok = parseSockaddr(b[errorSize:]); !ok {
		return answer{}, false
	}
	_, ok = a.says.end()
	return a, ok
}

// parseSockaddr reads the address of struct sockaddr_in or sockaddr_in6.
func parseSockaddr(b []byte) (netip.Addr, bool) {
	switch family := binary.NativeEndian.Uint16(b); {
	case family == unix.AF_INET && len(b) >= 8:
		return netip.AddrFrom4([4]byte(b[4:8])), true
	case family == unix.AF_INET6 && len(b) >= 24:
		return netip.AddrFrom16([16]byte(b[8:24])).Unmap(), true
	}
	return netip.Addr{}, false
}
