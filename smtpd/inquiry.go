package main

import (
	"context"
	"fmt"
	"time"

	"postern/lib/maillog"
)

// An inquiry is something that is being found out while the dialogue goes on. A nil
// inquiry, for what is not wanted, is over and has found nothing.
type inquiry[T any] struct {
	done   chan struct{}
	cancel context.CancelFunc
	found  T
}

// inquire begins an inquiry, whose context ends after limit. A panic in ask is
// logged, and has found nothing.
func inquire[T any](srv *server, what string, limit time.Duration, ask func(context.Context) T) *inquiry[T] {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	q := &inquiry[T]{done: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(q.done)
		defer func() {
			if p := recover(); p != nil {
				srv.logf(maillog.Err, "check", what, "error", fmt.Sprintf("panic: %v", p))
			}
		}()
		q.found = ask(ctx)
	}()
	return q
}

// found is an inquiry into what is known already.
func found[T any](what T) *inquiry[T] {
	q := &inquiry[T]{done: make(chan struct{}), found: what}
	close(q.done)
	return q
}

// wait gives what was found, when it is.
func (q *inquiry[T]) wait() (found T) {
	if q != nil {
		<-q.done
		found = q.found
	}
	return found
}

// over says whether the inquiry has ended, so that wait would not wait.
func (q *inquiry[T]) over() bool {
	if q == nil {
		return true
	}
	select {
	case <-q.done:
		return true
	default:
		return false
	}
}

// stop cancels an inquiry whose result nobody wants any more, and waits for its end.
func (q *inquiry[T]) stop() {
	if q != nil && q.cancel != nil {
		q.cancel()
		<-q.done
	}
}
