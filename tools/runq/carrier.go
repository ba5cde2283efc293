package main

import (
	"context"
	"io"

	"postern/lib/deliver"
	"postern/lib/queue"
)

// result is what became of one recipient.
type result struct {
	deliver.Outcome
	// Host is who answered, as name[address], when it was another host.
	Host string
	// TLS is what protected the mail on its way there, as smtp says it.
	TLS string
	// NoDSN means that the host that has taken the mail makes no reports of
	// its own (RFC 3461): what was asked for ends here.
	NoDSN bool
}

// carrier brings an entry's text to some of its recipients.
type carrier interface {
	// carry tries the recipients, which are indexes into the envelope, and
	// reports each as soon as its fate is known. The entry is locked, and
	// report may be called by one goroutine at a time. Who is not reported
	// is tried again.
	carry(ctx context.Context, e *queue.Entry, rcpts []int, report func(i int, r result))
}

// local carries to mailboxes and commands of this host.
type local struct{ deliverer *deliver.Deliverer }

func (l local) carry(ctx context.Context, e *queue.Entry, rcpts []int, report func(int, result)) {
	l.deliverer.DeliverAll(ctx, deliver.Job{
		Env: e.Envelope, Rcpts: rcpts, Again: e.Interrupted,
		Text: func() io.ReadSeeker { return e.Message() },
	}, func(i int, o deliver.Outcome) { report(i, result{Outcome: o}) })
}
