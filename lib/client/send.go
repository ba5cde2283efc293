package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"postern/lib/smtp"
)

// maxGroup bounds the commands that are sent ahead of their answers. Answers
// to so many fit in any socket's buffer, so that neither side ever waits for
// the other to read (RFC 2920 section 3.1).
const maxGroup = 50

// endOfText stands for the dot where a verb is named.
const endOfText = "."

// Result is what became of one message.
type Result struct {
	// Recipients has the last word about each recipient of the envelope, in
	// its order: the server's, or ours about what it cannot be sent. A reply
	// of class 2 means that the server has the message for this recipient.
	// Where there is none (IsZero) the session broke before.
	Recipients []smtp.Reply
	// Uncertain means that all of the text was sent and the answer never
	// came: the server may have the message (RFC 1047).
	Uncertain bool
}

// transaction is one message on its way.
type transaction struct {
	session *Session
	env     *smtp.Envelope
	answers []smtp.Reply // as in Result
	taken   []int        // the recipients that the server said yes to
	mail    smtp.Reply
	data    smtp.Reply

	uncertain bool
}

// step is one command of a transaction and what its answer means.
type step struct {
	line  string
	limit time.Duration
	take  func(smtp.Reply)
}

// Send sends a message: text has LF line ends and no stuffed dots; its last
// line need not be ended. Commands go in one group when the server offers
// PIPELINING. Every recipient gets its own reply; the error is one of the
// connection or of reading text, and the message may be tried again for
// those who have no reply. A bare CR in text is an error, since servers differ
// about what it ends.
func (s *Session) Send(ctx context.Context, env *smtp.Envelope, text io.Reader) (Result, error) {
	defer s.attend(ctx)()
	t := s.newTransaction(env)
	err := t.run(ctx, true)
	if err == nil {
		err = t.finish(ctx, text)
	}
	t.concludeEarly(err)
	return Result{Recipients: t.answers, Uncertain: t.uncertain}, err
}

// Ask sends the envelope and no text, and returns what the server says to
// each recipient. The transaction is given up before the next one begins.
func (s *Session) Ask(ctx context.Context, env *smtp.Envelope) ([]smtp.Reply, error) {
	defer s.attend(ctx)()
	t := s.newTransaction(env)
	err := t.run(ctx, false)
	t.concludeEarly(err)
	t.conclude(smtp.Say(250, smtp.NoDetail, "ok"))
	return t.answers, err
}

// newTransaction has the answers that we give in the server's place.
func (s *Session) newTransaction(env *smtp.Envelope) *transaction {
	t := &transaction{session: s, env: env, answers: make([]smtp.Reply, len(env.Recipients))}
	whole := s.unsendable(env)
	for i, to := range env.Recipients {
		t.answers[i] = whole
		if whole.IsZero() {
			t.answers[i] = s.unsendableTo(env, to.Mailbox)
		}
	}
	return t
}

// steps lists the commands: RSET when an earlier transaction was left open,
// MAIL, RCPT for each recipient that has no answer yet, DATA.
func (t *transaction) steps(data bool) []step {
	s, limit := t.session, t.session.options.Command
	var list []step
	if s.started {
		list = append(list, step{"RSET", limit, func(smtp.Reply) {}})
	}
	list = append(list, step{s.mailCommand(t.env), limit, t.takeMail})
	for i, to := range t.env.Recipients {
		if t.answers[i].IsZero() {
			list = append(list, step{s.rcptCommand(to), limit, func(r smtp.Reply) { t.takeRcpt(i, r) }})
		}
	}
	if data {
		list = append(list, step{"DATA", s.options.DataStart, func(r smtp.Reply) { t.data = r }})
	}
	return list
}

// run sends the commands in groups and takes their answers.
func (t *transaction) run(ctx context.Context, data bool) error {
	if !slices.ContainsFunc(t.answers, smtp.Reply.IsZero) {
		return nil
	}
	size := 1
	if t.session.has("PIPELINING") {
		size = maxGroup
	}
	steps := t.steps(data)
	t.session.started = true
	for group := range slices.Chunk(steps, size) {
		if t.hopeless() {
			return nil
		}
		if err := t.session.group(ctx, group); err != nil {
			return err
		}
	}
	return nil
}

// group sends some commands in one write and reads as many answers.
func (s *Session) group(ctx context.Context, group []step) error {
	for _, st := range group {
		s.queue(st.line)
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	for _, st := range group {
		r, err := s.answer(ctx, verb(st.line), st.limit)
		if err != nil {
			return err
		}
		st.take(r)
	}
	return nil
}

// hopeless reports that no recipient can get the message any more.
func (t *transaction) hopeless() bool {
	return len(t.taken) == 0 && !slices.ContainsFunc(t.answers, smtp.Reply.IsZero)
}

// takeMail notes the answer to MAIL; a refusal is every recipient's.
func (t *transaction) takeMail(r smtp.Reply) {
	t.mail = r
	if r.Class() != 2 {
		t.conclude(refusal(r))
	}
}

// takeRcpt notes the answer to one RCPT. An answer to RCPT behind a refused
// MAIL says nothing new.
func (t *transaction) takeRcpt(i int, r smtp.Reply) {
	switch {
	case t.mail.Class() != 2:
	case r.Class() == 2:
		t.taken = append(t.taken, i)
	default:
		t.answers[i] = refusal(r)
	}
}

// finish sends the text, if anybody is to get it, and takes the answer.
func (t *transaction) finish(ctx context.Context, text io.Reader) error {
	switch {
	case t.data.Code != 354:
		if !t.data.IsZero() {
			t.conclude(refusal(t.data))
		}
		return nil
	case len(t.taken) == 0:
		return t.emptyText(ctx)
	}
	if err := t.session.sendText(ctx, text); err != nil {
		return err
	}
	return t.takeEnd(ctx)
}

// emptyText ends a text that the server asked for in a group, although it had
// refused every recipient (RFC 2920 section 3.1). No server of LMTP may do
// that (RFC 2033 section 4.2).
func (t *transaction) emptyText(ctx context.Context) error {
	s := t.session
	if s.options.LMTP {
		return s.fail(fmt.Errorf("%w: it wants a message for nobody", ErrOutOfStep))
	}
	_, err := s.ask(ctx, endOfText)
	return err
}

// takeEnd reads the answer to the text, or in LMTP one for each recipient that
// was taken, in their order (RFC 2033 section 4.2).
func (t *transaction) takeEnd(ctx context.Context) error {
	s := t.session
	for len(t.taken) > 0 {
		r, err := s.answer(ctx, endOfText, s.options.DataEnd)
		if err != nil {
			t.uncertain = !errors.As(err, new(*Refused))
			return err
		}
		if r.Class() != 2 {
			r = refusal(r)
		}
		if !s.options.LMTP {
			t.conclude(r)
			break
		}
		t.answers[t.taken[0]] = r
		t.taken = t.taken[1:]
	}
	s.started = false
	return nil
}

// conclude answers all those recipients who have no answer yet.
func (t *transaction) conclude(r smtp.Reply) {
	for i := range t.answers {
		if t.answers[i].IsZero() {
			t.answers[i] = r
		}
	}
}

// concludeEarly does so when the server refused to go on with the session.
func (t *transaction) concludeEarly(err error) {
	var refused *Refused
	if errors.As(err, &refused) {
		t.conclude(refusal(refused.Reply))
	}
}

// refusal is r where r says no. A reply of another class where it makes no
// sense is no reason to give up for good.
func refusal(r smtp.Reply) smtp.Reply {
	if r.Class() == 4 || r.Class() == 5 {
		return r
	}
	return smtp.Say(451, smtp.OtherProtocol, fmt.Sprintf("the next server said %d, which is no answer", r.Code))
}
