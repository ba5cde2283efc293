package netpath

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A probe's payload is a nonce, by which forged answers are told, and the
// probe's number. Answers quote it, but for those of routers that keep to the
// eight octets which RFC 792 asks for: nothing tells what they are about.
const (
	nonceSize = 8
	probeSize = nonceSize + 2
)

// socket is a UDP socket whose errors are read one by one.
type socket struct {
	conn  *net.UDPConn
	raw   syscall.RawConn
	probe [probeSize]byte

	level, ttl int // the socket option for the hops that a datagram lives
}

func openSocket(dest netip.Addr) (wire, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(dest, PortUDP)))
	if err != nil {
		return nil, err
	}
	s := &socket{conn: conn, level: unix.IPPROTO_IP, ttl: unix.IP_TTL}
	recvErr := unix.IP_RECVERR
	if dest.Is6() {
		s.level, s.ttl, recvErr = unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, unix.IPV6_RECVERR
	}
	_, _ = rand.Read(s.probe[:nonceSize]) // does not fail
	if s.raw, err = conn.SyscallConn(); err == nil {
		err = s.set(recvErr, 1)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

func (s *socket) Close() error { return s.conn.Close() }

// set sets a socket option.
func (s *socket) set(option, value int) error {
	var err error
	if ctlErr := s.raw.Control(func(fd uintptr) {
		err = os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), s.level, option, value))
	}); ctlErr != nil {
		return ctlErr
	}
	return err
}

// send sends a probe. An answer to an earlier one may be reported as the error
// of a write, once; what is reported again is the write's own.
func (s *socket) send(ttl, try int) error {
	if err := s.set(s.ttl, ttl); err != nil {
		return err
	}
	s.probe[nonceSize], s.probe[nonceSize+1] = byte(ttl), byte(try)
	var err error
	for range wave {
		if _, err = s.conn.Write(s.probe[:]); err == nil || errors.Is(err, net.ErrClosed) {
			break
		}
	}
	return err
}

// receive takes the next answer from the socket's queue of errors. What is none
// is passed over.
func (s *socket) receive(deadline time.Time) (answer, error) {
	if err := s.conn.SetReadDeadline(deadline); err != nil {
		return answer{}, err
	}
	for {
		a, ok, err := s.next()
		if ok || err != nil {
			return a, err
		}
	}
}

// next reads one entry of the queue of errors.
func (s *socket) next() (a answer, ok bool, err error) {
	var quote [2 * probeSize]byte
	var control [256]byte
	var n, controlSize int
	waitErr := s.raw.Read(func(fd uintptr) bool {
		n, controlSize, _, _, err = unix.Recvmsg(int(fd), quote[:], control[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		return err != unix.EAGAIN && err != unix.EINTR
	})
	switch {
	case waitErr != nil:
		return answer{}, false, waitErr
	case err != nil:
		return answer{}, false, os.NewSyscallError("recvmsg", err)
	case n < probeSize || !bytes.Equal(quote[:nonceSize], s.probe[:nonceSize]):
		return answer{}, false, nil
	}
	a, ok = parseControl(control[:controlSize])
	a.ttl, a.try = int(quote[nonceSize]), int(quote[nonceSize+1])
	return a, ok, nil
}

// parseControl finds the answer among control messages.
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
func parseError(b []byte) (answer, bool) {
	if len(b) < errorSize+2 {
		return answer{}, false
	}
	from, ok := parseSockaddr(b[errorSize:])
	if !ok {
		return answer{}, false
	}
	end, ok := meaning(b[4], b[5], b[6])
	return answer{from: from, end: end}, ok
}

// meaning tells what an answer of ICMP (RFC 792) or ICMPv6 (RFC 4443) says
// about the path.
func meaning(origin, typ, code byte) (End, bool) {
	const (
		unreachable, exceeded, port = 3, 11, 3
		unreachable6, exceeded6     = 1, 3
		port6                       = 4
	)
	switch {
	case origin == unix.SO_EE_ORIGIN_ICMP && typ == exceeded, origin == unix.SO_EE_ORIGIN_ICMP6 && typ == exceeded6:
		return Silent, true
	case origin == unix.SO_EE_ORIGIN_ICMP && typ == unreachable && code == port,
		origin == unix.SO_EE_ORIGIN_ICMP6 && typ == unreachable6 && code == port6:
		return Reached, true
	case origin == unix.SO_EE_ORIGIN_ICMP && typ == unreachable, origin == unix.SO_EE_ORIGIN_ICMP6 && typ == unreachable6:
		return Blocked, true
	}
	return Silent, false
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
