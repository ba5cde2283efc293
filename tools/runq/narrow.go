package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"postern/lib/dsn"
	"postern/lib/maillog"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// maxReport is the largest report that is made narrow, in octets.
const maxReport = 1 << 20

// narrow puts a report of ours into the queue again that a host has refused
// for its 8-bit text, now with the header of the original alone. It gives back
// those of the recipients for whom that does not help.
func (r *runner) narrow(e *queue.Entry, failed []int) (rest []int, err error) {
	var refused []int
	for _, i := range failed {
		if _, reply := parseAnswer(e.Status(i).Reply); reply.Detail == smtp.ConversionUnsupported {
			refused = append(refused, i)
		} else {
			rest = append(rest, i)
		}
	}
	if len(refused) == 0 {
		return failed, nil
	}
	text, err := narrowText(e)
	if err != nil || text == nil {
		return failed, err
	}
	if err := r.again(e, refused, text); err != nil {
		return failed, err
	}
	return rest, e.Tell(refused)
}

// narrowText is the text of a narrow report, nil if there is none.
func narrowText(e *queue.Entry) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(e.Message(), maxReport+1))
	if err != nil || len(text) > maxReport {
		return nil, err
	}
	return dsn.Narrow(text), nil
}

// again makes a new entry of the text, for some of the entry's recipients.
// Like a report it has its name from them, and is not made twice.
func (r *runner) again(e *queue.Entry, rcpts []int, text []byte) error {
	env := *e.Envelope
	env.ID, env.Body, env.Size, env.Recipients = reportID(e.ID, "n", rcpts), "7BIT", 0, nil
	for _, i := range rcpts {
		env.Recipients = append(env.Recipients, e.Envelope.Recipients[i])
	}
	draft := r.queue.Create(&env)
	defer draft.Discard()
	if _, err := draft.Write(text); err != nil {
		return err
	}
	if err := draft.Commit(); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	r.log.Log(maillog.Info, fmt.Sprintf("%s: 8-bit text is not taken there: sent again with the header alone, as %s", e.ID, draft.ID()))
	return nil
}
