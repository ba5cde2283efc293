package tool

import (
	"context"
	"sync"
	"time"
)

// limit is a context with a deadline as context.WithDeadline makes one, but its
// timer is not started before somebody waits for it. Most checks wait for nothing,
// and in a process that makes one check a timer brings a poller and a thread.
type limit struct {
	context.Context
	end time.Time

	mu     sync.Mutex
	over   bool
	timed  context.Context // nil before somebody waits
	cancel context.CancelFunc
}

// within returns a context that ends after d, or when it is stopped.
func within(ctx context.Context, d time.Duration) *limit {
	l := &limit{Context: ctx, end: time.Now().Add(d)}
	if end, ok := ctx.Deadline(); ok && end.Before(l.end) {
		l.end = end
	}
	return l
}

// stop ends it.
func (l *limit) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if l.cancel != nil {
		l.cancel()
	}
}

// Deadline returns the end.
func (l *limit) Deadline() (time.Time, bool) { return l.end, true }

// Done returns a channel that is closed at the end.
func (l *limit) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timed == nil {
		l.timed, l.cancel = context.WithDeadline(l.Context, l.end)
		if l.over {
			l.cancel()
		}
	}
	return l.timed.Done()
}

// Err says why it has ended, nil when it has not.
func (l *limit) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.timed != nil:
		return l.timed.Err()
	case l.Context.Err() != nil:
		return l.Context.Err()
	case l.over:
		return context.Canceled
	case !time.Now().Before(l.end):
		return context.DeadlineExceeded
	}
	return nil
}
