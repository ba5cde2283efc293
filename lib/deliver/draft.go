package deliver

import (
	"context"
	"fmt"
	"time"

	"postern/lib/header"
	"postern/lib/maildir"
	"postern/lib/queue"
	"postern/lib/safefile"
	"postern/lib/smtp"
)

// Draft is a message that is being taken in. Nobody has it until Commit.
type Draft struct {
	d    *Deliverer
	head *header.Filter // writes to text or queued
	err  error

	boxes  []string        // the Maildirs, when it goes straight there
	text   *safefile.Draft // then, or when nobody wants it
	queued *queue.Draft    // else
}

// Begin decides the way of a message to all recipients of env: straight into
// the Maildirs when those are one set of our own uid on one file system, into
// the queue otherwise. ErrNoRecipient says that a recipient does not exist.
func (d *Deliverer) Begin(ctx context.Context, env *smtp.Envelope) (*Draft, error) {
	plan, err := d.plan(ctx, env)
	if err != nil {
		return nil, err
	}
	t := &Draft{d: d}
	if boxes, ok := plan.direct(); ok {
		t.beginDirect(env, boxes)
		return t, nil
	}
	q, err := d.Queue()
	if err != nil {
		return nil, err
	}
	t.queued = q.Create(plan.envelope(env))
	t.head = newHead(t.queued, d.config.MaxReceived)
	return t, nil
}

// beginDirect begins one file for all boxes.
func (t *Draft) beginDirect(env *smtp.Envelope, boxes []Destination) {
	dir := t.d.config.Mail
	var address string
	addresses := make([]string, 0, len(boxes))
	for i, b := range boxes {
		t.boxes = append(t.boxes, b.Path)
		addresses = append(addresses, b.Mailbox.String())
		if i == 0 {
			dir = maildir.New(b.Path)
		}
	}
	if len(boxes) == 1 {
		address = addresses[0] // else each would learn of the others
	}
	t.text = safefile.NewDraft(dir, safefile.UsualMemory)
	t.text.Syncer = &t.d.sync
	_, t.err = t.text.Write(finalFields(env.Sender, address))
	t.head = newHead(t.text, t.d.config.MaxReceived, addresses...)
}

// Write takes the next octets of the message, LF line ends, its newest
// Received field first. Return-Path is taken out of it, and put in front on
// final delivery with Delivered-To (RFC 5321 4.4).
func (t *Draft) Write(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.head.Write(p)
	t.err = err
	return n, err
}

// Commit makes the message durable and says where it is, for the log. After
// an error nobody has it; Reply has the words for the client.
func (t *Draft) Commit(ctx context.Context) (where string, err error) {
	defer t.Discard()
	if t.err == nil {
		t.err = t.head.Close()
	}
	switch {
	case t.err != nil:
		return "", t.err
	case ctx.Err() != nil:
		return "", ctx.Err()
	case t.queued != nil:
		return "queue " + t.queued.ID(), t.queued.Commit()
	case len(t.boxes) == 0:
		return "/dev/null", nil
	}
	names, err := maildir.Commit(t.text, time.Now(), t.d.config.Hostname, "", t.boxes...)
	if err != nil {
		return "", err
	}
	if len(names) > 1 {
		return fmt.Sprintf("%s and %d more", names[0], len(names)-1), nil
	}
	return names[0], nil
}

// QueueID is the name of the queue entry that the message becomes, "" when it
// goes straight to its mailboxes.
func (t *Draft) QueueID() string {
	if t.queued == nil {
		return ""
	}
	return t.queued.ID()
}

// Discard drops a draft; after Commit it does nothing.
func (t *Draft) Discard() {
	if t.queued != nil {
		t.queued.Discard()
	}
	if t.text != nil {
		t.text.Discard()
	}
}
