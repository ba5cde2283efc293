package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/client"
	"postern/lib/deliver"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// dialTime is how long the socket of this host may take to accept.
const dialTime = 30 * time.Second

// submitUnit is what takes the mail of users who cannot write the queue.
const submitUnit = "submit.socket"

// outsider says whether the calling user cannot write the queue, so that he has to
// hand his mail in at the socket.
func (c *config) outsider() bool {
	err := unix.Access(c.mail.QueueDir(c.places), unix.W_OK|unix.X_OK)
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// mayLack says whether send can do without the configuration because the calling
// user may not read it: for mail that is handed in, smtpd decides where it goes.
func (c *config) mayLack(err error) bool {
	return errors.Is(err, fs.ErrPermission) && c.outsider() && !c.check && !c.explain && !c.commands
}

// handIn gives the message to smtpd at the socket of this host, for all of its
// recipients or for none: when there are several, smtpd is first asked whether it
// takes them all.
func (p *program) handIn(ctx context.Context, env *smtp.Envelope, in *message) int {
	s, err := p.atSocket(ctx)
	if err != nil {
		return complain(p.stderr, sysexits.TempFail, err)
	}
	defer s.Close()
	var replies []smtp.Reply
	if len(env.Recipients) > 1 {
		replies, err = s.Ask(ctx, env)
	}
	if err == nil && refusal(replies) == nil {
		var result client.Result
		result, err = s.Send(ctx, env, in.reader())
		replies = result.Recipients
	}
	if r := refusal(replies); r != nil {
		return p.report(*r)
	}
	if err != nil {
		return complain(p.stderr, sysexits.TempFail, err)
	}
	s.Quit(ctx)
	p.say("%s: handed in: %s", env.ID, replies[0])
	return sysexits.OK
}

// atSocket begins a session at the socket.
func (p *program) atSocket(ctx context.Context) (*client.Session, error) {
	conn, err := p.dialSocket(ctx)
	if err != nil {
		return nil, err
	}
	s, err := client.Begin(ctx, conn, client.Options{Name: p.mail.Hostname()})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.places.Submit(), err)
	}
	return s, nil
}

// dialSocket connects to the socket where mail is handed in, or says what to
// do.
func (c *config) dialSocket(ctx context.Context) (net.Conn, error) {
	conn, err := dialUnix(ctx, c.places.Submit())
	if err != nil {
		return nil, fmt.Errorf("this user may not write the queue, and nothing takes his mail at %s: is %s started? (%w)",
			c.places.Submit(), submitUnit, err)
	}
	return conn, nil
}

// dialUnix connects to a socket of this host.
func dialUnix(ctx context.Context, path string) (net.Conn, error) {
	dialing, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	return new(net.Dialer).DialContext(dialing, "unix", path)
}

// refusal is the reply that keeps the message from being handed in, as an outcome:
// the first temporary one, else the first permanent one; nil when there is none.
// A temporary refusal counts more, since what was permanent may be mended by then.
func refusal(replies []smtp.Reply) *deliver.Outcome {
	var no *deliver.Outcome
	for _, r := range replies {
		switch {
		case r.Class() == 2 || r.IsZero():
		case r.Class() != 5:
			return &deliver.Outcome{Status: deliver.Deferred, Reply: r}
		case no == nil:
			no = &deliver.Outcome{Status: deliver.Rejected, Reply: r}
		}
	}
	return no
}

// talk is -bs for a user who has to hand his mail in: what he says goes to the
// socket, and the answers come back.
func (c *config) talk(stdin io.Reader, stdout, stderr io.Writer) int {
	conn, err := c.dialSocket(context.Background())
	if err != nil {
		return complain(stderr, sysexits.TempFail, err)
	}
	defer conn.Close()
	go func() {
		io.Copy(conn, stdin)
		conn.(*net.UnixConn).CloseWrite()
	}()
	if _, err := io.Copy(stdout, conn); err != nil && !errors.Is(err, os.ErrClosed) {
		return complain(stderr, sysexits.TempFail, err)
	}
	return sysexits.OK
}
