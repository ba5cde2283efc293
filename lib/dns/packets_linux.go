package dns

import (
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// atOnce is how many datagrams are sent or received by one system call.
const atOnce = 16

// packets sends and receives several datagrams with one system call.
type packets struct {
	conn net.Conn
	raw  syscall.RawConn
	in   inbox
	read func(fd uintptr) bool
}

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// inbox is where datagrams are received. It stays where it is: the kernel is
// given its addresses.
type inbox struct {
	headers [atOnce]mmsghdr
	vectors [atOnce]unix.Iovec
	data    [atOnce][maxUDP]byte
	list    [atOnce][]byte
	n       int
	errno   syscall.Errno
}

func newPackets(conn net.Conn) *packets {
	p := &packets{conn: conn}
	if c, ok := conn.(syscall.Conn); ok {
		p.raw, _ = c.SyscallConn()
	}
	for i := range p.in.headers {
		p.in.vectors[i].Base = &p.in.data[i][0]
		p.in.vectors[i].SetLen(maxUDP)
		p.in.headers[i].hdr.Iov = &p.in.vectors[i]
		p.in.headers[i].hdr.SetIovlen(1)
	}
	p.read = p.in.read
	return p
}

// receive waits for datagrams. They are good until the next call.
func (p *packets) receive() ([][]byte, error) {
	if err := p.raw.Read(p.read); err != nil {
		return nil, err
	}
	if p.in.errno != 0 {
		return nil, &net.OpError{Op: "read", Err: os.NewSyscallError("read", p.in.errno)}
	}
	for i := range p.in.n {
		p.in.list[i] = p.in.data[i][:p.in.headers[i].n]
	}
	return p.in.list[:p.in.n], nil
}

// read is false when there is nothing to be read yet.
func (in *inbox) read(fd uintptr) bool {
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&in.headers)), atOnce, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		}
		in.n, in.errno = int(n), errno
		return true
	}
}

// outbox is what is sent at once, in the form that sendmmsg(2) takes.
type outbox struct {
	headers [atOnce]mmsghdr
	vectors [atOnce]unix.Iovec
}

// send sends all questions of the batch.
func (p *packets) send(b *batch) error {
	if len(b.slots) == 1 {
		_, err := p.conn.Write(b.slots[0].wire)
		return err
	}
	if b.out == nil {
		b.out = new(outbox)
	}
	for sent := 0; sent < len(b.slots); {
		n := b.out.fill(b.slots[sent:])
		n, err := p.sendSome(b.out, n)
		if err != nil {
			return err
		}
		sent += n
	}
	return nil
}

// fill takes as many questions as there is room for.
func (o *outbox) fill(slots []slot) (n int) {
	n = min(len(slots), atOnce)
	for i := range n {
		o.vectors[i].Base = &slots[i].wire[0]
		o.vectors[i].SetLen(len(slots[i].wire))
		o.headers[i].hdr.Iov = &o.vectors[i]
		o.headers[i].hdr.SetIovlen(1)
	}
	return n
}

// sendSome sends up to n of the box and tells how many it did.
func (p *packets) sendSome(o *outbox, n int) (sent int, err error) {
	var errno syscall.Errno
	err = p.raw.Write(func(fd uintptr) bool {
		var r uintptr
		r, _, errno = unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&o.headers)), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
		sent = int(r)
		return errno != unix.EAGAIN && errno != unix.EINTR
	})
	if err == nil && errno != 0 {
		err = &net.OpError{Op: "write", Err: os.NewSyscallError("write", errno)}
	}
	return sent, err
}
