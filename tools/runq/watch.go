package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"postern/lib/maillog"
	"postern/lib/queue"
)

// The waits between two looks at the queue. The longest bounds the harm of an
// announcement that was lost, and of a clock that was set.
const (
	shortestPause = time.Second
	longestPause  = time.Minute
)

// watch works on new mail as it is announced, and on all else when it is due,
// until ctx is done.
func (r *runner) watch(ctx context.Context) error {
	// Before the first look: what comes after it is announced.
	trigger, err := r.queue.Listen()
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, r.remote.end)()
	p := r.start(ctx)
	var listener sync.WaitGroup
	kicks := make(chan struct{}, 1)
	listener.Go(func() { r.hear(ctx, p, trigger, kicks) })
	for ctx.Err() == nil {
		r.feed(ctx, p, r.due(ctx))
		r.pause(ctx, kicks)
	}
	trigger.Close()
	listener.Wait()
	r.stop(ctx, p)
	return nil
}

// hear hands announced entries to the workers, and passes kicks on, until the
// trigger is closed.
func (r *runner) hear(ctx context.Context, p *pool, trigger *queue.Trigger, kicks chan<- struct{}) {
	for {
		ref, err := trigger.Next()
		if err != nil {
			if !errors.Is(err, os.ErrClosed) {
				r.log.Log(maillog.Warning, fmt.Sprintf("new mail waits for the next look at the queue, up to %v: %v; start runq anew", longestPause, err))
			}
			return // the looks at the queue go on
		}
		if ref.ID == queue.KickID {
			select {
			case kicks <- struct{}{}:
			default: // one is enough
			}
			continue
		}
		select {
		case p.fresh <- ref:
		case <-ctx.Done():
			return
		}
	}
}

// pause waits until more is due, or is asked for. Kicks that come too soon
// wait with it.
func (r *runner) pause(ctx context.Context, kicks <-chan struct{}) {
	now := r.now()
	wait := longestPause
	if at, ok := r.queue.NextDue(now); ok {
		wait = min(wait, at.Sub(now))
	}
	if r.kickAfter.After(now) {
		wait, kicks = min(wait, r.kickAfter.Sub(now)), nil
	}
	timer := time.NewTimer(max(wait, shortestPause))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-kicks:
	case <-ctx.Done():
	}
}
