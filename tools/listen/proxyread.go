package main

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// proxyTime is how long a proxy may take to send its header. It sends it with
// its first packet.
const proxyTime = 5 * time.Second

// A heading is what came of reading a PROXY header.
type heading struct {
	conn conn
	err  error
}

// readHeading reads the PROXY header of a connection: exactly its bytes, so
// that what stands behind it is left for the program.
func readHeading(c conn) (conn, error) {
	f, err := c.file()
	if err != nil {
		return c, err
	}
	defer f.Close()
	e, err := readProxy(f)
	if err != nil {
		return c, err
	}
	c.stated = true
	if e.client.IsValid() {
		c.client, c.server, c.path = e.client, e.server, ""
	}
	return c, nil
}

// file makes a file of the connection, for the poller. It has a descriptor of
// its own, for the connection's must outlive it.
func (c conn) file() (*os.File, error) {
	fd, err := unix.FcntlInt(uintptr(c.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), "connection"), nil
}

// readProxy looks at what has come until the header is complete, then takes
// it and no more.
func readProxy(f *os.File) (e ends, err error) {
	if err := f.SetReadDeadline(time.Now().Add(proxyTime)); err != nil {
		return ends{}, err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return ends{}, err
	}
	var size int
	var result error
	buf := make([]byte, maxProxy2)
	err = raw.Read(func(fd uintptr) bool {
		e, size, result = peekProxy(int(fd), buf)
		return result != errShort
	})
	if err == nil {
		err = result
	}
	if err == nil {
		_, err = io.ReadFull(f, buf[:size])
	}
	return e, err
}

// peekProxy parses what has come so far. errShort means that the poller is to
// be asked for more.
func peekProxy(fd int, buf []byte) (ends, int, error) {
	n, _, err := unix.Recvfrom(fd, buf, unix.MSG_PEEK)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return ends{}, 0, errShort
	case err != nil:
		return ends{}, 0, os.NewSyscallError("recvfrom", err)
	case n == 0:
		return ends{}, 0, io.ErrUnexpectedEOF
	}
	return parseProxy(buf[:n])
}
