package main

import (
	"net"

	"golang.org/x/sys/unix"
)

// quickAck acknowledges at once what the client has sent. At the end of the
// handshake it is its turn twice: with the handshake's last record, which
// nobody answers, and with its next command, which its kernel keeps back
// until the former is acknowledged (RFC 9293 3.7.4); ours would let it wait
// for 40 ms.
func quickAck(c net.Conn) {
	onDescriptor(c, func(fd int) {
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) // fails on what is no TCP socket
	})
}
