// Package client is an SMTP or LMTP session from the client's side:
//
//	s, err := client.Dial(ctx, "tcp", "mx.example.org:25", client.Options{Name: "me.example"})
//	defer s.Close()
//	_, err = s.Greet(ctx)             // S: 220 ...
//	_, err = s.Hello(ctx)             // C: EHLO me.example
//	if _, ok := s.Offers("STARTTLS"); ok {
//		_, err = s.StartTLS(ctx, tlsconf.Policy{}.Config())
//	}
//	result, err := s.Send(ctx, envelope, text)
//	s.Quit(ctx)
//
// Deliver sends many messages, which share round trips; Ask sends an envelope
// alone.
//
// The server is not trusted: its replies are bounded in lines, in octets and
// in time, have to agree in themselves, and may not come unasked. Whatever
// goes wrong on the connection ends the session. A server that says no is not
// an error of the connection: see Refused and Result.
package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"postern/lib/smtp"
)

// Errors of a session, to be asked for with errors.Is.
var (
	// ErrOver is what every call returns on a session that has ended.
	ErrOver = errors.New("the session is over")
	// ErrOutOfStep is a server that speaks unasked, or says what cannot be
	// an answer. It may be somebody else on the line (RFC 3207 section 6).
	ErrOutOfStep = errors.New("the server is out of step")
	// ErrHandshake is a TLS handshake that failed. Whoever may send in the
	// clear dials again.
	ErrHandshake = errors.New("TLS handshake")
)

// Refused is a reply that ends what was asked, where only one reply would
// have let it go on.
type Refused struct {
	Verb  string // "EHLO"; "" for the banner, "." for the message
	Reply smtp.Reply
}

// Error names the verb and the whole reply.
func (e *Refused) Error() string {
	switch e.Verb {
	case "":
		return "the server greets with " + e.Reply.String()
	case endOfText:
		return "to the message the server says " + e.Reply.String()
	}
	return fmt.Sprintf("%s: the server says %s", e.Verb, e.Reply)
}

// Options are what a session needs to know. Times left zero are those of
// RFC 5321 4.5.3.2.
type Options struct {
	Name string // what we call ourselves in EHLO: a domain or an address literal
	LMTP bool   // speak LMTP (RFC 2033)
	// Provoke says NOOP before the banner, to a server that waits for the
	// client's first word.
	Provoke bool

	Command   time.Duration // for the banner and for the answer to a command: 5 minutes
	DataStart time.Duration // for the answer to DATA: 2 minutes
	DataBlock time.Duration // for the server to take a block of text: 3 minutes
	DataEnd   time.Duration // for the answer to the text: 10 minutes

	// Transcript, when set, is told each line without its CRLF: what we send
	// ('C'), what the server answers ('S'; control characters are gone), and
	// what happens between them ('*'). Of a message text it hears the size.
	Transcript func(who byte, line string)
}

// withDefaults returns o with the times of RFC 5321 4.5.3.2 where none are set.
func (o Options) withDefaults() Options {
	for _, limit := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&o.Command, 5 * time.Minute},
		{&o.DataStart, 2 * time.Minute},
		{&o.DataBlock, 3 * time.Minute},
		{&o.DataEnd, 10 * time.Minute},
	} {
		if *limit.value <= 0 {
			*limit.value = limit.standard
		}
	}
	return o
}

// Session is one connection to a server. It is used by one goroutine.
type Session struct {
	options    Options
	conn       net.Conn // the TLS connection, once there is one
	replies    *smtp.ReplyReader
	extensions []extension
	out        []byte // what is not sent yet
	block      []byte // for reading texts
	steps      []step // what the server has not answered yet, in its order
	sent       int    // how many of them it was sent
	started    bool   // a transaction may be open, and has to be reset
	leaving    bool   // QUIT is among the steps
	over       error  // why the session has ended
}

// Dial connects to a server. Network is "tcp", "tcp4", "tcp6" or "unix".
// Greet comes next.
func Dial(ctx context.Context, network, address string, o Options) (*Session, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err // a net.OpError says what was dialed
	}
	return New(conn, o), nil
}

// New makes a session of a connection, from which nothing was read. The
// session closes it.
func New(conn net.Conn, o Options) *Session {
	return &Session{options: o.withDefaults(), conn: conn, replies: smtp.NewReplyReader(conn)}
}

// Begin makes a session of a connection, and takes the banner and the answer to
// EHLO (Greet, Hello). With an error it closes the connection.
func Begin(ctx context.Context, conn net.Conn, o Options) (*Session, error) {
	s := New(conn, o)
	_, err := s.Greet(ctx)
	if err == nil {
		_, err = s.Hello(ctx)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the session without a word. It may come after Quit.
func (s *Session) Close() error {
	if s.over != nil {
		return nil
	}
	s.over = ErrOver
	return s.conn.Close()
}

// quitTime is how long a server may take to say farewell.
const quitTime = 10 * time.Second

// Quit says QUIT unless Deliver has, waits for the answer and closes the
// connection. What the server answers changes nothing, so it is not given back.
func (s *Session) Quit(ctx context.Context) {
	if s.over != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, quitTime)
	defer cancel()
	if s.leaving {
		defer s.attend(ctx)()
		s.hear(ctx, nil)
	} else {
		s.ask(ctx, "QUIT")
	}
	s.Close()
}

// Reset gives up a transaction (RFC 5321 4.1.1.5). Send and Ask do so by
// themselves when they find one open.
func (s *Session) Reset(ctx context.Context) error {
	r, err := s.ask(ctx, "RSET")
	if err != nil {
		return err
	}
	if r.Code != 250 {
		return s.fail(&Refused{"RSET", r})
	}
	s.started = false
	return nil
}

// transcribe tells the transcript, if there is one.
func (s *Session) transcribe(who byte, line string) {
	if s.options.Transcript != nil {
		s.options.Transcript(who, line)
	}
}
