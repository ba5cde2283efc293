package queue

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"

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
// of input. io.EOF means that there is none; every other error, that all
// further input is out of step.
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
	if err == nil {
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
	return j, nil
}
