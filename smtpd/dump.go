package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"postern/lib/check"
	"postern/lib/maillog"
	"postern/lib/safefile"
	"postern/lib/smtp"
)

const (
	maxDump        = 1 << 20 // octets of a copy of a blocked message; the rest is cut off
	dumpMemory     = 64 << 10
	maxDumpedRcpts = 100 // recipients that are named in a copy
)

// A dumpedDraft writes a message to the next draft and to a copy, which is kept if
// the message is refused (-s).
type dumpedDraft struct {
	draft // nil: the message is refused already
	copy  *safefile.Draft
}

// dump makes a draft one of which a copy can be kept.
func (s *session) dump(d draft) draft {
	if !s.conf.guard.saveBlocked {
		return d
	}
	t := &dumpedDraft{draft: d, copy: safefile.NewDraft(s.conf.guard.dumpDir, dumpMemory)}
	t.copy.Write(dumpHead(&s.tx.env))
	s.tx.copy = t.copy
	return t
}

// dumpHead is the envelope, as fields.
func dumpHead(env *smtp.Envelope) []byte {
	b := []byte("Return-Path: <" + env.Sender.String() + ">\n")
	for _, r := range env.Recipients[:min(len(env.Recipients), maxDumpedRcpts)] {
		b = append(b, "X-Original-To: "+r.Mailbox.String()+"\n"...)
	}
	return b
}

// Write writes the message and, as far as there is room, the copy. Nothing
// that goes wrong with the copy is the message's fault.
func (t *dumpedDraft) Write(p []byte) (int, error) {
	if room := maxDump - t.copy.Size(); room > 0 {
		t.copy.Write(p[:min(int64(len(p)), room)])
	}
	if t.draft == nil {
		return len(p), nil
	}
	return t.draft.Write(p)
}

func (t *dumpedDraft) Commit(ctx context.Context) (string, error) {
	return t.draft.Commit(ctx)
}

// Discard drops the message; the copy is the transaction's.
func (t *dumpedDraft) Discard() {
	if t.draft != nil {
		t.draft.Discard()
	}
}

// keepCopy keeps the copy of a message that was refused, in a folder of the
// day, under the name of the transaction.
func (s *session) keepCopy(v check.Verdict) {
	if s.tx.copy == nil || !blocked(v) {
		return
	}
	day := filepath.Join(s.conf.guard.dumpDir, s.now().Format("2006-01-02"))
	err := makeRoom(day, s.conf.guard.maxDumps)
	if err == nil {
		err = s.tx.copy.Commit(0o600, filepath.Join(day, safefile.Name(s.tx.env.ID)))
	}
	if err != nil {
		s.logf(maillog.Warning, "id", s.tx.env.ID, "error", "no copy of a blocked message: "+err.Error())
	}
}

// blocked says whether a message was refused for what it says or who sends it, and
// not because it broke the protocol or could not be taken now.
func blocked(v check.Verdict) bool {
	switch v.Action {
	case check.Discard:
		return true
	case check.Reject:
		return v.Check != textCheck
	}
	return v.Save
}

// makeRoom makes the folder of a day, and says whether another file may be
// put into it.
func makeRoom(day string, most int) error {
	switch err := os.Mkdir(day, 0o700); {
	case err == nil:
		return safefile.Inherit(day)
	case !os.IsExist(err):
		return err
	}
	f, err := os.Open(day)
	if err != nil {
		return err
	}
	defer f.Close()
	names, err := f.Readdirnames(most)
	if len(names) >= most {
		return fmt.Errorf("%s holds %d already (MaxDumps)", day, most)
	}
	if len(names) == 0 {
		return nil // also the end of an empty folder, which is an error
	}
	return err
}
