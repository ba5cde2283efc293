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
	where := make([]int, 0, len(questions)) // the place of each key's question
	for i, q := range questions {
		name, ok := question(q.Name)
		if !ok {
			replies[i].Err = notAName(q.Name, q.Type)
			continue
		}
		keys, where = append(keys, key{name, q.Type}), append(where, i)
	}
	if len(keys) == len(questions) {
		l.all(ctx, keys, replies)
		return
	}
	some := make([]Reply, len(keys))
	l.all(ctx, keys, some)
	for i, r := range some {
		replies[where[i]] = r
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

// most is how many questions may be sent together: no more than fit into a
// window.
const most = 16

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
	var room [most]*flight
	flights := room[:len(keys)]
	c.memory.findAll(keys, flights, replies, c.config.now())
	c.leadAll(ctx, keys, flights, replies)
	for i, f := range flights {
		if f == elsewhere {
			replies[i].Answer, replies[i].Err = c.query(ctx, keys[i].name, keys[i].t)
		}
	}
}

// leadAll asks what has a flight of ours.
func (c *client) leadAll(ctx context.Context, keys []key, flights []*flight, replies []Reply) {
	var mine [most]int // places in keys
	n := 0
	for i, f := range flights {
		if f != nil && f != elsewhere {
			mine[n] = i
			n++
		}
	}
	if n == 0 {
		return
	}
	var ours [most]key
	for i, at := range mine[:n] {
		ours[i] = keys[at]
	}
	var got [most]Reply
	c.askAll(ctx, ours[:n], got[:n])
	for i, at := range mine[:n] {
		f := flights[at]
		f.answer, f.err = got[i].Answer, got[i].Err
		f.given = f.err == nil || ctx.Err() == nil
		replies[at] = Reply{f.answer.clone(), f.err}
	}
	now := c.config.now()
	for i, at := range mine[:n] {
		c.memory.land(ours[i], flights[at], now)
	}
}

// askAll asks the best server by UDP. Whatever that does not settle is asked in
// the patient way.
func (c *client) askAll(ctx context.Context, keys []key, replies []Reply) {
	s := c.servers[c.first.Load()]
	var got [most]exchanged
	end := time.Now().Add(c.config.Limit)
	together := !s.tcp && len(keys) <= c.config.Window && c.window.enter(ctx, len(keys), end)
	if together {
		s.byUDP(ctx, keys, !s.plain.Load(), got[:len(keys)], c.config.Try)
		c.window.leave(len(keys))
	}
	var rest []int
	for i := range keys {
		e := &got[i]
		if !together || e.err != nil || e.m.truncated || !usable(&e.m) {
			rest = append(rest, i)
			continue
		}
		replies[i].Answer, replies[i].Err = read(&e.m, keys[i], s.trust)
	}
	abreast(len(rest), func(i int) {
		at := rest[i]
		replies[at].Answer, replies[at].Err = c.ask(ctx, keys[at])
	})
}
