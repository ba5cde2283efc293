package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"postern/lib/smtp"
)

// lastWordTime is how long a server that hung up on us may take to say why.
const lastWordTime = 5 * time.Second

// step is something that the server has to answer.
type step struct {
	verb  string
	limit time.Duration // for the answer
	// take is given the answer, and says whether another one belongs to it:
	// in LMTP a text has as many as it has recipients.
	take func(smtp.Reply) (more bool)
	of   *transaction // nil for a command that belongs to none
	end  int          // where it ends in what was not sent yet
}

// ignore takes an answer that changes nothing.
func ignore(smtp.Reply) bool { return false }

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

// queue puts a command line behind what flush will send, and the step that takes
// its answer behind those that wait.
func (s *Session) queue(line string, st step) {
	s.transcribe('C', line)
	s.out = append(append(s.out, line...), '\r', '\n')
	st.verb, st.end = verb(line), len(s.out)
	s.steps = append(s.steps, st)
}

// flush sends what is queued, in one write. What is doing is named in errors.
func (s *Session) flush(ctx context.Context, what string, limit time.Duration) error {
	if len(s.out) == 0 {
		return nil
	}
	if err := s.allow(ctx, limit); err != nil {
		return err
	}
	if s.sent == 0 {
		if err := s.heardAll(); err != nil {
			return err
		}
	}
	n, err := s.conn.Write(s.out)
	for s.sent < len(s.steps) && s.steps[s.sent].end <= n {
		s.sent++
	}
	s.out = s.out[:0]
	if err == nil {
		return nil
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		s.lastWords(ctx)
	}
	return s.broken(ctx, what, err)
}

// heardAll ends the session with a server that said more than it was asked.
func (s *Session) heardAll() error {
	if s.replies.Buffered() > 0 {
		return s.fail(fmt.Errorf("%w: it speaks unasked", ErrOutOfStep))
	}
	return nil
}

// lastWords takes the answers that a server left behind when it hung up. To
// what did not reach it whole the only answer is no.
func (s *Session) lastWords(ctx context.Context) {
	if ctx.Err() != nil || s.conn.SetDeadline(time.Now().Add(lastWordTime)) != nil {
		return
	}
	for len(s.steps) > 0 {
		r, err := s.replies.Read()
		if err != nil || s.sent == 0 && r.Class() < 4 {
			return
		}
		s.transcribeReply(r)
		s.answered(r)
	}
}

// hear reads answers for as long as the next one is to a step of t.
func (s *Session) hear(ctx context.Context, t *transaction) error {
	for len(s.steps) > 0 && s.steps[0].of == t {
		r, err := s.answer(ctx, s.steps[0].verb, s.steps[0].limit)
		if err != nil {
			return err
		}
		if s.answered(r); s.over != nil {
			return s.over
		}
	}
	return nil
}

// answered gives the next step its answer.
func (s *Session) answered(r smtp.Reply) {
	if s.steps[0].take(r) {
		return
	}
	s.steps = s.steps[1:]
	s.sent = max(0, s.sent-1)
}

// waits reports that a step of t has reached the server whole, and was not
// answered.
func (s *Session) waits(t *transaction, verb string) bool {
	for _, st := range s.steps[:s.sent] {
		if st.of == t && st.verb == verb {
			return true
		}
	}
	return false
}

// ask sends one command and returns the answer to it.
func (s *Session) ask(ctx context.Context, line string) (smtp.Reply, error) {
	return s.askSecretly(ctx, line, line)
}

// askSecretly is ask of a line that the transcript hears as another.
func (s *Session) askSecretly(ctx context.Context, line, shown string) (answer smtp.Reply, err error) {
	defer s.attend(ctx)()
	if !sendable(line) {
		return smtp.Reply{}, s.fail(errors.New("a command with a line end in it"))
	}
	s.transcribe('C', shown)
	s.out = append(append(s.out, line...), '\r', '\n')
	if err := s.flush(ctx, "sending a command", s.options.Command); err != nil {
		return smtp.Reply{}, err
	}
	return s.answer(ctx, verb(shown), s.options.Command)
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

// notYet is the end of a step that is being written.
const notYet = math.MaxInt

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
