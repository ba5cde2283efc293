package deliver

import (
	"context"
	"io"
	"os"
	"time"

	"postern/lib/maildir"
	"postern/lib/mbox"
	"postern/lib/safefile"
	"postern/lib/smtp"
)

// Deliver brings a queued message to recipient i of env. msg is the whole
// message as it was written to the Draft, and is read from its current place.
// A recipient whose mailbox belongs to another uid is served by a child with
// that uid when we are root, and deferred when we are not. again says that
// there was an attempt whose end is not known: where it has put the message
// into the mailbox, nothing is done. What turns out to go to other addresses,
// or to more than one destination, is queued anew.
func (d *Deliverer) Deliver(ctx context.Context, env *smtp.Envelope, i int, msg io.ReadSeeker, again bool) Outcome {
	rcpt := env.Recipients[i]
	list, err := d.destinations(ctx, rcpt, env.Sender)
	switch {
	case err != nil:
		return failed(err)
	case unknown(list) && rcpt.Dest == "":
		return failed(ErrNoRecipient)
	case len(list) > 1 || list[0].Kind == Relay && list[0].Mailbox != rcpt.Mailbox:
		return d.sendOn(env, i, planFor(rcpt, list), nil, msg, again)
	}
	v := Delivery{ID: env.ID, Sender: env.Sender, Dest: list[0], Text: msg, Again: again}
	start, err := msg.Seek(0, io.SeekCurrent)
	if err != nil {
		return failed(err)
	}
	o := d.Final(ctx, v)
	if len(o.Forward) == 0 {
		return o
	}
	if _, err := msg.Seek(start, io.SeekStart); err != nil {
		return failed(err)
	}
	return d.forward(ctx, env, i, o.Forward, msg, again)
}

// destinations is where a queued recipient goes: as was decided when the
// message was taken, unless it could not be decided then.
func (d *Deliverer) destinations(ctx context.Context, rcpt smtp.Recipient, sender smtp.Mailbox) ([]Destination, error) {
	if rcpt.Dest != "" {
		dest, err := ParseDestination(rcpt.Dest, rcpt.Mailbox)
		if err != nil {
			return nil, err
		}
		if dest.Kind != Later {
			return d.allowed(ctx, dest, sender), nil
		}
	}
	return d.routeFrom(ctx, rcpt.Mailbox, sender)
}

// Delivery is a message for one destination.
type Delivery struct {
	ID     string // of the queue entry, "" if it has none
	Sender smtp.Mailbox
	Dest   Destination
	Text   io.ReadSeeker // read from its current place
	Again  bool          // there was an attempt whose end is not known
	Child  bool          // we run as the user, for a parent that limits our time

	home bool // it was forwarded from here before, and goes into the mailbox itself
}

// Final brings a message to its destination. Mailboxes of other uids are
// written by a child with that uid when we are root.
func (d *Deliverer) Final(ctx context.Context, v Delivery) Outcome {
	v.Dest.Mailbox = d.qualified(v.Dest.Mailbox)
	switch v.Dest.Kind {
	case Maildir, Mbox:
		return d.finalMailbox(ctx, v)
	case Discard:
		return done("/dev/null")
	case Expanded:
		return Outcome{Status: Delivered, Reply: smtp.Say(250, smtp.NoDetail, "sent on"), Where: "queue " + v.ID}
	case Relay:
		o := deferred(smtp.NoRoute, "other hosts are runq's to reach")
		o.Remote = true
		return o
	case Nobody:
		return deferred(smtp.NoMailbox, "no such mailbox")
	case LMTP:
		env := &smtp.Envelope{ID: v.ID, Sender: v.Sender, Recipients: []smtp.Recipient{{Mailbox: v.Dest.Mailbox}}}
		return d.lmtp(ctx, v.Dest.Path, env, v.Text)[0]
	case Command:
		return d.finalCommand(ctx, v)
	}
	return deferred(smtp.BadConfiguration, v.Dest.Path)
}

// finalMailbox writes a mailbox with the rights of its owner.
func (d *Deliverer) finalMailbox(ctx context.Context, v Delivery) Outcome {
	owner, err := v.Dest.owner()
	if err != nil {
		return failed(err)
	}
	me := os.Geteuid()
	if me == 0 && owner.Owner != 0 {
		return d.asOwner(ctx, owner, v)
	}
	if owner.Owner != me {
		return deferred(smtp.BadConfiguration, "the mailbox belongs to another user, whom only root can serve")
	}
	if v.Dest.private {
		if o, done := d.personal(ctx, &v); done {
			return o
		}
	}
	where, err := d.write(ctx, v)
	if err != nil {
		return failed(err)
	}
	return done(where)
}

// owner is who owns the mailbox, or the folder in which it is to be made.
func (d *Destination) owner() (maildir.Info, error) {
	err := d.look()
	if missing(err) && d.Create {
		return folderOf(d.Path)
	}
	return d.info, err
}

// write puts the message into a mailbox of ours.
func (d *Deliverer) write(ctx context.Context, v Delivery) (where string, err error) {
	address := v.Dest.Mailbox.String()
	if err := d.notDelivered(address, v.Text); err != nil && !v.home {
		return "", err
	}
	fields := finalFields(v.Sender, address)
	if v.Dest.Kind == Maildir {
		return d.writeMaildir(v, fields)
	}
	o := mbox.Options{Create: v.Dest.Create}
	if v.Again && v.ID != "" {
		o.Mark = []byte("id " + v.ID) // as it stands in our Received field
	}
	m := mbox.Message{Sender: v.Sender.String(), Date: time.Now(), Fields: fields, Text: v.Text}
	return v.Dest.Path, mbox.Append(ctx, v.Dest.Path, m, o)
}

// writeMaildir puts the message into a Maildir of ours.
func (d *Deliverer) writeMaildir(v Delivery, fields []byte) (where string, err error) {
	path := v.Dest.Path
	if v.Dest.Create && !v.Dest.there {
		if err := maildir.Create(path); err != nil {
			return "", err
		}
	}
	if v.Again && v.ID != "" {
		if there, err := maildir.Has(path, v.ID); there || err != nil {
			return path, err
		}
	}
	draft := safefile.NewDraft(maildir.New(path), safefile.UsualMemory)
	defer draft.Discard()
	draft.Syncer = &d.sync
	if _, err := draft.Write(fields); err != nil {
		return "", err
	}
	if _, err := io.Copy(draft, v.Text); err != nil {
		return "", err
	}
	names, err := maildir.Commit(draft, time.Now(), d.config.Hostname, v.ID, path)
	return names[0], err
}
