package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Bounds of a PROXY header (the specification is HAProxy's proxy-protocol.txt).
const (
	maxProxy1 = 107  // section 2.1: the longest line, CRLF included
	maxProxy2 = 4096 // section 2.2 allows 64 KiB, and asks for 536
)

// signature2 begins a header of version 2.
const signature2 = "\r\n\r\n\x00\r\nQUIT\n"

// errShort means that the header is not all there yet.
var errShort = errors.New("the PROXY header is not complete")

// ends is what a header says of the connection in front of the proxy. They
// are not valid when it says nothing: then the connection is the proxy's own.
type ends struct{ client, server netip.AddrPort }

// parseProxy reads a PROXY header at the beginning of b and says how long it
// is. errShort asks for more; any other error is for good.
func parseProxy(b []byte) (e ends, n int, err error) {
	switch {
	case isPrefix(b, signature2):
		return parseProxy2(b)
	case isPrefix(b, "PROXY "):
		return parseProxy1(b)
	}
	return ends{}, 0, errors.New("no PROXY header")
}

// isPrefix says whether b begins with word as far as it goes.
func isPrefix(b []byte, word string) bool {
	n := min(len(b), len(word))
	return string(b[:n]) == word[:n]
}

// parseProxy1 reads a line "PROXY TCP4 192.0.2.1 192.0.2.9 49152 25".
func parseProxy1(b []byte) (ends, int, error) {
	line, _, ok := bytes.Cut(b[:min(len(b), maxProxy1)], []byte("\r\n"))
	if !ok && len(b) < maxProxy1 {
		return ends{}, 0, errShort
	}
	if !ok {
		return ends{}, 0, errors.New("the PROXY line is too long")
	}
	n := len(line) + len("\r\n")
	words := strings.Split(string(line), " ")
	if words[1] == "UNKNOWN" {
		return ends{}, n, nil
	}
	if len(words) != 6 || words[1] != "TCP4" && words[1] != "TCP6" {
		return ends{}, 0, errors.New("the PROXY line is not as it should be")
	}
	client, err1 := proxyAddr(words[2], words[4], words[1] == "TCP4")
	server, err2 := proxyAddr(words[3], words[5], words[1] == "TCP4")
	if err := errors.Join(err1, err2); err != nil {
		return ends{}, 0, err
	}
	return ends{client, server}, n, nil
}

// proxyAddr reads an address and a port of version 1.
func proxyAddr(ip, port string, v4 bool) (netip.AddrPort, error) {
	a, err := netip.ParseAddr(ip)
	n, err2 := parsePort(port)
	if err != nil || err2 != nil || a.Zone() != "" || a.Is4() != v4 || len(port) > 1 && port[0] == '0' {
		return netip.AddrPort{}, errors.New("the PROXY line has an address that is none")
	}
	return netip.AddrPortFrom(a.Unmap(), n), nil
}

// The parts of a header of version 2, section 2.2: signature, version and
// command, family and protocol, length of the rest.
const (
	at2Command = len(signature2)
	at2Family  = at2Command + 1
	at2Length  = at2Family + 1
	head2      = at2Length + 2
)

// Commands and families of version 2.
const (
	local2 = 0x20 // the proxy itself: a health check
	proxy2 = 0x21
	tcp4   = 0x11
	tcp6   = 0x21
)

// parseProxy2 reads the binary form.
func parseProxy2(b []byte) (ends, int, error) {
	if len(b) < head2 {
		return ends{}, 0, errShort
	}
	n := head2 + int(binary.BigEndian.Uint16(b[at2Length:]))
	command, family := b[at2Command], b[at2Family]
	switch {
	case command != local2 && command != proxy2:
		return ends{}, 0, fmt.Errorf("the PROXY header has version and command %#x", command)
	case n > maxProxy2:
		return ends{}, 0, errors.New("the PROXY header is too long")
	case len(b) < n:
		return ends{}, 0, errShort
	case command == local2:
		return ends{}, n, nil
	}
	e, size := addresses2(b[head2:n], family)
	switch {
	case size < 0:
		return ends{}, n, nil // not TCP: no address to be had
	case size == 0:
		return ends{}, 0, errors.New("the PROXY header is too short for its addresses")
	}
	if err := checkTLVs(b[head2+size : n]); err != nil {
		return ends{}, 0, err
	}
	return e, n, nil
}

// addresses2 reads the addresses of version 2. The size they take is 0 when b
// is too short, and negative when the family has none that we know.
func addresses2(b []byte, family byte) (e ends, size int) {
	var ip int // octets of an address
	switch family {
	case tcp4:
		ip = 4
	case tcp6:
		ip = 16
	default:
		return ends{}, -1
	}
	if size = 2*ip + 4; len(b) < size {
		return ends{}, 0
	}
	client, _ := netip.AddrFromSlice(b[:ip])
	server, _ := netip.AddrFromSlice(b[ip : 2*ip])
	ports := b[2*ip:]
	e.client = netip.AddrPortFrom(client.Unmap(), binary.BigEndian.Uint16(ports))
	e.server = netip.AddrPortFrom(server.Unmap(), binary.BigEndian.Uint16(ports[2:]))
	return e, size
}

// checkTLVs looks at the form of what stands behind the addresses: type,
// length, value (section 2.2.1). We need none of them.
func checkTLVs(b []byte) error {
	for len(b) > 0 {
		if len(b) < 3 || len(b)-3 < int(binary.BigEndian.Uint16(b[1:])) {
			return errors.New("the PROXY header has a broken TLV")
		}
		b = b[3+int(binary.BigEndian.Uint16(b[1:])):]
	}
	return nil
}
