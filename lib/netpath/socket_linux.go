package netpath

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/caller"
)

// socket sends the probes of one path, and reads the errors that come back one
// by one (IP_RECVERR), with the packets that the host itself sends.
type socket struct {
	prober
	file *os.File
	raw  syscall.RawConn
	dest netip.Addr

	level, ttl int           // the socket option for the hops that a packet lives
	replies    bool          // packets of the host are answers
	header     bool          // they come with their IPv4 header
	port       *os.File      // holds the source port, or nil
	buf        [maxRead]byte // what was read
}

// maxRead is how much of an answer is read: nothing needed stands behind it.
const maxRead = 128

// openSocket makes the socket for the probes of a method to a host.
func openSocket(method Method, dest netip.AddrPort) (wire, error) {
	var s *socket
	var err error
	switch method {
	case TCP:
		s, err = openTCP(dest)
	case ICMP:
		s, err = openICMP(dest.Addr())
	default:
		s, err = dial(unix.SOCK_DGRAM, 0, dest)
		if err == nil {
			s.prober = newUDPProber()
		}
	}
	if err != nil {
		return nil, err // not a socket that is nil
	}
	return s, nil
}

// dial makes a socket of a type and protocol that is connected to the host and
// keeps the errors that are reported to it.
func dial(typ, protocol int, dest netip.AddrPort) (*socket, error) {
	addr := dest.Addr()
	family, recvErr := unix.AF_INET, unix.IP_RECVERR
	s := &socket{dest: addr.WithZone(""), level: unix.IPPROTO_IP, ttl: unix.IP_TTL}
	if addr.Is6() {
		family, recvErr = unix.AF_INET6, unix.IPV6_RECVERR
		s.level, s.ttl = unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS
	}
	fd, err := unix.Socket(family, typ|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return nil, noFamily(addr, os.NewSyscallError("socket", err))
	}
	s.file = os.NewFile(uintptr(fd), "probes")
	to, _, err := caller.Sockaddr(dest)
	if err != nil {
		err = fmt.Errorf("%v: %w: %w", addr, ErrAddress, err)
	} else {
		err = os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, s.level, recvErr, 1))
	}
	if err == nil {
		err = connectError(addr, unix.Connect(fd, to))
	}
	if err == nil {
		s.raw, err = s.file.SyscallConn()
	}
	if err != nil {
		s.file.Close()
		return nil, err
	}
	return s, nil
}

// connectError says of which addresses the kernel will not hear: those of a whole
// network, link-local ones without an interface, and what an administrator has
// excluded. It is no matter of privileges.
func connectError(addr netip.Addr, err error) error {
	if denied(err) || errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("%v: %w: %v", addr, ErrAddress, err)
	}
	return noFamily(addr, os.NewSyscallError("connect", err))
}

// noFamily says of a host without IPv6, or IPv4, that it is one.
func noFamily(addr netip.Addr, err error) error {
	family := "IPv4"
	if addr.Is6() {
		family = "IPv6"
	}
	if errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.EAFNOSUPPORT) {
		return fmt.Errorf("%v: this host has no %s address to send from: %w", addr, family, err)
	}
	return err
}

func (s *socket) Close() error {
	if s.port != nil {
		s.port.Close()
	}
	return s.file.Close()
}

// sendLimit is how long a probe may wait for room in the socket's buffer.
const sendLimit = time.Second

// send sends a probe. An answer to an earlier one may be reported as the error
// of a write, once; what is reported again is the write's own.
func (s *socket) send(m mark) error {
	if err := s.file.SetWriteDeadline(time.Now().Add(sendLimit)); err != nil {
		return err
	}
	b := s.probe(m)
	var err error
	waitErr := s.raw.Write(func(fd uintptr) bool {
		if err = unix.SetsockoptInt(int(fd), s.level, s.ttl, m.ttl); err != nil {
			return true
		}
		for range wave {
			if err = unix.Send(int(fd), b, 0); err == nil || err == unix.EAGAIN {
				break
			}
		}
		return err != unix.EAGAIN
	})
	if waitErr != nil {
		return waitErr
	}
	return os.NewSyscallError("send", err)
}

// receive takes the next answer. What is none is passed over. One that has come
// is there even when the deadline is over, as it is when this process had to
// wait for a processor.
func (s *socket) receive(deadline time.Time) (answer, error) {
	if err := s.file.SetReadDeadline(deadline); err != nil {
		return answer{}, err
	}
	for {
		a, ok, err := s.next(s.raw.Read)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			var noneErr error
			if a, ok, noneErr = s.next(s.once); errors.Is(noneErr, unix.EAGAIN) {
				return answer{}, err
			}
			err = noneErr
		}
		if ok || err != nil {
			return a, err
		}
	}
}

// once is like Read of a RawConn, and does not wait.
func (s *socket) once(try func(fd uintptr) (done bool)) error {
	return s.raw.Control(func(fd uintptr) { try(fd) })
}

// next reads one entry of the queue of errors, or one packet, by a read that
// waits or not.
func (s *socket) next(read func(func(fd uintptr) bool) error) (a answer, ok bool, err error) {
	waitErr := read(func(fd uintptr) bool {
		if a, ok, err = s.nextError(int(fd)); err == unix.EAGAIN && s.replies {
			a, ok, err = s.nextReply(int(fd))
		}
		return err != unix.EAGAIN && err != unix.EINTR
	})
	if waitErr != nil {
		return answer{}, false, waitErr
	}
	return a, ok, os.NewSyscallError("recvmsg", err)
}

func (s *socket) nextError(fd int) (a answer, ok bool, err error) {
	var control [256]byte
	n, controlSize, _, _, err := unix.Recvmsg(fd, s.buf[:], control[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
	if err != nil {
		return answer{}, false, err
	}
	if a, ok = parseControl(control[:controlSize]); !ok {
		return answer{}, false, nil
	}
	a.mark, ok = s.quoted(s.buf[:n])
	return a, ok, nil
}

// nextReply reads a packet from the host. An error that is no lack of packets is
// one that stands in the queue of errors too.
func (s *socket) nextReply(fd int) (a answer, ok bool, err error) {
	n, _, err := unix.Recvfrom(fd, s.buf[:], unix.MSG_DONTWAIT)
	switch {
	case err == unix.EAGAIN, err == unix.EINTR, errors.Is(err, unix.EBADF):
		return answer{}, false, err
	case err != nil:
		return answer{}, false, nil
	}
	b := s.buf[:n]
	if s.header {
		if b, ok = behindHeader(b); !ok {
			return answer{}, false, nil
		}
	}
	a.from = s.dest
	a.mark, a.says, ok = s.replied(b)
	return a, ok, nil
}
