package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// quickAck acknowledges at once what the client has sent. At the end of the
// handshake it is its turn twice: with the handshake's last record, which
// nobody answers, and with its next command, which its kernel keeps back
// until the former is acknowledged (RFC 9293 3.7.4); ours would let it wait
// for 40 ms.
func quickAck(c conn) {
	switch c := c.(type) {
	case *sockConn:
		setQuickAck(uintptr(c.fd))
	case *pairConn:
		if f, ok := c.in.(*os.File); ok {
			if raw, err := f.SyscallConn(); err == nil {
				raw.Control(setQuickAck)
			}
		}
	case *begunConn:
		quickAck(c.Conn)
	}
}

// setQuickAck does nothing to what is no TCP socket.
func setQuickAck(fd uintptr) {
	unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
}
