package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"postern/lib/deliver"
	"postern/lib/dsn"
	"postern/lib/maillog"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// notices says whom to tell what.
type notices struct {
	host   string        // ours
	delay  time.Duration // after which a delay is told; 0 for never
	double string        // what becomes of bounces that bounce: see doubleBounce
}

// returns tells those who are to be told of what became of the entry's
// recipients, which it then marks as told: of failures, of deliveries and of
// delays. It is called after every attempt, with the entry
// locked. A recipient that it leaves as queue.Rejected is kept for a person.
//
// A report is in the queue before its recipients are marked, and its id is made
// from theirs: after a crash in between it is found there and not made twice,
// unless there is more to tell by then.
func (r *runner) returns(e *queue.Entry) error {
	var failed, arrived, delayed []int
	for i := range e.Envelope.Recipients {
		switch s := e.Status(i); {
		case s.State == queue.Rejected:
			failed = append(failed, i)
		case s.State == queue.Arrived:
			arrived = append(arrived, i)
		case r.isLate(e, i):
			delayed = append(delayed, i)
		}
	}
	return errors.Join(r.bounce(e, failed), r.confirm(e, arrived), r.warn(e, delayed))
}

// bounce tells of failures.
func (r *runner) bounce(e *queue.Entry, failed []int) error {
	if len(failed) == 0 {
		return nil
	}
	if e.Envelope.Sender.IsZero() {
		return r.doubleBounce(e, failed)
	}
	var wanted []int
	for _, i := range failed {
		if e.Envelope.Recipients[i].Wants(smtp.Failure) {
			wanted = append(wanted, i)
		}
	}
	if err := r.tell(e, "f", dsn.Failed, wanted, e.Envelope.Sender); err != nil {
		return err
	}
	return e.Tell(failed)
}

// confirm tells of deliveries, which somebody wanted to know of.
func (r *runner) confirm(e *queue.Entry, arrived []int) error {
	if len(arrived) == 0 {
		return nil
	}
	if err := r.tell(e, "s", dsn.Delivered, arrived, e.Envelope.Sender); err != nil {
		return err
	}
	return e.Tell(arrived)
}

// warn tells of delays.
func (r *runner) warn(e *queue.Entry, delayed []int) error {
	if len(delayed) == 0 {
		return nil
	}
	if err := r.tell(e, "d", dsn.Delayed, delayed, e.Envelope.Sender); err != nil {
		return err
	}
	return e.Tell(delayed)
}

// tell puts a report about some recipients into the queue, unless it is there
// already.
func (r *runner) tell(e *queue.Entry, kind string, action dsn.Action, rcpts []int, to smtp.Mailbox) error {
	if len(rcpts) == 0 {
		return nil
	}
	id := reportID(e.ID, kind, rcpts)
	if _, err := r.queue.Find(id); !errors.Is(err, queue.ErrNotFound) {
		return err
	}
	m, err := dsn.New(r.reportOn(e, id, action, rcpts, to))
	if err != nil {
		return err
	}
	env := m.Envelope()
	env.Recipients[0].ORcpt = "rfc822;" + to.String() // see sentTo
	draft := r.queue.Create(env)
	defer draft.Discard()
	if _, err := m.WriteTo(draft); err != nil {
		return err
	}
	if err := draft.Commit(); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	r.log.Log(maillog.Info, fmt.Sprintf("%s: %s: told %s of %s, by %s", e.ID, action, to, recipientList(e, rcpts), draft.ID()))
	return nil
}

// reportID is the name of a report about some recipients: the same whenever it
// is made of these, and another as soon as one more is among them, who would
// else never be told of.
func reportID(id, kind string, rcpts []int) string {
	next := id + "-" + kind + strconv.Itoa(rcpts[0])
	if len(rcpts) > 1 {
		sum := fnv.New32a()
		fmt.Fprint(sum, rcpts)
		next += fmt.Sprintf("-%08x", sum.Sum32())
	}
	if queue.ValidID(next) {
		return next
	}
	return queue.NewID(time.Now())
}

// reportOn is what there is to tell.
func (r *runner) reportOn(e *queue.Entry, id string, action dsn.Action, rcpts []int, to smtp.Mailbox) dsn.Report {
	env := e.Envelope
	report := dsn.Report{
		ID: id, Host: r.notices.host, Date: r.now(), To: to,
		Original: dsn.Original{
			ID: e.ID, EnvID: env.EnvID, Arrival: e.Created, Ret: env.Ret, UTF8: env.SMTPUTF8, Text: e.Message(),
		},
	}
	for _, i := range rcpts {
		rcpt, s := env.Recipients[i], e.Status(i)
		host, reply := parseAnswer(s.Reply)
		told := dsn.Recipient{
			Mailbox: rcpt.Mailbox, ORcpt: rcpt.ORcpt, Action: action,
			Reply: reply, Remote: host, Last: s.Tried, Until: e.Created.Add(r.giveUp),
		}
		if action == dsn.Delivered {
			told.Action = arrivedBy(rcpt)
		}
		report.Recipients = append(report.Recipients, told)
	}
	return report
}

// arrivedBy is the action by which the recipient was served.
func arrivedBy(rcpt smtp.Recipient) dsn.Action {
	switch kind, _ := kindOf(rcpt); kind {
	case deliver.Relay:
		return dsn.Relayed
	case deliver.Expanded:
		return dsn.Expanded
	}
	return dsn.Delivered
}

// goesOut says whether the recipient is another host's.
func goesOut(rcpt smtp.Recipient) bool {
	kind, ok := kindOf(rcpt)
	return ok && kind == deliver.Relay
}

// kindOf is the way of delivery to the recipient, as far as it is decided.
func kindOf(rcpt smtp.Recipient) (kind deliver.Kind, ok bool) {
	dest, err := deliver.ParseDestination(rcpt.Dest, rcpt.Mailbox)
	return dest.Kind, err == nil
}

// recipientList is some recipients for the log.
func recipientList(e *queue.Entry, rcpts []int) string {
	const shown = 5
	var list []string
	for n, i := range rcpts {
		if n == shown {
			list = append(list, fmt.Sprintf("%d more", len(rcpts)-shown))
			break
		}
		list = append(list, e.Envelope.Recipients[i].Mailbox.String())
	}
	return strings.Join(list, ", ")
}
