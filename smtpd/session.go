package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"

	"postern/lib/check"
	"postern/lib/maillog"
	"postern/lib/netpath"
	"postern/lib/queue"
	"postern/lib/rbl"
	"postern/lib/record"
	"postern/lib/smtp"
	store "postern/lib/state"
	"postern/lib/synfp"
)

// A state is what has been said so far; a verb is allowed in some of them.
type state uint8

const (
	fresh   state = 1 << iota // nothing, or only a refused HELO
	greeted                   // HELO or EHLO
	mailing                   // MAIL
	rcpting                   // a recipient that was accepted
	chunked                   // BDAT, and not yet the last of it
	always  = fresh | greeted | mailing | rcpting | chunked
)

// maxIdle is how many commands that bring no message nearer (see idles) a client may
// send in a row. Each costs us something: a line in the log, a look-up.
const maxIdle = 100

// outLimit is how many octets of replies are gathered before they are written even
// though the client has sent more commands: a client that never reads its replies
// must not make us keep them all.
const outLimit = 4096

// usualReply is room for the replies of most sessions, that to EHLO among them.
const usualReply = 1024

// A session is the dialogue with one client. Nothing in it outlives it.
type session struct {
	*server
	id    string // a transaction has its own
	peer  peer
	conn  net.Conn
	pace  pace         // reads from conn, and
	in    *smtp.Reader // reads from pace
	out   []byte       // replies that are not yet written
	trace *trace       // nil: nobody wants the dialogue
	debug bool         // DEBUG was said

	// Where the dialogue is.
	state   state
	esmtp   bool // EHLO
	tls     *tls.ConnectionState
	login   login
	style   style        // how a client of this HELO name is taken
	tx      *transaction // nil: none
	closing bool         // with the next flush
	batch   bool         // -i
	ticked  bool         // TICK was said in a batch: it is BSMTP as BITNET had it

	// What is known of the client.
	facts check.Facts   // as policy sees it
	rec   record.Record // as the log says it
	name  *lookup       // its name, when it is asked for
	ident *identity     // what its host says of it, when it is asked
	lists *inquiry[rbl.Result]
	syn   *inquiry[synfp.Fingerprint] // what the collector says of its SYN
	path  *inquiry[netpath.Path]      // the way to it

	// What it has done.
	errors  int // refused commands
	unknown int // unknown commands, which are refused too
	beyond  int // recipients beyond a limit since the last message
	etrns   int // times that ETRN was allowed
	idle    int // commands since the last message that brought none nearer
	taken   int // messages accepted
	decided int // decision records written

	// What is to become of it.
	places   []*store.Slot // among those of MaxClients and MaxConPerIP
	turned   check.Verdict // why it is turned away instead of greeted
	welcomed bool          // it was greeted: refusals from now on count as its errors
	held     bool          // it has waited for the answer to HELO (-D)
	delay    float64       // how long the last refusal took, in seconds (Tarpit)
	mustAuth bool          // it may not say MAIL before AUTH (-E)
	hard     bool          // every further command but QUIT is refused (class dial)
	keptOut  bool          // the packet filter was asked to keep it out
}

// newSession prepares a session with p on c; nothing is said yet.
func newSession(srv *server, c net.Conn, p peer) *session {
	s := &session{server: srv, conn: c, peer: p, state: fresh, out: make([]byte, 0, usualReply)}
	s.pace = newPace(c, srv.now, srv.conf)
	s.in = smtp.NewReader(&s.pace)
	s.id = queue.NewID(srv.now())
	s.facts = check.Facts{Client: p.client.Addr(), Server: p.server.Addr(), Record: &s.rec}
	if p.known() {
		s.facts.Trusted, s.facts.Unsure = srv.trusts(p.client.Addr())
	}
	s.describePeer()
	s.lookAtSYN()
	if srv.conf.flags.batch {
		s.beginBatch()
	} else if p.submits {
		s.trustCaller(p.uid)
	}
	s.trace = srv.openTrace(s)
	if s.turned = s.crowded(context.Background()); !s.turned.Refused() {
		s.inquireClient()
	}
	return s
}

// describePeer begins the session's record.
func (s *session) describePeer() {
	s.rec = s.peer.stated
	setAddr(&s.rec, "client", s.peer.client)
	setAddr(&s.rec, "server", s.peer.server)
}

// run is the dialogue: the greeting, and then commands and their replies until one
// side ends it.
func (s *session) run(ctx context.Context) {
	defer s.recover()
	if s.tlsFirst() && !s.handshake(ctx, s.tlsConfig()) {
		return
	}
	s.greet()
	for !s.closing {
		if !s.flushIdle() {
			return
		}
		line, err := s.readCommand()
		if err != nil {
			s.broken(err)
			continue
		}
		s.traceCommand(line)
		s.echoLine(line)
		if r := s.command(ctx, line); !r.IsZero() {
			s.say(r)
		}
	}
	s.flush()
}

// recover keeps a fault of ours within its session: the client is told to
// come back, and the log where to look.
func (s *session) recover() {
	if p := recover(); p != nil {
		s.logf(maillog.Err, "id", s.id, "error", fmt.Sprintf("panic: %v", p), "stack", string(debug.Stack()))
		s.out = nil
		s.say(smtp.Say(421, smtp.OtherSystem, "internal error, try again later"))
		s.flush()
	}
}

// flushIdle writes the gathered replies when the client waits for them, since it has
// sent no further command (RFC 2920 3.1), or when there are many.
func (s *session) flushIdle() bool {
	if s.in.HasLine() && len(s.out) < outLimit && !s.conf.wire.noPipelining {
		return true
	}
	return s.flush()
}

// flush writes the gathered replies. It is false when the client is gone.
func (s *session) flush() bool {
	if len(s.out) == 0 {
		return true
	}
	s.conn.SetWriteDeadline(s.pace.writeDeadline())
	_, err := s.conn.Write(s.out)
	s.out = s.out[:0]
	if err != nil {
		s.rec.Set("reason", "writing to the client: "+err.Error())
		s.closing = true
		return false
	}
	return true
}

// say queues a reply.
func (s *session) say(r smtp.Reply) {
	if r.Class() >= 4 && r.Code != 421 {
		s.tarry()
	}
	if s.conf.wire.oneLine && r.Code != 250 && len(r.Lines) > 1 { // of 250s only EHLO's has lines
		r.Lines = r.Lines[:1]
	}
	start := len(s.out)
	s.out = r.Append(s.out, !s.conf.wire.noEnhanced)
	s.traceLine('>', s.out[start:])
	if r.Class() >= 4 {
		s.countRefusal(r)
	}
	if r.Code == 421 {
		s.closing = true
	}
}

// readCommand reads the next command line.
func (s *session) readCommand() ([]byte, error) {
	s.pace.command()
	line, err := s.in.Line(smtp.MaxAuthLine)
	if err == nil && len(line) > smtp.MaxCommandLine && !isAuth(line) {
		return nil, smtp.ErrLineTooLong
	}
	return line, err
}

// broken handles an error of reading a command: it refuses a malformed line, behind
// which the session goes on, and otherwise ends the session.
func (s *session) broken(err error) {
	switch {
	case errors.Is(err, smtp.ErrLineTooLong):
		s.say(smtp.Say(500, smtp.CommandSyntax, "line too long"))
	case errors.Is(err, smtp.ErrBareCR), errors.Is(err, smtp.ErrBareLF):
		s.say(smtp.Say(500, smtp.CommandSyntax, "lines end in CR LF, and only there"))
	case errors.Is(err, smtp.ErrNUL):
		s.say(smtp.Say(500, smtp.CommandSyntax, "a NUL is no part of a command"))
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.rec.Set("reason", "no command in time")
		s.say(smtp.Say(421, smtp.BadConnection, "nothing heard for too long"))
	default:
		if err != io.EOF {
			s.rec.Set("reason", "reading from the client: "+err.Error())
		} else {
			s.rec.Set("reason", "the client hung up")
		}
		s.closing = true
	}
}

// end closes the connection, and logs the session if nothing was decided in it.
func (s *session) end() {
	s.reset("lost")
	if s.decided == 0 {
		s.logSession()
	}
	s.stopInquiries()
	s.trace.close()
	s.conn.Close()
	s.leave()
}

// reset forgets the transaction (RFC 5321 4.1.1.5). One of which something was
// accepted is logged with this verdict; "" means that it is in the log already.
func (s *session) reset(verdict string) {
	if s.tx != nil {
		s.tx.discard()
		if verdict != "" && !s.tx.over() {
			s.decide(verdict, check.Verdict{}, smtp.Reply{})
		}
		s.tx.stop()
		s.tx = nil
	}
	s.pace.over()
	if s.state != fresh {
		s.state = greeted
	}
}
