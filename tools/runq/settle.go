package main

import (
	"fmt"
	"time"

	"postern/lib/queue"
)

// settle puts the entry where it belongs after an attempt, and closes it. Who
// has to be told is told first: when that fails, it is tried again with the
// entry. notBefore is when the first of its destinations that are down is
// asked again, zero when none is.
func (r *runner) settle(e *queue.Entry, notBefore time.Time) error {
	untold := r.returns(e)
	if untold != nil {
		r.report(fmt.Errorf("%s: nobody was told: %w", e.ID, untold))
	}
	open, failed, tries := 0, 0, 0
	for i := range e.Envelope.Recipients {
		switch s := e.Status(i); {
		case s.State.Open():
			open++
			tries = max(tries, s.Tries)
		case s.State == queue.Rejected:
			failed++
		}
	}
	now := r.now()
	switch {
	case open > 0:
		return e.Retry(now, later(nextTry(now, max(1, tries), r.chance()), notBefore))
	case untold != nil:
		return e.Retry(now, nextTry(now, 1, r.chance()))
	case failed > 0:
		return e.Fail()
	}
	return e.Remove()
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
