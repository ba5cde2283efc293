package caller

import (
	"net"
	"net/netip"
)

// HostAddrs returns the addresses of this host's interfaces, loopback among them,
// in the form of AddrPort: unmapped, without a zone.
func HostAddrs() ([]netip.Addr, error) {
	nets, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	for _, n := range nets {
		if p, err := netip.ParsePrefix(n.String()); err == nil {
			addrs = append(addrs, p.Addr().Unmap().WithZone(""))
		}
	}
	return addrs, nil
}
