package dns

import "context"

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

// size is about how many octets of memory the reply takes.
func (r *Reply) size() (n int) {
	const record = 64
	lists := [...][]Record{r.Answer.Records, r.Answer.Aliases, nil}
	if e, ok := r.Err.(*Error); ok {
		lists[2] = e.Aliases
	}
	for _, list := range lists {
		for i := range list {
			n += record + len(list[i].Data)
		}
	}
	return n
}

// Tell is told the reply to the question at a place.
type Tell func(place int, reply Reply)

// QueryAll asks all questions at once, and returns what Query would for each,
// in their order.
func QueryAll(ctx context.Context, r Resolver, questions []Question) []Reply {
	replies := make([]Reply, len(questions))
	QueryEach(ctx, r, questions, func(i int, reply Reply) { replies[i] = reply })
	return replies
}

// QueryEach asks all questions at once, and tells for each what Query would
// return, soon after it is known, one after the other. A resolver that asks name
// servers does it for a fraction of the price of as many calls of Query.
func QueryEach(ctx context.Context, r Resolver, questions []Question, tell Tell) {
	if l, ok := r.(lookups); ok && l.all != nil && len(questions) > 1 {
		l.queryEach(ctx, questions, tell)
		return
	}
	abreast(len(questions), func(i int) Reply {
		a, err := r.Query(ctx, questions[i].Name, questions[i].Type)
		return Reply{a, err}
	}, tell)
}

// queryEach leaves to all what can be asked.
func (l lookups) queryEach(ctx context.Context, questions []Question, tell Tell) {
	keys := make([]key, 0, len(questions))
	places := make([]int, 0, len(questions)) // of the keys' questions
	for i, q := range questions {
		name, ok := question(q.Name)
		if !ok {
			tell(i, Reply{Err: notAName(q.Name, q.Type)})
			continue
		}
		keys, places = append(keys, key{name, q.Type}), append(places, i)
	}
	l.all(ctx, keys, func(i int, r Reply) { tell(places[i], r) })
}

// abreast does something n times at once, and tells what came of each.
func abreast(n int, do func(int) Reply, tell Tell) {
	if n == 1 {
		tell(0, do(0))
		return
	}
	type told struct {
		place int
		reply Reply
	}
	all := make(chan told)
	for i := range n {
		go func() { all <- told{i, do(i)} }()
	}
	for range n {
		t := <-all
		tell(t.place, t.reply)
	}
}
