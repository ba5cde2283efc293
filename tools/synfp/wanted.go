package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"postern/lib/synfp"
)

// wanted is which SYNs are looked at. The zero value is all that come in.
type wanted struct {
	port       uint16     // 0: any
	addr       netip.Addr // not valid: any
	interfaces []string   // none: see choose
}

// parseWanted reads the operands, tcp-port [ip [interface ...]].
func parseWanted(operands []string) (w wanted, err error) {
	if len(operands) > 0 {
		port, err := strconv.ParseUint(operands[0], 10, 16)
		if err != nil {
			return w, fmt.Errorf("%q is not a port: 0 to 65535", operands[0])
		}
		w.port = uint16(port)
	}
	if len(operands) > 1 {
		addr, err := netip.ParseAddr(operands[1])
		if err != nil {
			return w, fmt.Errorf("%q is not an IP address", operands[1])
		}
		if addr = addr.Unmap().WithZone(""); !addr.IsUnspecified() {
			w.addr = addr
		}
		w.interfaces = operands[2:]
	}
	return w, nil
}

// matches says whether a SYN is one of those.
func (w wanted) matches(s *synfp.SYN) bool {
	return (w.port == 0 || s.Server.Port() == w.port) && (!w.addr.IsValid() || s.Server.Addr() == w.addr)
}

// choose is the interfaces to capture from, of those that are up: those that are
// named, else those that have the address, else all but loopback ones. The error
// says what is missing, though there may be others.
func (w wanted) choose() (names []string, err error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	for _, ifi := range all {
		if ifi.Flags&net.FlagUp != 0 && w.suits(ifi) {
			names = append(names, ifi.Name)
		}
	}
	for _, name := range w.interfaces {
		if !slices.Contains(names, name) {
			return names, fmt.Errorf("%s: no such interface, or it is down", name)
		}
	}
	switch {
	case len(names) > 0:
		return names, nil
	case w.addr.IsValid():
		return nil, fmt.Errorf("no interface that is up has the address %s; name the interfaces", w.addr)
	}
	return nil, fmt.Errorf("no interface is up but loopback; name one: synfp %d 0.0.0.0 lo", w.port)
}

// suits says whether an interface is one to capture from.
func (w wanted) suits(ifi net.Interface) bool {
	switch {
	case len(w.interfaces) > 0:
		return slices.Contains(w.interfaces, ifi.Name)
	case w.addr.IsValid():
		return owns(ifi, w.addr)
	}
	return ifi.Flags&net.FlagLoopback == 0
}

// owns says whether an interface has an address.
func owns(ifi net.Interface, addr netip.Addr) bool {
	list, _ := ifi.Addrs()
	return slices.ContainsFunc(list, func(a net.Addr) bool {
		p, err := netip.ParsePrefix(a.String())
		return err == nil && p.Addr().WithZone("") == addr
	})
}
