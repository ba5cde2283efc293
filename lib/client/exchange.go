package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"postern/lib/smtp"
)

// attend makes the connection's waiting end with ctx. The caller calls what
// it returns when it waits no longer.
func (s *Session) attend(ctx context.Context) (release func() bool) {
	return context.AfterFunc(ctx, func() { s.conn.SetDeadline(time.Unix(1, 0)) })
}

// allow gives the connection limit from now on. It looks at ctx behind the
// new deadline, which may just have replaced the one that attend set.
func (s *Session) allow(ctx context.Context, limit time.Duration) error {
	if s.over != nil {
		return ErrOver
	}
	if err := s.conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return s.fail(err)
	}
	if ctx.Err() != nil {
		return s.fail(context.Cause(ctx))
	}
	return nil
}

// fail ends the session and returns err.
func (s *Session) fail(err error) error {
	if s.over == nil {
		s.over = err
		s.conn.Close()
	}
	return err
}

// broken ends the session because of err, which came while doing what; if ctx
// ended then that was the reason.
func (s *Session) broken(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return s.fail(fmt.Errorf("%s: %w", what, err))
}

// queue takes up a command line, which flush sends.
func (s *Session) queue(line string) {
	s.transcribe('C', line)
	s.out = append(append(s.out, line...), '\r', '\n')
}

// flush sends what is queued, in one write.
func (s *Session) flush(ctx context.Context) error {
	if err := s.allow(ctx, s.options.Command); err != nil {
		return err
	}
	if err := s.heardAll(); err != nil {
		return err
	}
	_, err := s.conn.Write(s.out)
	s.out = s.out[:0]
	if err != nil {
		return s.broken(ctx, "sending a command", err)
	}
	return nil
}

// heardAll ends the session with a server that said more than it was asked.
func (s *Session) heardAll() error {
	if s.replies.Buffered() > 0 {
		return s.fail(fmt.Errorf("%w: it speaks unasked", ErrOutOfStep))
	}
	return nil
}

// ask sends one command and returns the answer to it.
func (s *Session) ask(ctx context.Context, line string) (smtp.Reply, error) {
	defer s.attend(ctx)()
	if !sendable(line) {
		return smtp.Reply{}, s.fail(errors.New("a command with a line end in it"))
	}
	s.queue(line)
	if err := s.flush(ctx); err != nil {
		return smtp.Reply{}, err
	}
	return s.answer(ctx, verb(line), s.options.Command)
}

// answer reads one reply, all of it within limit. A 421 ends the session
// (RFC 5321 4.2.1) and is an error, a Refused, wherever it comes.
func (s *Session) answer(ctx context.Context, verb string, limit time.Duration) (smtp.Reply, error) {
	if err := s.allow(ctx, limit); err != nil {
		return smtp.Reply{}, err
	}
	r, err := s.replies.Read()
	if err != nil {
		return smtp.Reply{}, s.broken(ctx, "waiting for "+awaited(verb), err)
	}
	s.transcribeReply(r)
	if r.Code == 421 {
		return r, s.fail(&Refused{verb, r})
	}
	return r, nil
}

// transcribeReply tells the transcript the lines of a reply.
func (s *Session) transcribeReply(r smtp.Reply) {
	if s.options.Transcript == nil {
		return
	}
	wire := strings.TrimSuffix(string(r.Append(nil, true)), "\r\n")
	for line := range strings.SplitSeq(wire, "\r\n") {
		s.transcribe('S', line)
	}
}

// sendable reports that a line is one line to every server.
func sendable(line string) bool { return !strings.ContainsAny(line, "\r\n\x00") }

// verb returns the first word of a command.
func verb(line string) string {
	word, _, _ := strings.Cut(line, " ")
	return word
}

// awaited says what the answer to a verb is, for an error.
func awaited(verb string) string {
	switch verb {
	case "":
		return "the banner"
	case endOfText:
		return "the answer to the message"
	}
	return "the answer to " + verb
}
