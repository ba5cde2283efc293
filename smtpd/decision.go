package main

import (
	"net/netip"
	"slices"

	"postern/lib/check"
	"postern/lib/maillog"
	"postern/lib/record"
	"postern/lib/smtp"
)

// decide writes the decision record of the transaction: all that is known,
// the verdict, the check that made it, and the reply. One line says why.
func (s *session) decide(verdict string, v check.Verdict, reply smtp.Reply) {
	s.decided++
	r := s.rec.Clone()
	s.describeTransaction(&r)
	if s.tx.where != "" {
		r.Set("mailer", s.tx.where)
	}
	s.writeDecision(&r, s.tx.env.ID, verdict, v, reply)
	s.rec.Delete("size")
}

// refuse turns a check's refusal into the reply, which names the id under
// which the log tells more, and writes the record of it.
func (s *session) refuse(v check.Verdict) smtp.Reply {
	s.decided++
	r := s.rec.Clone()
	id := s.id
	if s.tx != nil {
		id = s.tx.env.ID
		s.describeTransaction(&r)
		if m := s.facts.Recipient; !m.IsZero() {
			r.Set("recipient", m.String())
		}
	}
	reply := v.Reply
	reply.Lines = slices.Clone(reply.Lines)
	reply.Lines[len(reply.Lines)-1] += " (" + id + ")"
	s.closing, s.hard = s.closing || v.Close, s.hard || v.Hard
	if !v.Quiet {
		if s.tx != nil {
			s.tx.logged = true
		}
		s.writeDecision(&r, id, v.Action.String(), v, reply)
	}
	return reply
}

// logSession is the record of a session in which nothing was decided.
func (s *session) logSession() {
	r := s.rec.Clone()
	r.SetInt("errors", int64(s.errors))
	s.writeDecision(&r, s.id, "none", check.Verdict{Reason: s.rec.Value("reason")}, smtp.Reply{})
}

// writeDecision finishes a record and logs it.
func (s *session) writeDecision(r *record.Record, id, verdict string, v check.Verdict, reply smtp.Reply) {
	line := record.Record{}
	line.Set("id", id)
	line.Set("verdict", verdict)
	if v.Check != "" {
		line.Set("check", v.Check)
	}
	if !reply.IsZero() {
		line.Set("reply", reply.String())
	}
	if v.Reason != "" {
		line.Set("reason", v.Reason)
	}
	if f := s.conf.origin.recorded; f != "" {
		line.Set("dns_record", f)
	}
	s.noteEvidence(r)
	line.Merge(r)
	s.log.Log(maillog.Info, line.String())
}

// setAddr sets the address and port of one end.
func setAddr(r *record.Record, end string, a netip.AddrPort) {
	if a.Addr().IsValid() {
		r.Set(end+"_address", a.Addr().String())
		if a.Port() != 0 {
			r.SetInt(end+"_port", int64(a.Port()))
		}
	}
}
