package dns

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// outbox is what is sent. Questions of one size go as one message of which the
// kernel makes datagrams (UDP_SEGMENT, udp(7)): the way through it is then paid
// for once.
type outbox struct {
	data  [atOnce][maxQuestion]byte
	sizes [atOnce]int

	headers  [atOnce]mmsghdr
	vectors  [atOnce]unix.Iovec // of the headers, in their order
	controls [atOnce]segments
	from, to int // the headers that are still to be sent
	errno    syscall.Errno
	grouped  bool // a header has more than one question
	probed   bool // whether the kernel makes datagrams is known
	separate bool // it does not
}

// segments is a control message that says how large the datagrams are to be.
type segments struct {
	header unix.Cmsghdr
	size   uint16
}

// load makes a message the one at place i of the next send.
func (p *packets) load(i int, wire []byte) {
	p.out.sizes[i] = copy(p.out.data[i][:], wire)
}

// loaded returns the message at place i.
func (p *packets) loaded(i int) []byte { return p.out.data[i][:p.out.sizes[i]] }

// send sends the first n of what was loaded.
func (p *packets) send(n int) error {
	p.out.arrange(n)
	err := p.resume()
	if err != nil {
		// It may be about an earlier datagram, which the host refused.
		err = p.resume()
	}
	return err
}

// resume sends what is not sent yet.
func (p *packets) resume() error {
	if err := p.raw.Write(p.write); err != nil {
		return err
	}
	if p.out.errno != 0 {
		return os.NewSyscallError("write", p.out.errno)
	}
	return nil
}

// write sends what is left, and is false when the socket has no room for now; then it
// is called again.
func (o *outbox) write(fd uintptr) bool {
	o.probe(fd)
	for o.from < o.to {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&o.headers[o.from])), uintptr(o.to-o.from), unix.MSG_DONTWAIT, 0, 0)
		switch o.errno = errno; {
		case errno == 0:
			o.from += int(n)
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return false
		case o.headers[o.from].segmented() && refused(errno):
			o.split()
		default:
			return true
		}
	}
	return true
}

// arrange puts the first n messages into order by their size.
func (o *outbox) arrange(n int) {
	o.from, o.to, o.grouped = 0, 0, false
	var done [atOnce]bool
	next := 0
	for i := range n {
		if done[i] {
			continue
		}
		first := next
		for j := i; j < n; j++ {
			if o.sizes[j] == o.sizes[i] && !done[j] {
				done[j] = true
				o.vectors[next].Base = &o.data[j][0]
				o.vectors[next].SetLen(o.sizes[j])
				next++
			}
		}
		o.add(first, next)
	}
	if o.separate {
		o.split()
	}
}

// add makes a header for some vectors, all of one size.
func (o *outbox) add(first, next int) {
	h := &o.headers[o.to].hdr
	h.Iov = &o.vectors[first]
	h.SetIovlen(next - first)
	h.Control, h.Controllen = nil, 0
	if c := &o.controls[o.to]; next-first > 1 {
		o.grouped = true
		c.header.Level, c.header.Type = unix.SOL_UDP, unix.UDP_SEGMENT
		c.header.SetLen(unix.CmsgLen(2))
		c.size = uint16(o.vectors[first].Len)
		h.Control = (*byte)(unsafe.Pointer(c))
		h.SetControllen(int(unsafe.Sizeof(*c)))
	}
	o.to++
}

func (h *mmsghdr) segmented() bool { return h.hdr.Control != nil }

// refused tells errors by which the kernel says that it cannot make datagrams of
// a message on its way to this server.
func refused(errno syscall.Errno) bool {
	return errno == unix.EINVAL || errno == unix.EIO || errno == unix.EMSGSIZE || errno == unix.EOPNOTSUPP
}

// split makes a message of its own of each question that is not sent yet, and of
// all from now on.
func (o *outbox) split() {
	o.separate = true
	first, last := 0, 0
	for i := range o.to {
		if i == o.from {
			first = last
		}
		last += int(o.headers[i].hdr.Iovlen)
	}
	o.from, o.to = 0, 0
	for i := first; i < last; i++ {
		o.add(i, i+1)
	}
}

// probe asks an unknown kernel once. One that does not know of segments would
// send the message as a single datagram.
func (o *outbox) probe(fd uintptr) {
	if o.probed || !o.grouped {
		return
	}
	o.probed = true
	if _, err := unix.GetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT); err != nil {
		o.split()
	}
}
