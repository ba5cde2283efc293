// Package caller tells who is at the other end of a socket: which user of this
// host, and how he is written down, or which address; and which addresses are
// this host's own.
package caller

import (
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// Ident is how the user stands in a Received field and in an envelope:
// "uid#1000@localhost".
func Ident(uid int) string { return "uid#" + strconv.Itoa(uid) + "@localhost" }

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
