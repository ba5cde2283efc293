package caller

import (
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// AddrPort is an address in the kernel's form as ours: unmapped, without a zone.
// It is not valid for a Unix socket.
func AddrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// Sockaddr is an address of ours in the kernel's form, and the family of sockets
// that it is for. Its zone is the name of an interface, or its number (RFC 4007
// 11.2); the error is that there is no such interface.
func Sockaddr(a netip.AddrPort) (sa unix.Sockaddr, family int, err error) {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}, unix.AF_INET, nil
	}
	zone, err := zoneIndex(a.Addr().Zone())
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16(), ZoneId: zone}, unix.AF_INET6, err
}

// zoneIndex returns the number of the interface that a zone stands for; 0 for none.
func zoneIndex(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	return interfaceIndex(zone)
}
