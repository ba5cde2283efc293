package mx

import (
	"net/netip"
	"slices"

	"postern/lib/caller"
)

// free reports whether mail may go to any address at all.
func (r *Route) free() bool { return r.named || r.options.Local }

// isSelf reports whether the host has one of our addresses.
func (r *Route) isSelf(f found) bool {
	if r.free() {
		return false
	}
	if r.own == nil {
		r.own = append(r.interfaceAddrs(), r.options.Addrs...)
	}
	return slices.ContainsFunc(f.host.Addrs, func(a netip.Addr) bool { return slices.Contains(r.own, a) })
}

// interfaceAddrs returns the addresses that others can reach us by; never nil.
func (r *Route) interfaceAddrs() []netip.Addr {
	ask := r.options.Interfaces
	if ask == nil {
		ask = caller.HostAddrs
	}
	list := []netip.Addr{}
	addrs, _ := ask() // without them, names alone find loops
	for _, a := range addrs {
		if Legal(a) {
			list = append(list, a)
		}
	}
	return list
}

// Legal reports whether a domain may have its mail sent to the address: it is
// not one of those that mean the sender itself or nobody in particular
// (loopback, 0.0.0.0/8, link-local, multicast, broadcast).
func Legal(a netip.Addr) bool {
	switch {
	case a.IsLoopback(), a.IsUnspecified(), a.IsMulticast(), a.IsLinkLocalUnicast():
		return false
	case a.Is4():
		b := a.As4()
		return b[0] != 0 && b != [4]byte{255, 255, 255, 255}
	}
	return true
}
