package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"postern/lib/prog"
	"postern/lib/queue"
	"postern/lib/record"
	"postern/lib/safefile"
	"postern/lib/smtp"
)

// mailerLimit is how long an external mailer may take: the client waits 10
// minutes for the reply to its dot (RFC 5321 4.5.3.2.6).
const mailerLimit = 8 * time.Minute

// mailerMemory is how much of a message is kept in memory before it goes to a
// file.
const mailerMemory = 256 << 10

// A mailerDraft is a message for an external mailer: `mailer [arg ...] -f
// sender -- rcpt ...`, with the message, complete, on descriptor 0 and the
// envelope on descriptor 3.
type mailerDraft struct {
	*session
	env  *smtp.Envelope
	text *safefile.Draft
}

// mailerError is what a mailer said when it did not take a message.
type mailerError struct {
	reply  smtp.Reply
	reason string
}

func (e *mailerError) Error() string { return e.reason }

func (s *session) newMailerDraft(env *smtp.Envelope) *mailerDraft {
	dir := s.conf.places.Spool()
	if t := os.Getenv("TMPDIR"); t != "" {
		dir = t
	}
	return &mailerDraft{session: s, env: env, text: safefile.NewDraft(dir, mailerMemory)}
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
	envelope := safefile.NewDraft(d.conf.places.Spool(), mailerMemory)
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
	path := d.conf.mailer[0]
	if !filepath.IsAbs(path) {
		found, err := prog.Find(d.conf.places, path)
		if err != nil {
			return "", err
		}
		path = found
	}
	res, err := prog.Run(ctx, prog.Command{
		Path: path, Args: d.argv(), Env: append(environ(&d.rec), "POSTERN_ENVELOPE=3"),
		Stdin: message, Files: []*os.File{envelope}, Limit: mailerLimit,
	})
	if err != nil {
		return "", err
	}
	if res.Status != 0 {
		return "", &mailerError{smtp.FromExit(res.Status, res.Reason), path + ": exit status " + itoa(res.Status) + ": " + res.Reason}
	}
	return path, nil
}

// argv is the mailer's arguments: its own from the configuration, then the
// envelope. No shell sees them.
func (d *mailerDraft) argv() []string {
	args := append([]string{}, d.conf.mailer[1:]...)
	sender := d.env.Sender.String()
	if sender == "" {
		sender = "<>"
	}
	args = append(args, "-f", sender, "--")
	for _, r := range d.env.Recipients {
		args = append(args, r.Mailbox.String())
	}
	return args
}

// environ is a record, and what a program needs to run at all: the
// environment of mailers and hooks.
func environ(r *record.Record) []string {
	env := append(r.Environ(), "PATH=/usr/local/bin:/usr/bin:/bin")
	for _, name := range []string{"TZ", "LANG", "TMPDIR", "POSTERN_ROOT"} {
		if v, ok := os.LookupEnv(name); ok && !strings.ContainsRune(v, 0) {
			env = append(env, name+"="+v)
		}
	}
	return env
}
