package dns

import (
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

func newPackets(conn connection) *packets {
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
	p.read, p.write = p.in.read, p.out.write
	return p
}

// receive waits for datagrams. They are good until the next call.
func (p *packets) receive() ([][]byte, error) {
	if err := p.raw.Read(p.read); err != nil {
		return nil, err
	}
	if p.in.errno != 0 {
		return nil, os.NewSyscallError("read", p.in.errno)
	}
	for i := range p.in.n {
		p.in.list[i] = p.in.data[i][:p.in.headers[i].n]
	}
	return p.in.list[:p.in.n], nil
}

// read receives what there is, and is false when that is nothing yet; then it is
// called again.
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
