package dns

import (
	"context"
	"sync"
	"time"
)

// maxBatch is how many questions are sent together.
const maxBatch = 64

// all answers from memory what is known, asks together what nobody asks yet,
// and then waits for what others ask.
func (c *client) all(ctx context.Context, keys []key, tell Tell) {
	if len(keys) > maxBatch {
		c.parts(ctx, keys, tell)
		return
	}
	s := c.servers[c.first.Load()]
	b := s.batch()
	defer s.release(b)
	c.memory.findAll(keys, b, c.config.now())
	for _, k := range b.known {
		tell(k.place, k.Reply)
	}
	if len(b.slots) > 0 {
		c.leadAll(ctx, s, b, tell)
	}
	for _, i := range b.elsewhere {
		a, err := c.query(ctx, keys[i].name, keys[i].t)
		tell(i, Reply{a, err})
	}
}

// parts is all for more questions than are sent together.
func (c *client) parts(ctx context.Context, keys []key, tell Tell) {
	var mu sync.Mutex
	var others sync.WaitGroup
	for from := 0; from < len(keys); from += maxBatch {
		part := keys[from:min(from+maxBatch, len(keys))]
		others.Go(func() {
			c.all(ctx, part, func(i int, r Reply) {
				mu.Lock()
				defer mu.Unlock()
				tell(from+i, r)
			})
		})
	}
	others.Wait()
}

// leadAll asks the questions of a batch for all who wait for their flights: first s,
// by UDP and all together, and then each by itself, as ask does, that this has not
// settled.
func (c *client) leadAll(ctx context.Context, s *server, b *batch, tell Tell) {
	var rest []*slot
	b.look = func(ready []*slot) {
		now := c.config.now()
		for _, q := range ready {
			m, err := q.message()
			if err != nil || m.truncated || !usable(&m) {
				rest = append(rest, q)
				continue
			}
			a, err := read(&m, q.key, s.trust)
			c.settle(q, Reply{a, err}, true, now, tell)
		}
	}
	if !c.askAll(ctx, s, b) {
		rest = b.all()
	}
	abreast(len(rest), func(i int) Reply {
		a, err := c.ask(ctx, rest[i].key)
		return Reply{a, err}
	}, func(i int, r Reply) {
		c.settle(rest[i], r, ctx.Err() == nil, c.config.now(), tell)
	})
}

// settle lands the flight of a question and tells its reply.
func (c *client) settle(q *slot, r Reply, patient bool, now time.Time, tell Tell) {
	q.flight.set(r.Answer, r.Err, patient)
	c.memory.land(q.flight, now)
	tell(q.place, r.clone())
}

// askAll asks s by UDP, and reports whether it could. What became of the
// questions is shown to the batch's look.
func (c *client) askAll(ctx context.Context, s *server, b *batch) bool {
	n := len(b.slots)
	if s.tcp || n > c.config.Window || !c.window.enter(ctx, n, time.Now().Add(c.config.Limit)) {
		return false
	}
	b.counted = true
	if s.byUDP(ctx, b, !s.plain.Load(), c.config.Try) != nil {
		c.window.leave(n)
		return false
	}
	b.look(b.ready[b.seen:])
	return true
}
