package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// An address is where to listen, as people write it. The port may be missing.
type address struct {
	text   string     // as written
	path   string     // of a Unix socket
	iface  string     // all addresses of an interface
	ip     netip.Addr // else; not valid: all addresses of the host
	port   uint16
	ported bool // a port was named; it may be 0, for any that is free
}

// parseAddress reads an operand or the argument of BindAddr:
//
//	25                       all addresses, port 25
//	192.0.2.1  192.0.2.1:25  [192.0.2.1]  [192.0.2.1]:25
//	2001:db8::1  [2001:db8::1]:25  [IPv6:2001:db8::1]  [IPv6.2001:db8::1]
//	*  any  :25  *:25        all addresses
//	any6                     all IPv6 addresses
//	iface:eth0  iface:eth0:25
//	tcp!*!25                 Plan 9's form
//	/run/x.sock  unix:x.sock a Unix socket
func parseAddress(s string) (address, error) {
	a := address{text: s}
	host := s
	switch {
	case s == "":
		return address{}, errors.New("an empty address")
	case strings.HasPrefix(s, "/"):
		a.path = s
		return a, nil
	case strings.HasPrefix(s, "unix:") && len(s) > len("unix:"):
		a.path = s[len("unix:"):]
		return a, nil
	case strings.HasPrefix(s, "tcp!"):
		var port string
		host, port, _ = strings.Cut(s[len("tcp!"):], "!")
		host += ":" + port
		if strings.Count(host, ":") > 1 {
			host = "[" + strings.TrimSuffix(host, ":"+port) + "]:" + port
		}
	case isPort(s):
		host = ":" + s
	}
	host, err := a.cutPort(host)
	if err != nil {
		return address{}, fmt.Errorf("%q: %w", s, err)
	}
	return a.withHost(host)
}

// cutPort takes the port off the end of a host. A bare IPv6 address has none.
func (a *address) cutPort(s string) (host string, err error) {
	i := strings.LastIndexByte(s, ':')
	bare6 := strings.Count(s, ":") > 1 && s[0] != '[' && !strings.HasPrefix(s, "iface:")
	if i < 0 || bare6 || strings.HasSuffix(s, "]") || s[:i] == "iface" {
		return s, nil
	}
	return s[:i], a.setPort(s[i+1:])
}

// setPort sets the port from its digits.
func (a *address) setPort(digits string) error {
	n, err := parsePort(digits)
	a.port, a.ported = n, err == nil
	return err
}

// withHost completes the address with what stands in front of the port.
func (a address) withHost(host string) (address, error) {
	if name, ok := strings.CutPrefix(host, "iface:"); ok && name != "" {
		a.iface = name
		return a, nil
	}
	if inside, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inside, "]")
		if len(host) > 5 && strings.EqualFold(host[:4], "IPv6") && (host[4] == ':' || host[4] == '.') {
			host = host[5:]
		}
	}
	switch strings.ToLower(host) {
	case "", "*", "any":
		return a, nil
	case "any6":
		host = "::"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return address{}, fmt.Errorf("%q is not an address", a.text)
	}
	a.ip = ip.Unmap()
	return a, nil
}

func isPort(s string) bool {
	_, err := parsePort(s)
	return err == nil
}

func parsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is not a port", s)
	}
	return uint16(n), nil
}
