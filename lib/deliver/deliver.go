// Package deliver decides where each recipient of a message goes, and brings
// it there: into a mailbox, to a command, to an LMTP server, or into the queue.
package deliver

import (
	"context"
	"errors"
	"slices"
	"sync"

	"postern/lib/place"
	"postern/lib/queue"
	"postern/lib/rewrite"
	"postern/lib/safefile"
	"postern/lib/smtp"
)

// Deliverer routes and delivers mail. It may be used by many sessions at
// once.
type Deliverer struct {
	config  Config
	places  place.Places
	rules   safefile.Source[rewrite.Rules]
	aliases safefile.Source[*aliasTable]
	routes  routeCache
	sync    safefile.Syncer // of the Maildirs

	opening sync.Mutex
	queue   *queue.Queue
}

// Answer says what is known of an address before its mail is taken.
type Answer int

// The answers of Ask.
const (
	Unknown Answer = iota // ours, and there is no such mailbox: 550 5.1.1
	Known                 // ours, and it exists
	Remote                // not ours: who may relay is the caller's question
	Refused               // no rule can be obeyed for such an address: 550 5.7.1
	Broken                // cannot be said now, see the error: 451 4.3.0
)

// Ask says whether m can be delivered to. The error is set only with
// Broken: aliases or rules that cannot be read, a store that fails.
func (d *Deliverer) Ask(ctx context.Context, m smtp.Mailbox) (Answer, error) {
	list, err := d.Route(ctx, m)
	switch {
	case errors.Is(err, ErrRefused):
		return Refused, nil
	case err != nil:
		return Broken, err
	case unknown(list):
		return Unknown, nil
	case !d.ours(m.Domain) && !slices.ContainsFunc(list, Destination.here):
		return Remote, nil // also when a rule has given it another name
	}
	return Known, nil
}

// Queue is the queue that takes what cannot be delivered at once. It is opened
// when it is first needed, and where that fails, at the next call: a process may
// stay longer than the fault.
func (d *Deliverer) Queue() (q *queue.Queue, err error) {
	d.opening.Lock()
	defer d.opening.Unlock()
	if d.queue == nil {
		d.queue, err = queue.Open(d.config.Queue)
	}
	return d.queue, err
}

// Check is all that is wrong with rules and aliases, for --check.
func (d *Deliverer) Check() []error {
	var errs []error
	rules, err := d.rules.Load()
	if err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, rules.Check(d.config.Hostname)...)
	table, err := d.aliases.Load()
	if err != nil {
		errs = append(errs, err)
	}
	return append(errs, table.check()...)
}

// Hostname is the name of this host.
func (d *Deliverer) Hostname() string { return d.config.Hostname }

// Errors of Begin, Write and Commit that say something about the message
// itself. All other errors are ours, and temporary.
var (
	ErrLoop        = errors.New("the message is in a loop")
	ErrNoRecipient = errors.New("no such recipient")
	ErrRefused     = errors.New("mail for this address is not permitted")
)
