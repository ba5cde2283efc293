package main

import (
	"postern/lib/caller"
	"postern/lib/check"
	"postern/lib/queue"
	"postern/lib/rbl"
	"postern/lib/record"
	"postern/lib/safefile"
	"postern/lib/smtp"
	"postern/lib/spf"
)

// A transaction is one mail: from MAIL to the reply that ends it.
type transaction struct {
	env     smtp.Envelope
	argv    int             // octets that the recipients take of an external mailer's command line
	named   int             // recipients that were named for a message from <>
	routes  []string        // of the recipients, when AllowSourceRoute keeps them
	draft   draft           // the message, once DATA or BDAT has begun
	chunks  smtp.ChunkState // of BDAT
	fault   smtp.Reply      // why chunks that still come are thrown away
	blocked check.Verdict   // refused already; its text comes for the copy
	copy    *safefile.Draft // of a message that may be refused (-s)
	where   string          // where the message went
	logged  bool            // a refusal within it is in the log
	spf     *inquiry[spf.Result]
	lists   *inquiry[rbl.Result] // what block lists say of the sender's domain
}

// over says whether nothing of the transaction was taken, and the log says why.
func (t *transaction) over() bool {
	return t.logged && (len(t.env.Recipients) == 0 || !t.fault.IsZero())
}

// begin starts a transaction.
func (s *session) begin(m mailArgs) {
	s.tx = &transaction{env: m.env}
	s.tx.env.ID = queue.NewID(s.now())
	s.vouch(&s.tx.env)
	if s.peer.submits {
		s.tx.env.Ident = caller.Ident(s.peer.uid)
	}
	s.facts.Sender, s.facts.Accepted = m.env.Sender, nil
	s.gather(m.env.Sender)
	s.rec.Delete("colon_space")
	if m.colonSpace {
		s.rec.Set("colon_space", "1")
	}
}

// stop ends what is asked about the transaction.
func (t *transaction) stop() {
	t.spf.stop()
	t.lists.stop()
}

// discard drops the message, if there is one.
func (t *transaction) discard() {
	if t.draft != nil {
		t.draft.Discard()
		t.draft = nil
	}
	if t.copy != nil {
		t.copy.Discard()
		t.copy = nil
	}
}

// describeTransaction puts the transaction into a record.
func (s *session) describeTransaction(r *record.Record) {
	env := &s.tx.env
	r.Set("sender", env.Sender.String())
	r.SetInt("recipient_count", int64(len(env.Recipients)))
	if len(env.Recipients) > 0 {
		r.Set("recipient", recipientList(env.Recipients))
	}
	if env.Auth != "" {
		r.Set("sasl_sender", env.Auth)
	}
	if env.Body != "" {
		r.Set("body", env.Body)
	}
	if env.SMTPUTF8 {
		r.Set("smtputf8", "1")
	}
}

// maxRecipientList bounds the attribute recipient of a decision record.
const maxRecipientList = 1000

// recipientList is the recipients, with commas, as far as they fit.
func recipientList(list []smtp.Recipient) string {
	text := list[0].Mailbox.String()
	for _, r := range list[1:] {
		next := r.Mailbox.String()
		if len(text)+1+len(next) > maxRecipientList {
			return text + ",..."
		}
		text += "," + next
	}
	return text
}
