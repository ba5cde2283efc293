package deliver

import (
	"context"
	"fmt"
	"os"
	"slices"

	"postern/lib/maildir"
	"postern/lib/smtp"
)

// maxLinks bounds the Maildirs that share one file. ext4 allows 65,000.
const maxLinks = 1000

// plan is where the recipients of a message go, each destination once.
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

// planFor is a plan for one recipient with these destinations.
func planFor(rcpt smtp.Recipient, list []Destination) plan {
	return plan(nil).add(make(map[target]int), rcpt, list)
}

// add adds the destinations of a recipient. seen has the places in p of those that
// are there already: they are not added again, and get this recipient's wishes
// about reports (NOTIFY) besides.
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

// expanded decides about a recipient who stands for several others, when the
// sender wants to hear that the mail has arrived (NOTIFY=SUCCESS). Their number
// and names are not the sender's to know (RFC 3461 5.2.7, RFC 3464 2.3.3): the
// recipient gets a place in the queue of his own, list, from which runq tells the
// sender that the mail was sent on, and the others lose that wish. In all other
// cases ok is false, and others is rcpt.
func expanded(rcpt smtp.Recipient, targets int) (list planned, others smtp.Recipient, ok bool) {
	if targets < 2 || !rcpt.Wants(smtp.Success) {
		return planned{}, rcpt, false
	}
	others = rcpt
	others.Notify = slices.DeleteFunc(slices.Clone(rcpt.Notify), func(event string) bool { return event == smtp.Success })
	if len(others.Notify) == 0 {
		others.Notify = []string{smtp.Never}
	}
	return planned{rcpt, Destination{Kind: Expanded, Mailbox: rcpt.Mailbox}}, others, true
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

// envelope is env with a recipient for each destination. The original recipient
// (ORCPT) of an alias's member is the alias (RFC 3461 5.2.7).
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
