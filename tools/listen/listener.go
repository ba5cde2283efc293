package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/caller"
)

// A listener is a socket that listens and the goroutine that accepts from it.
type listener struct {
	file     *os.File
	at       string      // address, or path
	conn     conn        // what its connections have in common
	wildcard bool        // each connection has a local address of its own
	ours     os.FileInfo // the file of a Unix socket that we made
	given    bool        // by systemd
	asked    endpoint    // what it was bound for
	leaving  bool        // stop was called
}

// newListener takes over a socket that listens and does not block. It fails when
// nobody can wait for connections on it, as when there are too many epoll watches:
// the first wait would be too late to say so.
func newListener(fd int) (*listener, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("getsockname", err)
	}
	l := &listener{file: os.NewFile(uintptr(fd), "listener")}
	if err := l.file.SetReadDeadline(time.Time{}); err != nil {
		l.file.Close()
		return nil, fmt.Errorf("wait for connections: %w", err)
	}
	if u, ok := sa.(*unix.SockaddrUnix); ok {
		l.at, l.conn.path = u.Name, u.Name
		return l, nil
	}
	l.conn.server = caller.AddrPort(sa)
	l.at = l.conn.server.String()
	l.wildcard = l.conn.server.Addr().IsUnspecified()
	return l, nil
}

// close closes the socket, and removes its file if it is still the one that
// we made.
func (l *listener) close() {
	l.file.Close()
	if l.ours == nil {
		return
	}
	if st, err := os.Lstat(l.at); err == nil && os.SameFile(st, l.ours) {
		os.Remove(l.at)
	}
}

// ends are the attributes that say where it listens.
func (l *listener) ends() []string {
	if l.conn.path != "" {
		return []string{"server_address", l.conn.path}
	}
	return []string{
		"server_address", l.conn.server.Addr().String(),
		"server_port", itoa(int(l.conn.server.Port())),
	}
}

// pause is how long to wait when a connection cannot be accepted, for want of
// descriptors or memory; it stays in the kernel's queue.
const pause = 50 * time.Millisecond

// run accepts connections until stop, and hands each to take, which waits
// until there is room: what is not accepted waits in the kernel, not in our
// memory. It closes the socket at the end. Trouble is told to fail.
func (l *listener) run(take func(conn), fail func(error), backlog int) {
	defer l.close()
	raw, err := l.file.SyscallConn()
	if err != nil {
		fail(err)
		return
	}
	for {
		c, errno, err := l.wait(raw)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			l.drain(raw, take, backlog)
			return
		case err != nil:
			fail(err)
			return
		case errno == nil:
			take(c)
		case errno == unix.ECONNABORTED || errno == unix.EINTR:
			// The client has left before it was accepted.
		default:
			fail(os.NewSyscallError("accept", errno))
			time.Sleep(pause)
		}
	}
}

// stop makes run end.
func (l *listener) stop() {
	l.leaving = true
	// A deadline in the past wakes the poller.
	l.file.SetReadDeadline(time.Unix(1, 0))
}

// wait accepts one connection. errno is accept's own trouble, err the poller's.
func (l *listener) wait(raw syscall.RawConn) (c conn, errno, err error) {
	err = raw.Read(func(fd uintptr) bool {
		c, errno = l.accept(int(fd))
		return errno != unix.EAGAIN
	})
	return c, errno, err
}

// drain accepts the connections that the kernel has acknowledged already, at
// most as many as it may keep: closing the socket would reset them.
func (l *listener) drain(raw syscall.RawConn, take func(conn), backlog int) {
	for range backlog {
		var c conn
		var errno error
		if err := raw.Control(func(fd uintptr) { c, errno = l.accept(int(fd)) }); err != nil || errno != nil {
			return
		}
		take(c)
	}
}

// accept takes one connection if there is one.
func (l *listener) accept(fd int) (conn, error) {
	c := l.conn
	nfd, sa, err := accept(fd)
	if err != nil {
		return conn{}, err
	}
	c.fd, c.client = nfd, caller.AddrPort(sa)
	if l.wildcard {
		if local, err := unix.Getsockname(nfd); err == nil {
			c.server = caller.AddrPort(local)
		}
	}
	return c, nil
}
