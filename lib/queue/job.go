package queue

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"postern/lib/record"
	"postern/lib/smtp"
)

// Job is a message and those of its recipients that one destination serves, as
// runq gives it to smtp -B:
//
//	id=ID sender=... file=/var/spool/postern/queue/new/3/ID offset=347
//	recipient=...
//	recipient=...
//	(empty line)
//
// A person may give all of it in one line, recipients included: see ReadJob.
//
// For each recipient, in their order, a line of record(7) comes back with id,
// recipient, verdict (accept, defer or reject) and reply. One that is deferred
// without host says that no server of the destination would talk to us: what
// smtp has not tried is deferred likewise, and nothing more is given to it.
type Job struct {
	Envelope *smtp.Envelope
	File     string // absolute
	Offset   int64  // of the first octet of the message in the file
}

// AppendJob appends the job as lines.
func AppendJob(b []byte, j Job) []byte {
	r := messageRecord(j.Envelope)
	r.Set("file", j.File)
	if j.Offset > 0 {
		r.SetInt("offset", j.Offset)
	}
	return appendRecipients(append(r.AppendLine(b), '\n'), j.Envelope)
}

// ReadJob reads the next job, up to and including its empty line or to the end
// of input. One whose first line has a recipient, or several with blanks
// between them, consists of this line. io.EOF means that there is none; every
// other error, that all further input is out of step.
func ReadJob(r *bufio.Reader) (Job, error) {
	line, err := readLine(r)
	for err == nil && len(line) == 0 {
		line, err = readLine(r)
	}
	if err == io.EOF {
		return Job{}, err
	}
	var j Job
	if err == nil {
		j, err = parseJob(line)
	}
	if err == nil && len(j.Envelope.Recipients) == 0 {
		err = readRecipients(r, j.Envelope)
	}
	if err == nil && len(j.Envelope.Recipients) == 0 {
		err = errors.New("no recipients")
	}
	if err != nil {
		return Job{}, fmt.Errorf("job: %w", err)
	}
	return j, nil
}

// parseJob reads the line of the message.
func parseJob(line []byte) (Job, error) {
	env, rec, err := parseMessage(line)
	if err != nil {
		return Job{}, err
	}
	j := Job{Envelope: env, File: rec.Value("file")}
	if !filepath.IsAbs(j.File) {
		return Job{}, fmt.Errorf("file %q is not absolute", j.File)
	}
	if offset, ok := rec.Lookup("offset"); ok {
		if j.Offset, err = strconv.ParseInt(offset, 10, 64); err != nil || j.Offset < 0 {
			return Job{}, fmt.Errorf("bad offset %q", offset)
		}
	}
	return j, addAll(env, rec)
}

// addAll adds the recipients that stand in the line of the message itself.
// What is said of one there is said of all.
func addAll(env *smtp.Envelope, rec record.Record) error {
	list, ok := rec.Lookup("recipient")
	if !ok {
		return nil
	}
	mailboxes := splitMailboxes(list)
	if _, ok := rec.Lookup("dsn_orcpt"); ok && len(mailboxes) > 1 {
		return errors.New("one dsn_orcpt for several recipients")
	}
	for _, m := range mailboxes {
		rec.Set("recipient", m)
		if err := addRecord(env, &rec); err != nil {
			return err
		}
	}
	return nil
}

// splitMailboxes cuts a list at its blanks, those within quotes aside. A list
// of none has one empty mailbox.
func splitMailboxes(list string) []string {
	var quoted, escaped bool
	cut := strings.FieldsFunc(list, func(c rune) bool {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		}
		return c == ' ' && !quoted
	})
	if len(cut) == 0 {
		return []string{""}
	}
	return cut
}
