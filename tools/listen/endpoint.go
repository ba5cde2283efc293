package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// An endpoint is what one socket is bound to.
type endpoint struct {
	at       netip.AddrPort
	path     string // of a Unix socket
	optional bool   // the other half of "all addresses": the host may not have IPv6
}

func (e endpoint) String() string {
	if e.path != "" {
		return e.path
	}
	return e.at.String()
}

// families says which of the two an address may be of.
type families struct{ v4, v6 bool }

// allow says whether an address of such a kind may be used.
func (f families) allow(ip netip.Addr) bool { return ip.Is4() && f.v4 || ip.Is6() && f.v6 }

// endpoints finds out what the addresses stand for, each once, in order.
func endpoints(addresses []address, port uint16, f families) ([]endpoint, error) {
	var all []endpoint
	for _, a := range addresses {
		if !a.ported {
			a.port = port
		}
		some, err := a.endpoints(f)
		if err != nil {
			return nil, err
		}
		for _, e := range some {
			same := func(x endpoint) bool { return x.at == e.at && x.path == e.path }
			if !slices.ContainsFunc(all, same) || e.path == "" && e.at.Port() == 0 {
				all = append(all, e)
			}
		}
	}
	return all, nil
}

// endpoints are the ones of a single address.
func (a address) endpoints(f families) ([]endpoint, error) {
	switch {
	case a.path != "":
		return []endpoint{{path: a.path}}, nil
	case a.iface != "":
		return a.ofInterface(f)
	case !a.ip.IsValid():
		return a.everywhere(f), nil
	case !f.allow(a.ip):
		return nil, fmt.Errorf("%s: not an address of the family asked for", a.text)
	}
	return []endpoint{{at: netip.AddrPortFrom(a.ip, a.port)}}, nil
}

// everywhere is one socket for each family. Two, since OpenBSD has none that
// is both, and so that no client is seen under a v4-mapped address.
func (a address) everywhere(f families) []endpoint {
	var all []endpoint
	if f.v6 {
		all = append(all, endpoint{at: netip.AddrPortFrom(netip.IPv6Unspecified(), a.port), optional: f.v4})
	}
	if f.v4 {
		all = append(all, endpoint{at: netip.AddrPortFrom(netip.IPv4Unspecified(), a.port)})
	}
	return all
}

// ofInterface is each address that the interface has now.
func (a address) ofInterface(f families) ([]endpoint, error) {
	ifi, err := net.InterfaceByName(a.iface)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.text, err)
	}
	addrs, err := ifi.Addrs()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.text, err)
	}
	var all []endpoint
	for _, addr := range addrs {
		ipnet, ok := addr.(*net.IPNet)
		if !ok {
			continue
		}
		ip, _ := netip.AddrFromSlice(ipnet.IP)
		if ip = ip.Unmap(); ip.IsLinkLocalUnicast() && ip.Is6() {
			ip = ip.WithZone(a.iface)
		}
		if f.allow(ip) {
			all = append(all, endpoint{at: netip.AddrPortFrom(ip, a.port)})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: the interface has no address of the family asked for", a.text)
	}
	return all, nil
}
