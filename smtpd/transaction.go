package main

import (
	"context"
	"io"

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

// over says whether all that there is to say of the transaction is in the log:
// nothing of it was taken.
func (t *transaction) over() bool {
	return t.logged && (len(t.env.Recipients) == 0 || !t.fault.IsZero())
}

// A draft is a message on its way to wherever accepted mail goes. Nobody has
// it before Commit returns without error.
type draft interface {
	io.Writer
	Commit(ctx context.Context) (where string, err error)
	Discard()
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

// openDraft begins the message: where it goes is decided, and our Received
// field stands first in it, others of ours behind.
func (s *session) openDraft(ctx context.Context) error {
	d, err := s.wayOf(ctx, &s.tx.env)
	if err != nil {
		return err
	}
	s.tx.draft = &partedDraft{draft: s.clean(d)}
	_, err = d.Write(s.appendSubmission(s.appendResults(s.received().Append(nil))))
	return err
}

// A partedDraft is a message behind our own fields. One that begins with a
// blank would go on with the last of them, and is parted from it by an empty
// line.
type partedDraft struct {
	draft
	begun bool
}

func (d *partedDraft) Write(p []byte) (int, error) {
	if !d.begun && len(p) > 0 {
		d.begun = true
		if p[0] == ' ' || p[0] == '\t' {
			if _, err := d.draft.Write([]byte{'\n'}); err != nil {
				return 0, err
			}
		}
	}
	return d.draft.Write(p)
}

// wayOf is the way that a message goes, by the copy of what is blocked and by
// tags for what is forged, where these are wanted.
func (s *session) wayOf(ctx context.Context, env *smtp.Envelope) (draft, error) {
	if s.tx.blocked.Refused() {
		return s.dump(nil), nil
	}
	d, err := s.newDraft(ctx, env)
	if err != nil {
		return nil, err
	}
	return s.tag(s.dump(d), env.Sender), nil
}

// newDraft opens a message for the external mailer, or for delivery by
// ourselves.
func (s *session) newDraft(ctx context.Context, env *smtp.Envelope) (draft, error) {
	if len(s.conf.mailer) > 0 {
		return s.newMailerDraft(env)
	}
	return s.mail.Begin(ctx, env)
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
