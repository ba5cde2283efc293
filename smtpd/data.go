package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"

	"postern/lib/check"
	"postern/lib/deliver"
	"postern/lib/smtp"
)

// data is DATA (RFC 5321 4.1.1.4): replies 354 and then 250, 451, 452, 552,
// 554, or at once 451 when nothing can be taken.
func (s *session) data(ctx context.Context, _ struct{}) smtp.Reply {
	if v := s.openText(ctx); v.Refused() {
		r := s.refuse(v)
		s.reset("")
		return r
	}
	s.say(smtp.Say(354, smtp.NoEnhanced, "end with a dot on a line of its own"))
	if !s.flush() {
		return smtp.Reply{}
	}
	result, err := s.readText()
	if err != nil {
		s.lost(err)
		return smtp.Reply{}
	}
	return s.finish(s.takeText(ctx, result))
}

// openText asks policy whether the message may come, and opens its draft. With
// SaveBlocked a message that is refused may come all the same, for the copy, and
// is refused behind its end.
func (s *session) openText(ctx context.Context) check.Verdict {
	v := s.atData(ctx)
	if v.Refused() {
		if !v.Save || !s.conf.guard.saveBlocked {
			return v
		}
		s.tx.blocked = v
	}
	if err := s.openDraft(ctx); err != nil {
		return s.failed(err)
	}
	return check.Verdict{}
}

// atData asks policy whether the message may come.
func (s *session) atData(ctx context.Context) check.Verdict {
	if limit := s.conf.wire.maxErrorRcpts; limit > 0 && s.tx.named > limit {
		return check.Verdict{Action: check.Reject, Check: "error-recipients", Reason: strconv.Itoa(s.tx.named) + " recipients of a notice",
			Reply: noNotice()}
	}
	return s.policy.At(ctx, check.Data, &s.facts)
}

// readText reads the message to its true end.
func (s *session) readText() (smtp.TextResult, error) {
	s.pace.text()
	return s.in.Text(s.tx.draft, s.textOptions())
}

func (s *session) textOptions() smtp.TextOptions {
	return smtp.TextOptions{MaxSize: s.conf.maxSize, MaxLine: s.conf.maxLine}
}

// takeText judges a message that has come whole and, when nothing is wrong with it,
// makes it durable. The verdict is for the client and for the log.
func (s *session) takeText(ctx context.Context, t smtp.TextResult) check.Verdict {
	s.rec.SetInt("size", t.Size)
	if v := judgeText(t); v.Refused() {
		return v
	}
	if s.tx.blocked.Refused() {
		return s.tx.blocked
	}
	if v := s.roomFor(0); v.Refused() {
		return v
	}
	if t.WriteErr != nil {
		return s.failed(t.WriteErr)
	}
	if v := s.policy.At(ctx, check.Message, &s.facts); v.Action != check.None && v.Action != check.Accept {
		return v
	}
	where, err := s.tx.draft.Commit(ctx)
	if err != nil {
		return s.failed(err)
	}
	s.tx.draft, s.tx.where = nil, where
	s.taken++
	s.countCaller(ctx)
	return check.Verdict{Action: check.Accept, Reply: smtp.Say(250, smtp.NoDetail, "accepted as "+s.tx.env.ID)}
}

// textCheck is the name, in the log, of what judgeText finds.
const textCheck = "text"

// judgeText refuses a text that another server would read as something else, since
// it has a bare CR or LF (CVE-2023-51764 and its kin), or that is too large. A NUL
// is let pass.
func judgeText(t smtp.TextResult) check.Verdict {
	refuse := func(code int, d smtp.Detail, text string) check.Verdict {
		return check.Verdict{Action: check.Reject, Check: textCheck, Reason: text, Reply: smtp.Say(code, d, text)}
	}
	switch {
	case t.BareCR || t.BareLF:
		return refuse(554, smtp.OtherMedia, "a bare CR or LF in the message")
	case t.TooBig:
		return refuse(552, smtp.MessageTooBig, "larger than what is taken here")
	case t.LongLine:
		return refuse(554, smtp.OtherMedia, "a line longer than what is taken here")
	}
	return check.Verdict{}
}

// failed is the verdict on an error of ours or of what delivers for us.
func (s *session) failed(err error) check.Verdict {
	v := check.Verdict{Check: "delivery", Reason: err.Error()}
	var m *mailerError
	if errors.As(err, &m) {
		v.Reply = m.reply
	} else {
		v.Reply = deliver.Reply(err)
	}
	v.Action = check.Defer
	if v.Reply.Class() == 5 {
		v.Action = check.Reject
	}
	return v
}

// finish ends the transaction with a verdict: the record, and the reply.
func (s *session) finish(v check.Verdict) smtp.Reply {
	s.idle, s.beyond = 0, 0
	if v.Action == check.Discard {
		v.Reply = smtp.Say(250, smtp.NoDetail, "accepted as "+s.tx.env.ID)
	}
	s.keepCopy(v)
	s.decide(v.Action.String(), v, v.Reply)
	s.reset("")
	return v.Reply
}

// lost ends a session whose client went away, or was silent for too long,
// within a message.
func (s *session) lost(err error) {
	s.closing = true
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.rec.Set("reason", "no message text in time")
		s.say(smtp.Say(421, smtp.BadConnection, "nothing heard for too long"))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		s.rec.Set("reason", "the client hung up within a message")
	default:
		s.rec.Set("reason", "reading from the client: "+err.Error())
	}
}
