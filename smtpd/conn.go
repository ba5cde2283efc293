package main

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A conn is the client's end of the dialogue, with a limit on each wait.
type conn interface {
	net.Conn
}

// stdConn makes a conn of the program's standard input and output: a socket
// as it stands, pipes with deadlines by the poller, anything else (a file, a
// terminal, a test's buffer) without time limits.
func stdConn(in io.Reader, out io.Writer) conn {
	fin, ok1 := in.(*os.File)
	fout, ok2 := out.(*os.File)
	if ok1 && ok2 {
		if isSocket(fin) {
			c := newSockConn(int(fin.Fd()))
			c.file = fin
			return c
		}
		return &pairConn{in: pollable(fin), out: pollable(fout)}
	}
	return &pairConn{in: in, out: out}
}

func isSocket(f *os.File) bool {
	_, err := unix.GetsockoptInt(int(f.Fd()), unix.SOL_SOCKET, unix.SO_TYPE)
	return err == nil
}

// pollable makes deadlines work on a pipe. Other files are left alone: the
// non-blocking flag of a terminal would outlive us, and a file is never late.
func pollable(f *os.File) *os.File {
	st, err := f.Stat()
	if err != nil || st.Mode()&os.ModeNamedPipe == 0 {
		return f
	}
	fd := int(f.Fd())
	if unix.SetNonblock(fd, true) != nil {
		return f
	}
	return os.NewFile(uintptr(fd), f.Name())
}

// pairConn is a conn of two files or streams.
type pairConn struct {
	in  io.Reader
	out io.Writer
}

func (c *pairConn) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *pairConn) Write(p []byte) (int, error) { return c.out.Write(p) }

// Close closes both ends, where they are files of ours to close.
func (c *pairConn) Close() error {
	if f, ok := c.in.(*os.File); ok {
		f.Close()
	}
	if f, ok := c.out.(*os.File); ok && any(f) != any(c.in) {
		return f.Close()
	}
	return nil
}

func (c *pairConn) LocalAddr() net.Addr  { return stdAddr{} }
func (c *pairConn) RemoteAddr() net.Addr { return stdAddr{} }
func (c *pairConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *pairConn) SetReadDeadline(t time.Time) error {
	if d, ok := c.in.(interface{ SetReadDeadline(time.Time) error }); ok {
		return d.SetReadDeadline(t)
	}
	return nil
}

func (c *pairConn) SetWriteDeadline(t time.Time) error {
	if d, ok := c.out.(interface{ SetWriteDeadline(time.Time) error }); ok {
		return d.SetWriteDeadline(t)
	}
	return nil
}

// stdAddr is the address of an end that has none.
type stdAddr struct{}

func (stdAddr) Network() string { return "stdio" }
func (stdAddr) String() string  { return "stdio" }

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

// Close closes the descriptor through its owner, who else would do it again.
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

// pending says whether the client has sent something that is not read yet.
func pending(c conn) (yes bool) {
	switch c := c.(type) {
	case *sockConn:
		return unread(c.fd)
	case *pairConn:
		if f, ok := c.in.(*os.File); ok {
			if raw, err := f.SyscallConn(); err == nil {
				raw.Control(func(fd uintptr) { yes = unread(int(fd)) })
			}
		}
	}
	return yes
}

// unread says whether there is something to be read from a socket.
func unread(fd int) bool {
	var b [1]byte
	n, _, err := unix.Recvfrom(fd, b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == nil && n > 0
}

// connection is where the client is: descriptors 0 and 1, or 3, which is
// where systemd-socket-activate -a has it.
func connection(stdin io.Reader, stdout io.Writer) (io.Reader, io.Writer) {
	f, ok := stdin.(*os.File)
	if !ok || f.Fd() != 0 || isSocket(f) {
		return stdin, stdout
	}
	if st, err := f.Stat(); err != nil || st.Mode()&os.ModeNamedPipe != 0 {
		return stdin, stdout
	}
	if _, err := unix.Getpeername(3); err != nil {
		return stdin, stdout
	}
	three := os.NewFile(3, "descriptor 3")
	return three, three
}

// listener is the descriptor, 0 or 3, that is a listening socket, or -1.
func listener(stdin io.Reader) int {
	f, ok := stdin.(*os.File)
	if !ok {
		return -1
	}
	if isSocket(f) {
		if listening(int(f.Fd())) {
			return 0
		}
		return -1
	}
	if listening(3) {
		return 3
	}
	return -1
}
