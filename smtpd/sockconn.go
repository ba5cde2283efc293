package main

import (
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// sockConn is a connected socket read and written with blocking system calls
// and the kernel's own time limits. A process that serves one session at a
// time needs no poller: a read is one system call instead of three.
type sockConn struct {
	fd             int
	file           *os.File      // whose descriptor it is; nil: nobody else's
	read, write    time.Time     // deadlines
	rlimit, wlimit time.Duration // SO_RCVTIMEO and SO_SNDTIMEO as last set
}

func newSockConn(fd int) *sockConn { return &sockConn{fd: fd} }

func (c *sockConn) Read(p []byte) (int, error) {
	for {
		if err := c.limit(unix.SO_RCVTIMEO, c.read, &c.rlimit); err != nil {
			return 0, err
		}
		n, err := unix.Read(c.fd, p)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return 0, os.ErrDeadlineExceeded
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

func (c *sockConn) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		if err := c.limit(unix.SO_SNDTIMEO, c.write, &c.wlimit); err != nil {
			return done, err
		}
		n, err := unix.Write(c.fd, p[done:])
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return done, os.ErrDeadlineExceeded
		case err != nil:
			return done, os.NewSyscallError("write", err)
		}
		done += n
	}
	return done, nil
}

// slack is how much longer than its deadline a wait may be: within it the
// kernel's limit is left as it is, so that a session that goes well sets it
// once.
const slack = time.Second

// limit gives the kernel what is left until a deadline.
func (c *sockConn) limit(opt int, deadline time.Time, set *time.Duration) error {
	if deadline.IsZero() {
		return nil
	}
	left := time.Until(deadline)
	if left <= 0 {
		return os.ErrDeadlineExceeded
	}
	if *set > 0 && left <= *set+slack && left > *set-slack {
		return nil
	}
	tv := unix.NsecToTimeval(int64(left))
	if err := unix.SetsockoptTimeval(c.fd, unix.SOL_SOCKET, opt, &tv); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	*set = left
	return nil
}

// Close closes the descriptor through the os.File that owns it, if there is one,
// which would otherwise close it a second time.
func (c *sockConn) Close() error {
	if c.file != nil {
		return c.file.Close()
	}
	return unix.Close(c.fd)
}

func (c *sockConn) LocalAddr() net.Addr                { return stdAddr{} }
func (c *sockConn) RemoteAddr() net.Addr               { return stdAddr{} }
func (c *sockConn) SetReadDeadline(t time.Time) error  { c.read = t; return nil }
func (c *sockConn) SetWriteDeadline(t time.Time) error { c.write = t; return nil }
func (c *sockConn) SetDeadline(t time.Time) error {
	c.read, c.write = t, t
	return nil
}
