package client

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"postern/lib/smtp"
)

const (
	// maxGroup bounds the commands that are sent ahead of their answers.
	// Answers to so many fit in any socket's buffer, so that neither side ever
	// waits for the other to read (RFC 2920 section 3.1).
	maxGroup = 50
	// endOfText stands for the end of a text, by dot or by BDAT, where a verb
	// is named.
	endOfText = "."

	sendingCommand = "sending a command"
	sendingText    = "sending the message"
)

// transaction is one message on its way.
type transaction struct {
	session *Session
	env     *smtp.Envelope
	text    *Text // nil when only the envelope is sent
	done    func(Result, error)
	chunk   bool // the text goes by BDAT

	answers []smtp.Reply // as in Result
	taken   []int        // the recipients that the server said yes to
	mail    smtp.Reply
	data    smtp.Reply
	begun   bool // its commands were sent
}

// newTransaction has the answers that we give in the server's place.
func (s *Session) newTransaction(env *smtp.Envelope, text *Text) *transaction {
	t := &transaction{session: s, env: env, text: text, answers: make([]smtp.Reply, len(env.Recipients))}
	t.chunk = text != nil && text.known && s.has("CHUNKING")
	whole := t.unsendable()
	for i, to := range env.Recipients {
		t.answers[i] = whole
		if whole.IsZero() {
			t.answers[i] = t.unsendableTo(to.Mailbox)
		}
	}
	return t
}

// open reports that there is a recipient who may yet get the message.
func (t *transaction) open() bool {
	return len(t.taken) > 0 || slices.ContainsFunc(t.answers, smtp.Reply.IsZero)
}

// envelope lists the commands: RSET when an earlier transaction may have been
// left open, MAIL, RCPT for each recipient that has no answer yet, and DATA
// where the text is to follow it.
func (t *transaction) envelope(reset bool) (lines []string, steps []step) {
	s, limit := t.session, t.session.options.Command
	add := func(line string, st step) {
		st.of = t
		lines, steps = append(lines, line), append(steps, st)
	}
	if reset {
		add("RSET", step{limit: limit, take: t.takeReset})
	}
	add(t.mailCommand(), step{limit: limit, take: t.takeMail})
	for i, to := range t.env.Recipients {
		if t.answers[i].IsZero() {
			add(s.rcptCommand(to), step{limit: limit, take: func(r smtp.Reply) bool { return t.takeRcpt(i, r) }})
		}
	}
	if t.text != nil && !t.chunk {
		add("DATA", step{limit: s.options.DataStart, take: t.takeData})
	}
	return lines, steps
}

// cost is how many answers the transaction has, at most.
func (t *transaction) cost() int {
	n := len(t.env.Recipients) + 4 // RSET, MAIL, DATA, the text
	if t.session.options.LMTP {
		n += len(t.env.Recipients)
	}
	return n
}

// ahead queues all commands of the envelope, to be answered later.
func (t *transaction) ahead(reset bool) {
	lines, steps := t.envelope(reset)
	for i, line := range lines {
		t.session.queue(line, steps[i])
	}
	t.begun = true
}

// ask sends the commands of the envelope in groups and takes their answers.
func (t *transaction) ask(ctx context.Context) error {
	s := t.session
	size := 1
	if s.has("PIPELINING") {
		size = maxGroup
	}
	lines, steps := t.envelope(s.started)
	t.begun = true
	for from := 0; from < len(lines) && t.open(); from += size {
		for i := from; i < min(from+size, len(lines)); i++ {
			s.queue(lines[i], steps[i])
		}
		if err := s.flush(ctx, sendingCommand, s.options.Command); err != nil {
			return err
		}
		if err := s.hear(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// takeReset notes that the transaction before this one is closed. Every server
// says 250 to that; whatever else comes is the answer to something that was no
// command, such as a chunk that the server did not know for one, and so would
// all answers be that follow.
func (t *transaction) takeReset(r smtp.Reply) bool {
	s := t.session
	if r.Code != 250 {
		s.fail(fmt.Errorf("%w: to RSET it says %s", ErrOutOfStep, r))
	}
	s.started = false
	return false
}

// takeMail notes the answer to MAIL; a refusal is every recipient's.
func (t *transaction) takeMail(r smtp.Reply) bool {
	t.mail = r
	t.session.started = t.session.started || r.Class() == 2
	if r.Class() != 2 {
		t.conclude(refusal(r))
	}
	return false
}

// takeRcpt notes the answer to one RCPT. An answer to RCPT behind a refused
// MAIL says nothing new.
func (t *transaction) takeRcpt(i int, r smtp.Reply) bool {
	switch {
	case t.mail.Class() != 2:
	case r.Class() == 2:
		t.taken = append(t.taken, i)
	default:
		t.answers[i] = refusal(r)
	}
	return false
}

// takeData notes the answer to DATA.
func (t *transaction) takeData(r smtp.Reply) bool {
	t.data = r
	if r.Code != 354 {
		t.conclude(refusal(r))
		t.taken = nil
	}
	return false
}

// textDue reports that the text is the next thing to be sent, if only to be
// ended at once.
func (t *transaction) textDue() bool {
	if t.chunk {
		return len(t.taken) > 0
	}
	return t.data.Code == 354
}

// queueEnd takes up the text of the message. What a server asked for although
// it had refused every recipient is an empty one (RFC 2920 section 3.1); no
// server of LMTP may do that (RFC 2033 section 4.2).
func (t *transaction) queueEnd(ctx context.Context) error {
	s := t.session
	switch {
	case t.chunk:
		line := "BDAT " + strconv.FormatInt(t.text.Size, 10) + " LAST"
		s.transcribe('C', line)
		s.out = append(append(s.out, line...), '\r', '\n')
	case len(t.taken) > 0:
	case s.options.LMTP:
		return s.fail(fmt.Errorf("%w: it wants a message for nobody", ErrOutOfStep))
	default:
		s.queue(endOfText, step{limit: s.options.Command, take: ignore, of: t})
		return nil
	}
	s.steps = append(s.steps, step{verb: endOfText, limit: s.options.DataEnd, take: t.takeEnd, of: t, end: notYet})
	return t.queueText(ctx)
}

// takeEnd notes the answer to the text, or in LMTP one for each recipient that
// was taken, in their order (RFC 2033 section 4.2).
func (t *transaction) takeEnd(r smtp.Reply) (more bool) {
	s := t.session
	if r.Class() != 2 {
		r = refusal(r)
	}
	switch {
	case !s.options.LMTP && len(t.taken) > 0:
		t.conclude(r)
	case len(t.taken) > 0:
		t.answers[t.taken[0]] = r
		t.taken = t.taken[1:]
		if len(t.taken) > 0 {
			return true
		}
	}
	// A chunk that was refused leaves the server where only RSET is sure to
	// lead on (RFC 3030 section 2).
	s.started = t.chunk && r.Class() != 2
	return false
}

// conclude answers all those recipients who have no answer yet.
func (t *transaction) conclude(r smtp.Reply) {
	for i := range t.answers {
		if t.answers[i].IsZero() {
			t.answers[i] = r
		}
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
