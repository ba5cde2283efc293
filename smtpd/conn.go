package main

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// stdConn is the client's end of the dialogue on the program's standard input
// and output: a socket as it stands, pipes with deadlines by the poller, anything
// else (a file, a terminal, a test's buffer) without time limits.
func stdConn(in io.Reader, out io.Writer) net.Conn {
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

// pollable makes deadlines work on a pipe. Other files are left alone: the
// non-blocking flag of a terminal would outlive us, and a file is never late.
func pollable(f *os.File) *os.File {
	st, err := f.Stat()
	if err != nil || st.Mode()&os.ModeNamedPipe == 0 {
		return f
	}
	fd := int(f.Fd())
	if ownPipe(fd) != nil && unix.SetNonblock(fd, true) != nil {
		return f
	}
	return os.NewFile(uintptr(fd), f.Name())
}

// pairConn is a connection of two files or streams.
type pairConn struct {
	in  io.Reader
	out io.Writer
}

// Read reads. A deadline that has passed is bare os.ErrDeadlineExceeded, which is
// a net.Error that may pass: of what is none, as the file's own error, crypto/tls
// makes the end of the connection, though it was we who made the client wait.
func (c *pairConn) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}

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

// onDescriptor calls f with the descriptor from which a connection is read, when
// it has one that is not behind TLS.
func onDescriptor(c net.Conn, f func(fd int)) {
	switch c := c.(type) {
	case *sockConn:
		f(c.fd)
	case *begunConn:
		onDescriptor(c.Conn, f)
	case *pairConn:
		if file, ok := c.in.(*os.File); ok {
			if raw, err := file.SyscallConn(); err == nil {
				raw.Control(func(fd uintptr) { f(int(fd)) })
			}
		}
	}
}

// pending says whether the client has sent something that is not read yet.
func pending(c net.Conn) (yes bool) {
	onDescriptor(c, func(fd int) { yes = unread(fd) })
	return yes
}
