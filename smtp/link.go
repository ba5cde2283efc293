package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"postern/lib/client"
	"postern/lib/mx"
	"postern/lib/smtp"
	"postern/lib/tlsconf"
)

const (
	// handshakeTime is how long a handshake in front of the banner may take.
	handshakeTime = 2 * time.Minute
	// socketTime is how long a Unix socket may take to accept a connection.
	socketTime = 30 * time.Second
)

// link is a session with a host of the destination, past EHLO, and where that
// is wanted past TLS and AUTH: the next command is MAIL.
type link struct {
	*client.Session
	host string // name and address, for the record: "mx.example[192.0.2.1]"
	tls  string // what TLS proved and its version: "dane:TLSv1.3"; "none" in the clear
}

// attempt is one try at a host.
type attempt struct {
	*program
	name   string         // of the host
	host   string         // see link
	policy tlsconf.Policy // for TLS
	addr   netip.Addr
	port   uint16
	socket string // instead of addr and port
}

// link begins a session over conn, with TLS as the policy wants it. When the
// handshake fails and the policy allows the clear, it begins once more in the
// clear over a new connection.
func (a attempt) link(ctx context.Context, conn net.Conn) (*link, *failure) {
	l, err := a.begin(ctx, conn)
	if errors.Is(err, client.ErrHandshake) && a.policy.Clear() && !a.tlsFirst {
		a.trace("TLS failed, again in the clear: " + err.Error())
		a.policy = tlsconf.Policy{}
		if conn, err = a.dial(ctx); err == nil {
			l, err = a.begin(ctx, conn)
		}
	}
	if err != nil {
		return nil, a.failed(err)
	}
	return l, nil
}

// dial connects again to where the attempt is.
func (a attempt) dial(ctx context.Context) (net.Conn, error) {
	if a.socket != "" {
		return (&net.Dialer{Timeout: socketTime}).DialContext(ctx, "unix", a.socket)
	}
	return a.dialer().Dial(ctx, mx.Host{Name: a.name, Addrs: []netip.Addr{a.addr}}, a.port)
}

// begin goes through banner, EHLO, TLS and AUTH.
func (a attempt) begin(ctx context.Context, conn net.Conn) (*link, error) {
	if a.tlsFirst {
		secure, err := a.encrypt(ctx, conn)
		if err != nil {
			return nil, err
		}
		conn = secure
	}
	s := client.New(conn, a.clientOptions())
	l := &link{Session: s, host: a.host}
	err := a.introduce(ctx, s)
	if err == nil {
		l.tls = a.proven(s)
		err = a.authenticate(ctx, l)
	}
	if err != nil {
		s.Quit(ctx)
		return nil, err
	}
	return l, nil
}

// encrypt is the handshake in front of everything else.
func (a attempt) encrypt(ctx context.Context, conn net.Conn) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	secure := tls.Client(conn, a.policy.Config())
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("%w: %w", client.ErrHandshake, err)
	}
	return secure, nil
}

// introduce says EHLO, and STARTTLS where the policy wants it.
func (a attempt) introduce(ctx context.Context, s *client.Session) error {
	_, err := s.Greet(ctx)
	if err == nil {
		_, err = s.Hello(ctx)
	}
	if err != nil || a.tlsFirst || a.policy.Mode == tlsconf.None {
		return err
	}
	if _, offered := s.Offers("STARTTLS"); !offered {
		if a.policy.Clear() {
			return nil
		}
		return errNoTLS
	}
	_, err = s.StartTLS(ctx, a.policy.Config())
	if refused := new(client.Refused); errors.As(err, &refused) && refused.Verb == "STARTTLS" && refused.Reply.Code != 421 && a.policy.Clear() {
		return nil
	}
	return err
}

// errNoTLS is a host that does not offer what its policy asks.
var errNoTLS = errors.New("the host offers no TLS, which it has to")

// proven is what TLS has proved about the host, for link.tls.
func (a attempt) proven(s *client.Session) string {
	state, ok := s.TLS()
	if !ok {
		return "none"
	}
	return a.policy.Proven(state) + ":" + tlsconf.Describe(state).Version
}

// failed is what recipients are told about a host that does not work.
func (a attempt) failed(err error) *failure {
	f := &failure{outcome: outcome{host: a.host, reason: err.Error()}, slow: errors.Is(err, os.ErrDeadlineExceeded)}
	refused, own := new(client.Refused), new(failure)
	switch {
	case errors.As(err, &own):
		own.host = a.host
		return own
	case errors.As(err, &refused) && refused.Verb == "STARTTLS", errors.Is(err, errNoTLS), errors.Is(err, client.ErrHandshake):
		f.reply = smtp.Say(451, smtp.CryptoFailure, "no TLS with the next server that could be relied on")
	case errors.As(err, &refused) && refused.Reply.Class() >= 4:
		f.reply, f.reason = refused.Reply, "said to "+stage(refused.Verb)
	case errors.As(err, &refused):
		f.reply = smtp.Say(451, smtp.OtherProtocol, "the next server does not speak SMTP")
	case errors.As(err, new(*mx.DialError)), errors.As(err, new(*net.OpError)):
		f.reply = smtp.Say(451, smtp.NoAnswer, "the next server does not answer")
	default:
		f.reply = smtp.Say(451, smtp.BadConnection, "the connection to the next server broke")
	}
	return f
}

// stage names what a server refused: the connection, or a verb.
func stage(verb string) string {
	if verb == "" {
		return "the connection"
	}
	return verb
}

// clientOptions are those of a session.
func (p *program) clientOptions() client.Options {
	o := client.Options{Name: p.hostname, LMTP: p.lmtp, Provoke: p.provoke}
	if p.timeout > 0 {
		limit := time.Duration(p.timeout) * time.Second
		o.Command, o.DataStart, o.DataBlock, o.DataEnd = limit, limit, limit, limit
	}
	if p.debug {
		o.Transcript = p.transcript
	}
	return o
}

// transcript is -d: the dialogue on standard error.
func (p *program) transcript(who byte, line string) {
	fmt.Fprintf(p.stderr, "%c: %s\n", who, line)
}

// trace is -d for what is no dialogue.
func (p *program) trace(line string) {
	if p.debug {
		p.transcript('*', line)
	}
}
