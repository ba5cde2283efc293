package main

import (
	"context"
	"io"

	"postern/lib/header"
	"postern/lib/smtp"
)

// A draft is a message on its way to the queue, to mailboxes or to the external
// mailer. Nobody has it before Commit returns without an error.
//
// Each of the following is a draft in front of another, where it is wanted:
// what the client sends goes through partedDraft, clean, tag and dumpedDraft to
// the draft that keeps it.
type draft interface {
	io.Writer
	Commit(ctx context.Context) (where string, err error)
	Discard()
}

// openDraft opens the draft of the transaction, and writes our own fields: first
// Received, then the others, for which clean is not meant.
func (s *session) openDraft(ctx context.Context) error {
	d, err := s.newDraft(ctx, &s.tx.env)
	if err != nil {
		return err
	}
	s.tx.draft = &partedDraft{draft: s.clean(d)}
	_, err = d.Write(s.appendSubmission(s.appendResults(s.received().Append(nil))))
	return err
}

// newDraft opens a draft for env that is tagged (-f) and of which a copy is kept
// (-s), where these are wanted. A message that is refused already goes to the
// copy alone.
func (s *session) newDraft(ctx context.Context, env *smtp.Envelope) (draft, error) {
	if s.tx.blocked.Refused() {
		return s.dump(nil), nil
	}
	d, err := s.finalDraft(ctx, env)
	if err != nil {
		return nil, err
	}
	return s.tag(s.dump(d), env.Sender), nil
}

// finalDraft opens the draft that keeps the message: for the external mailer, or
// for delivery by ourselves.
func (s *session) finalDraft(ctx context.Context, env *smtp.Envelope) (draft, error) {
	if len(s.conf.mailer) > 0 {
		return s.newMailerDraft(env)
	}
	return s.mail.Begin(ctx, env)
}

// A partedDraft is the client's message behind our own fields. If it begins with
// a blank, its first line would continue the last of our fields: an empty line
// is put between them.
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

// A filteredDraft is a message whose header fields are edited on their way.
type filteredDraft struct {
	draft
	filter *header.Filter
}

// filterDraft has edit see each field of the head that is written to d.
func filterDraft(d draft, edit header.Edit) *filteredDraft {
	return &filteredDraft{draft: d, filter: header.NewFilter(d, edit)}
}

func (d *filteredDraft) Write(p []byte) (int, error) { return d.filter.Write(p) }

// Commit passes on what the filter still holds, and commits.
func (d *filteredDraft) Commit(ctx context.Context) (string, error) {
	if err := d.filter.Close(); err != nil {
		return "", err
	}
	return d.draft.Commit(ctx)
}
