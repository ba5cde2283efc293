package netpath

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"postern/lib/state"
)

// Tracer finds paths, several at a time, and keeps all of them together to Rate
// probes a second. The zero value is ready.
type Tracer struct {
	Method Method
	Port   uint16 // of the hosts; 0 is PortUDP or PortTCP
	// Store, when it is there, is shared with other processes: paths that were
	// found less than Keep ago, one measuring of a path at a time, the hops near
	// to us, Rate. An error of it is no error: this Tracer goes without.
	Store *state.Store
	Keep  time.Duration
	Fresh bool // measure each path, and neither use nor fill what Store knows of paths
	// Share lets hops that were measured for another host less than ShareAge ago
	// stand for those of this path, as long as an answer shows that both paths
	// go through one router. It saves probes, and answers of routers that limit
	// them.
	Share bool

	pace pacer
	open func(dest netip.Addr) (wire, error) // the system's socket when nil
}

// wire sends probes to one host and gives the answers.
type wire interface {
	// send sends a probe that lives for ttl hops.
	send(ttl, try int) error
	// receive waits for an answer until the deadline: os.ErrDeadlineExceeded.
	receive(deadline time.Time) (answer, error)
	// Close ends a receive that waits. It may be called twice.
	Close() error
}

// answer is an answer to a probe.
type answer struct {
	ttl, try int
	from     netip.Addr
	end      End // Silent for a router on the way; Reached, Blocked
}

// Trace finds the path to a host. hops > 0 are all that is looked at; else it
// is MaxHops. With an error of ctx the path is what was known by then.
func (t *Tracer) Trace(ctx context.Context, dest netip.Addr, hops int) (Path, error) {
	dest = dest.Unmap()
	if !dest.IsValid() || dest.IsUnspecified() || dest.IsMulticast() {
		return Path{}, fmt.Errorf("%v: %w", dest, ErrAddress)
	}
	now := time.Now()
	if p, ok := t.Cached(dest, now); ok && !t.Fresh {
		return p, nil
	}
	p, err := t.measure(ctx, dest, hops)
	if err == nil && p.End != Limit {
		t.keep(&p)
	}
	return p, err
}

// measure finds a path that nobody knows.
func (t *Tracer) measure(ctx context.Context, dest netip.Addr, hops int) (Path, error) {
	open := t.open
	if open == nil {
		open = openSocket
	}
	w, err := open(dest)
	if err != nil {
		return Path{}, err
	}
	defer w.Close()
	defer context.AfterFunc(ctx, func() { w.Close() })()
	if hops <= 0 || hops > MaxHops {
		hops = MaxHops
	}
	s := search{wire: w, pace: &t.pace, dest: dest, limit: hops, began: time.Now()}
	err = s.run(ctx)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return s.path(), err
}

// burst is how many probes a Tracer sends at once after a pause.
const burst = 100

// pacer spaces probes.
type pacer struct {
	mu   sync.Mutex
	next time.Time // when all that was let through would be, one after the other
}

// wait returns when n more probes may be sent.
func (p *pacer) wait(ctx context.Context, n int) error {
	d := p.take(time.Now(), n)
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
