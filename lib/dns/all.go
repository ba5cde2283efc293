package dns

import (
	"context"
	"sync"
	"time"
)

// Question is what a resolver can be asked.
type Question struct {
	Name string
	Type Type
}

// Reply is what Query returns.
type Reply struct {
	Answer Answer
	Err    error
}

// QueryAll asks all questions at once, and returns what Query would for each,
// in their order. A resolver that asks name servers does it for a fraction of
// the price of as many calls of Query.
func QueryAll(ctx context.Context, r Resolver, questions []Question) []Reply {
	replies := make([]Reply, len(questions))
	if l, ok := r.(lookups); ok && l.all != nil && len(questions) > 1 {
		l.queryAll(ctx, questions, replies)
		return replies
	}
	abreast(len(questions), func(i int) {
		replies[i].Answer, replies[i].Err = r.Query(ctx, questions[i].Name, questions[i].Type)
	})
	return replies
}

// queryAll leaves to all what can be asked.
func (l lookups) queryAll(ctx context.Context, questions []Question, replies []Reply) {
	keys := make([]key, 0, len(questions))
	for i, q := range questions {
		name, ok := question(q.Name)
		if !ok {
			replies[i].Err = notAName(q.Name, q.Type)
			continue
		}
		keys = append(keys, key{name, q.Type})
	}
	if len(keys) == len(questions) {
		l.all(ctx, keys, replies)
		return
	}
	some := make([]Reply, len(keys))
	l.all(ctx, keys, some)
	for i := range replies {
		if replies[i].Err == nil {
			replies[i], some = some[0], some[1:]
		}
	}
}

// abreast does something n times, at once, the last time here.
func abreast(n int, do func(int)) {
	var others sync.WaitGroup
	for i := range n - 1 {
		others.Go(func() { do(i) })
	}
	if n > 0 {
		do(n - 1)
	}
	others.Wait()
}

// most is how many questions may be sent together.
const most = 64

// all answers from memory what is known, asks together what nobody asks yet,
// and then waits for what others ask.
func (c *client) all(ctx context.Context, keys []key, replies []Reply) {
	if parts := (len(keys) + most - 1) / most; parts > 1 {
		abreast(parts, func(i int) {
			from, to := i*most, min((i+1)*most, len(keys))
			c.all(ctx, keys[from:to], replies[from:to])
		})
		return
	}
	s := c.servers[c.first.Load()]
	b := s.batch()
	defer s.release(b)
	c.memory.findAll(keys, b, replies, c.config.now())
	if len(b.slots) > 0 {
		c.leadAll(ctx, s, b, replies)
	}
	for _, i := range b.elsewhere {
		replies[i].Answer, replies[i].Err = c.query(ctx, keys[i].name, keys[i].t)
	}
}

// leadAll asks the questions of a batch for all who wait for their flights: s by
// UDP, and in the patient way what that does not settle.
func (c *client) leadAll(ctx context.Context, s *server, b *batch, replies []Reply) {
	asked := c.askAll(ctx, s, b)
	var rest []*slot
	for i := range b.slots {
		q := &b.slots[i]
		if m, err := q.message(); asked && err == nil && !m.truncated && usable(&m) {
			a, err := read(&m, q.key, s.trust)
			q.flight.set(a, err, true)
		} else {
			rest = append(rest, q)
		}
	}
	abreast(len(rest), func(i int) {
		a, err := c.ask(ctx, rest[i].key)
		rest[i].flight.set(a, err, ctx.Err() == nil)
	})
	for i := range b.slots {
		q := &b.slots[i]
		replies[q.place] = q.flight.Reply.clone()
	}
	c.memory.landAll(b, c.config.now())
}

// askAll asks s by UDP, and reports whether the slots have their results.
func (c *client) askAll(ctx context.Context, s *server, b *batch) bool {
	n := len(b.slots)
	if s.tcp || n > c.config.Window || !c.window.enter(ctx, n, time.Now().Add(c.config.Limit)) {
		return false
	}
	b.counted = true
	err := s.byUDP(ctx, b, !s.plain.Load(), c.config.Try)
	if err != nil {
		c.window.leave(n)
	}
	return err == nil
}
