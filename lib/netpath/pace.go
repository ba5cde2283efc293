package netpath

import (
	"context"
	"sync"
	"time"
)

const (
	// burst is how many probes may be sent at once after a pause.
	burst = 100
	// backlog is how many probes may wait for their time to be sent.
	backlog = 60 * Rate
	// rateKey is the store's key for the probes of all who share it.
	rateKey = "netpath"
)

// pause returns when n more probes may be sent.
func (t *Tracer) pause(ctx context.Context, n int) error {
	for {
		wait, reserved := t.reserve(n)
		if err := sleep(ctx, wait); err != nil || reserved {
			return err
		}
	}
}

// reserve reserves time for n probes and says how far away it is; or when there
// may be some to reserve. Who cannot write to the store has a Rate of his own.
func (t *Tracer) reserve(n int) (wait time.Duration, reserved bool) {
	if t.Store == nil {
		return t.pace.take(time.Now(), n), true
	}
	// What fits on top of so much that only a burst is left over goes out now.
	bucket := t.Store.Rate(rateKey, Rate*time.Hour.Seconds(), backlog)
	ok, wait, err := bucket.Take(float64(n), time.Now())
	if err == nil && ok {
		_, wait, err = bucket.Peek(backlog-burst, time.Now())
	}
	if t.failed(err) {
		return t.pace.take(time.Now(), n), true
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

// take reserves time for n probes, and says how far away it is.
func (p *pacer) take(now time.Time, n int) time.Duration {
	const each = time.Second / Rate
	p.mu.Lock()
	defer p.mu.Unlock()
	if earliest := now.Add(-burst * each); p.next.Before(earliest) {
		p.next = earliest
	}
	p.next = p.next.Add(time.Duration(n) * each)
	return p.next.Sub(now)
}
