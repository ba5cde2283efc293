package main

import (
	"net"

	"golang.org/x/sys/unix"
)

// quickAck acknowledges at once what the client has sent. The client speaks last in
// the TLS handshake and first behind it: its kernel keeps the next command back
// until the end of the handshake is acknowledged (RFC 9293 3.7.4), for which ours
// would wait up to 40 ms, since we have nothing to send.
func quickAck(c net.Conn) {
	onDescriptor(c, func(fd int) {
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) // fails on what is no TCP socket
	})
}
