package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"postern/lib/arg"
	"postern/lib/caller"
	"postern/lib/maillog"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// batchFlags are those of a dialogue that does not come over a network: BSMTP
// (RFC 2442) in a file or a pipe, or somebody at a keyboard.
type batchFlags struct {
	batch bool       // -i
	bsmtp bool       // -B
	echo  bool       // -v
	as    netip.Addr // -T: whom to take the client for
}

func (f *batchFlags) options(s *arg.Set) {
	s.Bool(&f.bsmtp, "B", "say in Received that the message came with BSMTP")
	s.Bool(&f.batch, "i", "take a batch of SMTP from standard input, from the user who runs this")
	s.Func("T", "'[ip]'", "as -i, but speak as if with a client of this address", f.setAs)
	s.Bool(&f.echo, "v", "with -i: write each command in front of its reply")
}

// setAs takes the address literal of -T. [IPv6.x], [ipv6.x] and [IPv6 x] are
// forms of ZMailer.
func (f *batchFlags) setAs(text string) error {
	const tag = "[IPv6"
	if n := len(tag); len(text) > n && strings.EqualFold(text[:n], tag) && strings.IndexByte(". ", text[n]) >= 0 {
		text = tag + ":" + text[n+1:]
	}
	if !strings.HasPrefix(text, "[") || !strings.HasSuffix(text, "]") {
		return fmt.Errorf("-T %s: the address must stand in brackets: -T '[192.0.2.1]'", text)
	}
	a, err := smtp.ParseLiteral(text)
	if err != nil {
		return fmt.Errorf("-T %s: not an address in brackets: -T '[192.0.2.1]' or -T '[IPv6:2001:db8::1]'", text)
	}
	f.as, f.batch = a, true
	return nil
}

func (f *batchFlags) verify() error {
	if f.echo && !f.batch {
		return errors.New("-v is for -i: a client must hear nothing but SMTP")
	}
	return nil
}

// serveBatch serves a dialogue that does not come over a network. It ends
// well when the input does, and not when that cannot be read or a reply not
// written: what stands behind it was not looked at.
func (srv *server) serveBatch(stdin io.Reader, stdout io.Writer) int {
	if overIP(stdin) {
		srv.logf(maillog.Err, "error", "-i: standard input is a connection from a network, which cannot be trusted; leave -i out")
		return sysexits.Usage
	}
	p := peer{client: netip.AddrPortFrom(srv.conf.flags.as, 0)}
	p.local = !p.known()
	if srv.drops(p.client.Addr()) {
		return sysexits.OK
	}
	c := &batchConn{Conn: stdConn(stdin, stdout)}
	srv.serve(c, p)
	if c.failed {
		return sysexits.IOErr
	}
	return sysexits.OK
}

// batchConn knows whether reading or writing has failed.
type batchConn struct {
	net.Conn
	failed bool
}

func (c *batchConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.failed = c.failed || err != nil && err != io.EOF
	return n, err
}

func (c *batchConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.failed = c.failed || err != nil
	return n, err
}

// overIP says whether the descriptor is a connection over a network.
func overIP(stdin io.Reader) bool {
	f, ok := stdin.(*os.File)
	if !ok {
		return false
	}
	sa, err := unix.Getpeername(int(f.Fd()))
	return err == nil && caller.AddrPort(sa).IsValid()
}

// beginBatch makes a session one of -i: it has no time limits, lines may end in LF,
// and all commands may come at once. The calling user is trusted and need not say
// HELO; a client that -T makes up is treated as one of the network.
func (s *session) beginBatch() {
	s.batch = true
	s.pace.unlimited = true
	s.in.LF = true
	if s.peer.local {
		s.trustCaller(os.Getuid())
	}
}

// echoLine writes a command in front of its reply (-v).
func (s *session) echoLine(line []byte) {
	if s.conf.flags.echo {
		s.out = append(append(s.out, line...), "\r\n"...)
	}
}
