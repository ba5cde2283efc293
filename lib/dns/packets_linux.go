package dns

import (
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// atOnce is how many datagrams are sent or received by one system call.
const atOnce = 64

// packets sends and receives several datagrams with one system call. One
// goroutine may send while another receives.
type packets struct {
	raw   syscall.RawConn
	in    inbox
	out   outbox
	read  func(fd uintptr) bool
	write func(fd uintptr) bool
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
	p := new(packets)
	if c, ok := conn.(syscall.Conn); ok {
		p.raw, _ = c.SyscallConn()
	}
	for i := range p.in.headers {
		p.in.vectors[i].Base = &p.in.data[i][0]
		p.in.vectors[i].SetLen(maxUDP)
		p.in.headers[i].hdr.Iov = &p.in.vectors[i]
		p.in.headers[i].hdr.SetIovlen(1)
	}
	for i := range p.out.headers {
		p.out.vectors[i].Base = &p.out.data[i][0]
		p.out.headers[i].hdr.Iov = &p.out.vectors[i]
		p.out.headers[i].hdr.SetIovlen(1)
	}
	p.read, p.write = p.in.read, p.out.write
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

// outbox is what is sent.
type outbox struct {
	headers  [atOnce]mmsghdr
	vectors  [atOnce]unix.Iovec
	data     [atOnce][maxQuestion]byte
	from, to int // what is still to be sent
	errno    syscall.Errno
}

// load makes a message the one at place i of the next send.
func (p *packets) load(i int, wire []byte) {
	if i == 0 {
		p.out.from = 0
	}
	p.out.vectors[i].SetLen(copy(p.out.data[i][:], wire))
}

// loaded returns the message at place i.
func (p *packets) loaded(i int) []byte { return p.out.data[i][:p.out.vectors[i].Len] }

// send sends the first n of what was loaded. After an error it goes on with what
// was not sent.
func (p *packets) send(n int) error {
	p.out.to = n
	if err := p.raw.Write(p.write); err != nil {
		return err
	}
	if p.out.errno != 0 {
		return &net.OpError{Op: "write", Err: os.NewSyscallError("write", p.out.errno)}
	}
	return nil
}

// write is false when there is no room for now.
func (o *outbox) write(fd uintptr) bool {
	for o.from < o.to {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&o.headers[o.from])), uintptr(o.to-o.from), unix.MSG_DONTWAIT, 0, 0)
		switch o.errno = errno; errno {
		case 0:
			o.from += int(n)
		case unix.EINTR:
		default:
			return errno != unix.EAGAIN
		}
	}
	return true
}
