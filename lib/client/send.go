package client

import (
	"context"
	"errors"
	"io"

	"postern/lib/smtp"
)

const (
	// maxBatch bounds the messages that are sent whole before the first of
	// them is answered: if the connection breaks then, nobody knows which of
	// them the server has.
	maxBatch = 4
	// maxBatchText bounds their octets. They have to fit in the buffers of two
	// sockets, so that no side waits for the other to read.
	maxBatchText = 64 << 10
)

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

// Message is a message that is to be sent.
type Message struct {
	Envelope *smtp.Envelope
	Text     *Text
	// Done is called once, with what became of the message. The error is what
	// ended the session under it, or nil. Done must not use the session.
	Done func(Result, error)
}

// Feed gives the next message that is to be sent, or nil; more is false when no
// other will come. With wait it may take its time; without, it returns nil when
// no message is at hand, and the session goes on with what it has.
type Feed func(wait bool) (m *Message, more bool)

// Send sends one message: text has LF line ends and no stuffed dots; its last
// line need not be ended. Commands go in one group when the server offers
// PIPELINING. Every recipient gets its own reply; the error is one of the
// connection or of reading text, and the message may be tried again for
// those who have no reply. A bare CR in text is an error, since servers differ
// about what it ends.
func (s *Session) Send(ctx context.Context, env *smtp.Envelope, text io.Reader) (Result, error) {
	var result Result
	message := &Message{env, &Text{stream: text}, func(r Result, _ error) { result = r }}
	err := s.Deliver(ctx, func(bool) (*Message, bool) {
		m := message
		message = nil
		return m, true
	})
	return result, err
}

// Deliver sends messages until feed has no more, or the session ends: then
// with its error, and every message that was taken from feed has been told.
// With PIPELINING the end of one text shares its write with the commands of
// the next message (RFC 2920 section 3.1), and with QUIT behind the last; with
// CHUNKING too, several short messages share one, envelopes and texts
// (RFC 3030). So a message costs one round trip at most.
func (s *Session) Deliver(ctx context.Context, feed Feed) error {
	defer s.attend(ctx)()
	d := delivery{session: s, feed: feed, more: true}
	var t *transaction
	var err error
	for err == nil {
		if t == nil {
			t = d.next(true)
		}
		switch {
		case t == nil:
			return nil
		case d.fits(t, 0):
			t, err = d.batch(ctx, t)
		default:
			t, err = d.single(ctx, t)
		}
	}
	if t != nil {
		d.finished(t, err)
	}
	return err
}

// Ask sends the envelope and no text, and returns what the server says to
// each recipient. The transaction is given up before the next one begins.
func (s *Session) Ask(ctx context.Context, env *smtp.Envelope) ([]smtp.Reply, error) {
	defer s.attend(ctx)()
	t := s.newTransaction(env, nil)
	var err error
	if t.open() {
		err = t.ask(ctx)
	}
	if err == nil {
		t.conclude(smtp.Say(250, smtp.NoDetail, "ok"))
	}
	return t.result(err).Recipients, err
}

// delivery is a run of Deliver.
type delivery struct {
	session *Session
	feed    Feed
	more    bool // feed may have another message
}

// next takes a message that the server can be given.
func (d *delivery) next(wait bool) *transaction {
	for d.more {
		var m *Message
		if m, d.more = d.feed(wait); m == nil {
			return nil
		}
		t := d.session.newTransaction(m.Envelope, m.Text)
		t.done = m.Done
		if t.open() {
			return t
		}
		d.finished(t, nil)
	}
	return nil
}

// finished tells what became of a message.
func (d *delivery) finished(t *transaction, err error) {
	if t.done != nil {
		t.done(t.result(err), err)
		t.done = nil
	}
}

// result is what became of the message, when err has ended the session or nil.
// A server that refused to go on, and says so in answer to this transaction,
// has answered all of it.
func (t *transaction) result(err error) Result {
	var refused *Refused
	if errors.As(err, &refused) {
		if t.session.waitsFirst(t) {
			t.conclude(refusal(refused.Reply))
		}
		return Result{Recipients: t.answers}
	}
	return Result{Recipients: t.answers, Uncertain: err != nil && t.open() && t.session.waits(t, endOfText)}
}

// waitsFirst reports that the next answer is to a step of t.
func (s *Session) waitsFirst(t *transaction) bool {
	return len(s.steps) > 0 && s.steps[0].of == t
}

// single sends one message, and with the end of its text the envelope of the
// one behind it, which it returns.
func (d *delivery) single(ctx context.Context, t *transaction) (following *transaction, err error) {
	s := d.session
	if !t.begun {
		err = t.ask(ctx)
	}
	if err == nil && t.textDue() {
		err = t.queueEnd(ctx)
		if err == nil {
			following = d.follow(t.cost())
			err = s.flush(ctx, sendingText, s.options.DataBlock)
		}
		if err == nil {
			err = s.hear(ctx, t)
		}
	}
	d.finished(t, err)
	if err == nil && following != nil {
		err = s.hear(ctx, following)
	}
	return following, err
}

// follow takes the next message, if one is at hand, and queues its envelope behind
// the end of the text before it: unless its own text goes by BDAT, when batch
// sends it whole, or too many answers would be outstanding. Without a further
// message it queues QUIT.
func (d *delivery) follow(answers int) *transaction {
	s := d.session
	if !s.has("PIPELINING") {
		return nil
	}
	t := d.next(false)
	switch {
	case t == nil:
		d.quit()
	case !t.chunk && answers+t.cost() <= maxGroup:
		t.ahead(false)
	}
	return t
}

// quit queues QUIT behind the last message, if there will be no other.
func (d *delivery) quit() {
	s := d.session
	if !d.more && !s.leaving {
		s.leaving = true
		s.queue("QUIT", step{limit: s.options.Command, take: ignore})
	}
}

// fits reports whether a message can be sent whole, envelope and text, before any
// of it is answered, behind so many others of which the same is true.
func (d *delivery) fits(t *transaction, behind int) bool {
	s := d.session
	return t.chunk && s.has("PIPELINING") && !t.begun && behind < maxBatch &&
		len(s.steps)+t.cost() <= maxGroup && int64(len(s.out))+t.text.Size <= maxBatchText
}

// batch sends a message together with those behind it, as far as they fit, and
// takes the answers. It returns a message that it took and did not send.
func (d *delivery) batch(ctx context.Context, t *transaction) (left *transaction, err error) {
	s := d.session
	var sent []*transaction
	for t != nil && err == nil && d.fits(t, len(sent)) {
		t.ahead(s.started || len(sent) > 0)
		err = t.queueEnd(ctx)
		sent = append(sent, t)
		t = d.next(false)
	}
	if t == nil {
		d.quit()
	}
	if err == nil {
		err = s.flush(ctx, sendingText, s.options.DataBlock)
	}
	for _, t := range sent {
		if err == nil {
			err = s.hear(ctx, t)
		}
		d.finished(t, err)
	}
	return t, err
}
