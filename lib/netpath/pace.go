package netpath

import (
	"context"
	"sync"
	"time"
)

const (
	// burst is how many probes may be sent at once after a pause.
	burst = 100
	// longestQueue is how long probes may wait for their time to be sent.
	longestQueue = time.Minute
	// rateKey is the store's key for the probes of all who share it.
	rateKey = "netpath"
)

// pause returns when n more probes may be sent. It is ErrBusy at once when that
// would be too late: what waited and was never sent would only keep others, whose
// time has not come, from theirs.
func (t *Tracer) pause(ctx context.Context, n int) error {
	for {
		patience := longestQueue
		deadline, hasDeadline := ctx.Deadline()
		if hasDeadline { // half of the time is left to the answers
			patience = max(0, min(patience, time.Until(deadline)/2))
		}
		wait, reserved := t.reserve(n, patience)
		if !reserved && patience < longestQueue {
			return ErrBusy
		}
		if err := sleep(ctx, wait); err != nil || reserved {
			return err
		}
	}
}

// reserve reserves time for n probes, no farther away than patience, and says how
// far; or when there may be some to reserve. Who cannot write to the store has a
// Rate of his own.
func (t *Tracer) reserve(n int, patience time.Duration) (wait time.Duration, reserved bool) {
	if t.Store == nil {
		return t.pace.take(time.Now(), n, patience)
	}
	room := burst + Rate*patience.Seconds()
	bucket := t.Store.Rate(rateKey, Rate*time.Hour.Seconds(), room)
	ok, wait, err := bucket.Take(float64(n), time.Now())
	if err == nil && ok {
		// What fits on top of so much that only a burst is left over goes out now.
		_, wait, err = bucket.Peek(room-burst, time.Now())
	}
	if t.failed(err) {
		return t.pace.take(time.Now(), n, patience)
	}
	return wait, ok
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pacer spaces the probes of one Tracer.
type pacer struct {
	mu   sync.Mutex
	next time.Time // when all that was let through would be, one after the other
}

// take reserves time for n probes, no farther away than patience, and says how
// far; or when there will be some to reserve.
func (p *pacer) take(now time.Time, n int, patience time.Duration) (wait time.Duration, reserved bool) {
	const each = time.Second / Rate
	p.mu.Lock()
	defer p.mu.Unlock()
	next := later(p.next, now.Add(-burst*each)).Add(time.Duration(n) * each)
	if wait = next.Sub(now); wait > patience {
		return wait - patience, false
	}
	p.next = next
	return wait, true
}
