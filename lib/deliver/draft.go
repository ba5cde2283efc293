package deliver

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"postern/lib/header"
	"postern/lib/maildir"
	"postern/lib/queue"
	"postern/lib/safefile"
	"postern/lib/smtp"
)

const (
	// draftMemory is how much of a message is held in memory before it goes
	// to an unnamed file, in octets.
	draftMemory = 256 << 10

	// maxLinks bounds the Maildirs that share one file. ext4 allows 65,000.
	maxLinks = 1000
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

// plan is where the recipients of a message go.
type plan []planned

// planned is one recipient with one destination.
type planned struct {
	rcpt smtp.Recipient
	dest Destination
}

// plan finds the destinations of all recipients, each of them once.
func (d *Deliverer) plan(ctx context.Context, env *smtp.Envelope) (plan, error) {
	var p plan
	seen := make(map[target]int)
	for _, rcpt := range env.Recipients {
		list, err := d.routeFrom(ctx, rcpt.Mailbox, env.Sender)
		if err != nil {
			return nil, err
		}
		if unknown(list) {
			return nil, fmt.Errorf("%s: %w", rcpt.Mailbox, ErrNoRecipient)
		}
		p = p.add(seen, rcpt, list)
	}
	return p, nil
}

// add adds the destinations of a recipient. Those that are seen already, at
// these places in p, get what he wishes to hear of besides.
func (p plan) add(seen map[target]int, rcpt smtp.Recipient, list []Destination) plan {
	whole, rcpt, ok := expanded(rcpt, len(list))
	if ok {
		p = append(p, whole)
	}
	for _, dest := range list {
		t := dest.target()
		if i, ok := seen[t]; ok {
			p[i].rcpt.Notify = bothWishes(p[i].rcpt, rcpt)
			continue
		}
		seen[t] = len(p)
		p = append(p, planned{rcpt, dest})
	}
	return p
}

// bothWishes is the NOTIFY of two recipients who are one.
func bothWishes(a, b smtp.Recipient) (events []string) {
	if slices.Equal(a.Notify, b.Notify) {
		return a.Notify
	}
	for _, event := range [...]string{smtp.Success, smtp.Failure, smtp.Delay} {
		if a.Wants(event) || b.Wants(event) {
			events = append(events, event)
		}
	}
	return events
}

// direct is the Maildirs of p, if one file can serve them all: they are ours,
// on one file system, there is nothing else but /dev/null, and nobody wants to
// be told of it.
func (p plan) direct() (boxes []Destination, ok bool) {
	if len(p) > maxLinks {
		return nil, false
	}
	for _, q := range p {
		if q.rcpt.Wants(smtp.Success) {
			return nil, false // runq tells the sender
		}
		if q.dest.Kind == Discard {
			continue
		}
		if q.dest.Kind != Maildir || q.dest.private || !q.dest.ready() {
			return nil, false
		}
		boxes = append(boxes, q.dest)
		if info := q.dest.info; info.Owner != os.Geteuid() || info.Device != boxes[0].info.Device {
			return nil, false
		}
	}
	return boxes, true
}

// ready makes a Maildir that may be made, and says whether it is there. In a
// folder of another user root makes none of its own: he would be locked out.
func (d *Destination) ready() bool {
	if d.there || !d.Create {
		return d.there
	}
	if owner, err := d.owner(); err != nil || os.Geteuid() == 0 && owner.Owner != 0 {
		return false
	}
	return maildir.Create(d.Path) == nil && d.look() == nil
}

// envelope is env with a recipient for each destination. What a member of an
// alias is told of its original is the alias (RFC 3461 5.2.7).
func (p plan) envelope(env *smtp.Envelope) *smtp.Envelope {
	next := *env
	next.Recipients = make([]smtp.Recipient, 0, len(p))
	for _, q := range p {
		rcpt := q.rcpt
		if rcpt.ORcpt == "" && q.dest.Mailbox != rcpt.Mailbox {
			rcpt.ORcpt = "rfc822;" + rcpt.Mailbox.String()
		}
		rcpt.Mailbox, rcpt.Dest = q.dest.Mailbox, q.dest.String()
		next.Recipients = append(next.Recipients, rcpt)
	}
	return &next
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
	t.text = safefile.NewDraft(dir, draftMemory)
	t.text.Syncer = &t.d.sync
	_, t.err = t.text.Write(finalFields(env.Sender, address))
	t.head = newHead(t.text, t.d.config.MaxReceived, addresses...)
}

// finalFields is what the last host puts in front of a message: Return-Path
// (RFC 5321 4.4) and, for one address, Delivered-To.
func finalFields(sender smtp.Mailbox, address string) []byte {
	b := append([]byte("Return-Path: <"), oneLine(sender.String())...)
	b = append(b, ">\n"...)
	if address != "" {
		b = append(append(b, "Delivered-To: "...), oneLine(address)...)
		b = append(b, '\n')
	}
	return b
}

// oneLine is s without what could end its line.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
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
