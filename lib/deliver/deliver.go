// Package deliver decides where each recipient of a message goes, and brings
// it there: into a Maildir, an mbox, or the queue.
package deliver

import (
	"context"
	"errors"
	"io"

	"postern/lib/place"
	"postern/lib/smtp"
)

// Deliverer routes and delivers mail. It may be used by many sessions at
// once.
type Deliverer struct {
	config Config
	places place.Places
}

// Answer says what is known of an address before its mail is taken.
type Answer int

// The answers of Ask.
const (
	Unknown Answer = iota // ours, and there is no such mailbox: 550 5.1.1
	Known                 // ours, and it exists
	Remote                // not ours: who may relay is the caller's question
	Refused               // a rule forbids it: 550 5.7.1
	Broken                // cannot be said now, see the error: 451 4.3.0
)

// Ask says whether m can be delivered to. The error is set only with
// Broken: aliases or rules that cannot be read, a store that fails.
func (d *Deliverer) Ask(ctx context.Context, m smtp.Mailbox) (Answer, error) {
	return Broken, errors.ErrUnsupported
}

// Errors of Commit that say something about the message itself. All other
// errors are ours, and temporary.
var (
	ErrLoop        = errors.New("the message is in a loop")
	ErrNoRecipient = errors.New("no such recipient")
)

// Draft is a message that is being taken in. Nobody has it until Commit.
type Draft struct{}

// Begin decides the way of a message to all recipients of env: straight into
// the Maildirs when those are one set of our own uid on one file system, into
// the queue otherwise.
func (d *Deliverer) Begin(ctx context.Context, env *smtp.Envelope) (*Draft, error) {
	return nil, errors.ErrUnsupported
}

// Write takes the next octets of the message, LF line ends, its newest
// Received field first. Return-Path is taken out of it, and put in front on
// final delivery with Delivered-To (RFC 5321 4.4).
func (t *Draft) Write(p []byte) (int, error) { return 0, errors.ErrUnsupported }

// Commit makes the message durable and says where it is, for the log. After
// an error nobody has it; Reply has the words for the client.
func (t *Draft) Commit(ctx context.Context) (where string, err error) {
	return "", errors.ErrUnsupported
}

// Discard drops a draft; after Commit it does nothing.
func (t *Draft) Discard() {}

// Reply is what a client is told when Begin, Write or Commit fails with err:
// 452 4.3.1 for a full disk, 554 5.4.6 for a loop, else 451 4.3.0.
func Reply(err error) smtp.Reply {
	return smtp.Say(451, smtp.OtherSystem, "local error, try again later")
}

// Status is how the delivery to one recipient ended.
type Status int

// The ends of a delivery.
const (
	Deferred  Status = iota // try again later
	Delivered               // safe at its final destination
	Rejected                // never: to be returned to the sender
)

// Outcome is the result of Deliver for one recipient.
type Outcome struct {
	Status Status
	Reply  smtp.Reply // as an SMTP server would have said it
	Remote bool       // not delivered here: the way is smtp's, and Status is Deferred
	Where  string     // where a delivered message is, for the log
}

// Deliver brings a queued message to recipient i of env. msg is the whole
// message as it was written to the Draft, and is read from its current place.
// A recipient whose mailbox belongs to another uid is served by a child with
// that uid when we are root, and deferred when we are not.
func (d *Deliverer) Deliver(ctx context.Context, env *smtp.Envelope, i int, msg io.ReadSeeker) Outcome {
	return Outcome{}
}
