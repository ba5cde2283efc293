package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"time"

	"postern/lib/queue"
	"postern/lib/smtp"
)

// forward queues a message anew for the addresses that a user wants it to be
// sent on to. That one of them does not exist is no fault of the sender's.
func (d *Deliverer) forward(ctx context.Context, env *smtp.Envelope, i int, list []smtp.Mailbox, msg io.ReadSeeker, again bool) Outcome {
	rcpt := env.Recipients[i]
	whole, rcpt, several := expanded(rcpt, len(list))
	next := smtp.Envelope{Sender: env.Sender}
	for _, m := range list {
		to := rcpt
		to.Mailbox, to.Dest = m, ""
		if to.ORcpt == "" {
			to.ORcpt = "rfc822;" + rcpt.Mailbox.String()
		}
		next.Recipients = append(next.Recipients, to)
	}
	p, err := d.plan(ctx, &next)
	if err != nil {
		return Outcome{Status: Deferred, Err: err, Reply: smtp.Say(451, smtp.OtherMailbox, "the user's forward leads nowhere")}
	}
	if several {
		p = append(p, whole)
	}
	return d.sendOn(env, i, p, []byte("Delivered-To: "+oneLine(d.qualified(rcpt.Mailbox).String())+"\n"), msg, again)
}

// sendOn puts the message into the queue once more, for what recipient i has
// become, with fields in front. An entry that an earlier attempt has made is
// left as it is.
func (d *Deliverer) sendOn(env *smtp.Envelope, i int, p plan, fields []byte, msg io.Reader, again bool) Outcome {
	q, err := d.Queue()
	if err != nil {
		return failed(err)
	}
	next := *env
	next.ID = onwardID(env.ID, i)
	next.Ident = "" // to whom it is sent on is not for the user to see who sent it
	if again {
		switch _, err := q.Find(next.ID); {
		case err == nil:
			return onward(next.ID)
		case !errors.Is(err, queue.ErrNotFound):
			return failed(err)
		}
	}
	whole := p.envelope(&next)
	whole.SMTPUTF8 = whole.SMTPUTF8 || !whole.IsASCII()
	draft := q.Create(whole)
	defer draft.Discard()
	if _, err = draft.Write(fields); err == nil {
		_, err = io.Copy(draft, msg)
	}
	if err == nil {
		err = draft.Commit()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return failed(fmt.Errorf("sending it on: %w", err))
	}
	return onward(draft.ID())
}

// onward is the Outcome of a message that is in the queue once more.
func onward(id string) Outcome {
	o := done("queue " + id)
	o.Onward = true
	return o
}

// onwardID is the name of the entry that recipient i of the entry id becomes:
// the same at each attempt, so that it is made once.
func onwardID(id string, i int) string {
	if next := id + "-" + strconv.Itoa(i); queue.ValidID(next) {
		return next
	}
	return queue.NewID(time.Now())
}
