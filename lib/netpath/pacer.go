package netpath

import (
	"sync"
	"time"
)

// pacer spaces the probes of one Tracer.
type pacer struct {
	mu    sync.Mutex
	next  time.Time // when all that was let through would be, one after the other
	alone time.Time // until then the store, which failed, is not asked
}

// take reserves time for n probes, no farther away than patience.
func (p *pacer) take(now time.Time, n int, patience time.Duration) turn {
	const each = time.Second / Rate
	p.mu.Lock()
	defer p.mu.Unlock()
	next := later(p.next, now.Add(-burst*each)).Add(time.Duration(n) * each)
	wait := next.Sub(now)
	if wait > patience {
		return turn{wait: wait - patience}
	}
	p.next = next
	return turn{wait: wait, reserved: true}
}

// aloneFor is how long a store that failed is left alone: each try may take as
// long as the first.
const aloneFor = time.Minute

func (p *pacer) isAlone(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Before(p.alone)
}

func (p *pacer) goAlone(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alone = now.Add(aloneFor)
}
