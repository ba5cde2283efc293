package netpath

import (
	"context"
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
		patience := patienceOf(ctx)
		r := t.reserve(ctx, n, patience)
		switch {
		case r.err != nil:
			return r.err
		case !r.reserved && patience < longestQueue:
			return ErrBusy
		}
		if err := sleep(ctx, r.wait); err != nil || r.reserved {
			return err
		}
	}
}

// patienceOf is how long probes may wait: half of the time is left to the answers.
func patienceOf(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return longestQueue
	}
	return max(0, min(longestQueue, time.Until(deadline)/2))
}

// turn is how long it is until the time that was reserved for probes; or, when none
// was reserved, until it is worth asking for one again.
type turn struct {
	wait     time.Duration
	reserved bool
	err      error
}

// reserve reserves time for n probes, no farther away than patience. Who cannot
// write to the store has a Rate of his own. The error is ctx's.
func (t *Tracer) reserve(ctx context.Context, n int, patience time.Duration) turn {
	if t.Store != nil && !t.pace.isAlone(time.Now()) {
		r := t.reserveShared(ctx, n, patience)
		if ctx.Err() != nil || !t.failed(r.err) {
			r.err = ctx.Err()
			return r
		}
		t.pace.goAlone(time.Now())
	}
	return t.pace.take(time.Now(), n, patience)
}

// reserveShared is reserve among all who share the store. It waits for whoever
// has the store's file, who may have been stopped, until ctx is done.
func (t *Tracer) reserveShared(ctx context.Context, n int, patience time.Duration) (r turn) {
	room := burst + Rate*patience.Seconds()
	bucket := t.Store.Rate(rateKey, Rate*time.Hour.Seconds(), room)
	r.reserved, r.wait, r.err = bucket.Take(ctx, float64(n), time.Now())
	if r.err == nil && r.reserved {
		// What fits on top of so much that only a burst is left over goes out now.
		_, r.wait, r.err = bucket.Peek(ctx, room-burst, time.Now())
	}
	return r
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
