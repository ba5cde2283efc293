package main

import (
	"context"
	"sync"
	"time"

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
	listener.Go(func() { r.hear(ctx, p, trigger) })
	for ctx.Err() == nil {
		r.feed(ctx, p, r.queue.Due(ctx, r.now()))
		r.pause(ctx)
	}
	trigger.Close()
	listener.Wait()
	r.stop(p)
	return nil
}

// hear hands announced entries to the workers until the trigger is closed.
func (r *runner) hear(ctx context.Context, p *pool, trigger *queue.Trigger) {
	for {
		ref, err := trigger.Next()
		if err != nil {
			return // the looks at the queue go on
		}
		select {
		case p.fresh <- ref:
		case <-ctx.Done():
			return
		}
	}
}

// pause waits until more is due.
func (r *runner) pause(ctx context.Context) {
	now := r.now()
	wait := longestPause
	if at, ok := r.queue.NextDue(now); ok {
		wait = min(wait, at.Sub(now))
	}
	timer := time.NewTimer(max(wait, shortestPause))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
