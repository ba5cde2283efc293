package netpath

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"postern/lib/caller"
)

// openICMP makes a socket for echo requests: one that the kernel keeps to its
// own echo requests, which a group may have (icmp(7), net.ipv4.ping_group_range),
// or a raw one.
func openICMP(addr netip.Addr) (*socket, error) {
	dest := netip.AddrPortFrom(addr, 0)
	protocol := unix.IPPROTO_ICMP
	if addr.Is6() {
		protocol = unix.IPPROTO_ICMPV6
	}
	p := newEchoProber(addr.Is6())
	s, err := dial(unix.SOCK_DGRAM, protocol, dest)
	if p.any = err == nil; denied(err) || errors.Is(err, unix.EPROTONOSUPPORT) {
		s, err = dial(unix.SOCK_RAW, protocol, dest)
	}
	if denied(err) {
		return nil, fmt.Errorf("ICMP probes: %w: they take the capability CAP_NET_RAW, which root has, or a group within the sysctl net.ipv4.ping_group_range; UDP probes take none", ErrPermission)
	}
	if err != nil {
		return nil, err
	}
	s.prober, s.replies, s.header = p, true, !p.any && addr.Is4()
	if p.any {
		return s, nil
	}
	return s, s.onlyReplies()
}

// openTCP makes a raw socket for SYNs, and keeps a port for them. A socket that
// connects would need no privilege, but a port of its own for each probe, so
// that routers might send each another way, and would complete a connection for
// each that reaches the host. As it is the kernel, which knows nothing of our
// SYNs, answers the host's SYN-ACK with RST, before the service has heard of it.
func openTCP(dest netip.AddrPort) (*socket, error) {
	s, err := dial(unix.SOCK_RAW, unix.IPPROTO_TCP, netip.AddrPortFrom(dest.Addr(), 0))
	if denied(err) {
		return nil, fmt.Errorf("TCP probes: %w: they take the capability CAP_NET_RAW, which root has; UDP probes take none", ErrPermission)
	}
	if err != nil {
		return nil, err
	}
	from, err := s.reservePort()
	if err != nil {
		s.Close()
		return nil, err
	}
	s.prober = newSYNProber(from, netip.AddrPortFrom(dest.Addr().WithZone(""), dest.Port()))
	s.replies, s.header = true, dest.Addr().Is4()
	return s, nil
}

// denied says that a privilege is missing.
func denied(err error) bool { return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) }

// onlyReplies keeps a raw socket from the ICMP messages that are no echo
// replies.
func (s *socket) onlyReplies() (err error) {
	ctlErr := s.raw.Control(func(fd uintptr) {
		if s.level == unix.IPPROTO_IP {
			err = unix.SetsockoptInt(int(fd), unix.SOL_RAW, unix.ICMP_FILTER, ^(1 << echoReply))
			return
		}
		var block unix.ICMPv6Filter
		for i := range block.Data {
			block.Data[i] = ^uint32(0)
		}
		block.Data[echoReply6/32] &^= 1 << (echoReply6 % 32)
		err = unix.SetsockoptICMPv6Filter(int(fd), unix.IPPROTO_ICMPV6, unix.ICMPV6_FILTER, &block)
	})
	if err = errors.Join(ctlErr, os.NewSyscallError("setsockopt", err)); err != nil {
		s.Close()
	}
	return err
}

// reservePort gives our address towards the host, and a port that nobody else
// has until the socket is closed.
func (s *socket) reservePort() (from netip.AddrPort, err error) {
	ctlErr := s.raw.Control(func(raw uintptr) {
		var local unix.Sockaddr
		if local, err = unix.Getsockname(int(raw)); err != nil {
			return
		}
		family := unix.AF_INET
		switch a := local.(type) {
		case *unix.SockaddrInet4:
			a.Port = 0
		case *unix.SockaddrInet6:
			family, a.Port = unix.AF_INET6, 0
		}
		from, err = s.keepPort(family, local)
	})
	if ctlErr != nil {
		return from, ctlErr
	}
	return from, os.NewSyscallError("bind", err)
}

// keepPort takes a port of TCP, at which nothing listens.
func (s *socket) keepPort(family int, local unix.Sockaddr) (from netip.AddrPort, err error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return from, err
	}
	s.port = os.NewFile(uintptr(fd), "port")
	if err := unix.Bind(fd, local); err != nil {
		return from, err
	}
	if local, err = unix.Getsockname(fd); err != nil {
		return from, err
	}
	return caller.AddrPort(local), nil
}
