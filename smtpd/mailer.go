package main

import (
	"context"
	"io"
	"os"
	"slices"
	"strconv"

	"postern/lib/mbox"
	"postern/lib/place"
	"postern/lib/prog"
	"postern/lib/queue"
	"postern/lib/record"
	"postern/lib/safefile"
	"postern/lib/smtp"
)

// maxMailerArgv bounds the octets of recipients on a mailer's command line:
// execve(2) takes 2 MiB of arguments and environment with the usual stack limit.
const maxMailerArgv = 1 << 20

// A mailerDraft is a message for an external mailer: `mailer [arg ...] -f
// sender -- rcpt ...`, with the message, complete, on descriptor 0 and the
// envelope on descriptor 3.
type mailerDraft struct {
	*session
	env  *smtp.Envelope
	text *safefile.Draft
}

// A mailerError says that a mailer did not take a message, with the reply that its
// exit status stands for and its own words as the reason.
type mailerError struct {
	reply  smtp.Reply
	reason string
}

func (e *mailerError) Error() string { return e.reason }

func (s *session) newMailerDraft(env *smtp.Envelope) (*mailerDraft, error) {
	d := &mailerDraft{session: s, env: env, text: safefile.NewDraft(s.tempDir(), safefile.UsualMemory)}
	if !s.conf.mailerForm.fromLine {
		return d, nil
	}
	if _, err := io.WriteString(d.text, mbox.FromLine(env.Sender.String(), s.now().UTC())); err != nil {
		d.Discard()
		return nil, err
	}
	return d, nil
}

// tempDir is where what only passes through is kept: $TMPDIR, or the spool.
func (s *session) tempDir() string {
	if dir := os.Getenv("TMPDIR"); dir != "" {
		return dir
	}
	return s.conf.places.Spool()
}

func (d *mailerDraft) Write(p []byte) (int, error) { return d.text.Write(p) }
func (d *mailerDraft) Discard()                    { d.text.Discard() }

// Commit runs the mailer. Its exit status is the verdict, and the last line
// it said on standard error the reason.
func (d *mailerDraft) Commit(ctx context.Context) (string, error) {
	defer d.text.Discard()
	message, err := d.text.File()
	if err != nil {
		return "", err
	}
	defer message.Close()
	envelope := safefile.NewDraft(d.tempDir(), safefile.UsualMemory)
	defer envelope.Discard()
	if _, err := envelope.Write(queue.AppendEnvelope(nil, d.env)); err != nil {
		return "", err
	}
	fd3, err := envelope.File()
	if err != nil {
		return "", err
	}
	defer fd3.Close()
	return d.run(ctx, message, fd3)
}

// run starts the mailer and turns its status into a reply.
func (d *mailerDraft) run(ctx context.Context, message, envelope *os.File) (string, error) {
	path, err := d.conf.mailerPath()
	if err != nil {
		return "", err
	}
	cred, err := d.conf.mailerCred()
	if err != nil {
		return "", err
	}
	rec := d.rec.Clone()
	d.describeTransaction(&rec)
	res, err := prog.Run(ctx, prog.Command{
		Path: path, Args: d.argv(), Env: append(environ(&rec), place.EnvelopeEnv+"=3"),
		Stdin: message, Files: []*os.File{envelope}, Limit: d.conf.mailerWait, Cred: cred,
	})
	if err != nil {
		return "", err
	}
	if res.Status != 0 {
		return "", &mailerError{smtp.FromExit(res.Status, res.Reason), path + ": exit status " + strconv.Itoa(res.Status) + ": " + res.Reason}
	}
	return path, nil
}

// argv is the mailer's arguments: its own from the configuration, then the
// envelope. No shell sees them.
func (d *mailerDraft) argv() []string {
	args := slices.Clone(d.conf.mailer[1:])
	sender := d.env.Sender.String()
	if sender == "" {
		sender = d.conf.mailerForm.emptySender
	}
	args = append(args, "-f", sender, "--")
	for i, r := range d.env.Recipients {
		args = append(args, d.tx.route(i)+r.Mailbox.String())
	}
	return args
}

// environ is a record, and what a program needs to run at all: the
// environment of mailers and hooks.
func environ(r *record.Record) []string {
	return prog.Inherit(append(r.Environ(), prog.SearchPath), "TZ", "LANG", "TMPDIR", place.RootEnv)
}
