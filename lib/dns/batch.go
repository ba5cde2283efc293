package dns

import "time"

// batch is questions that are sent together and waited for together. While they
// are on their way the socket's lock guards them.
type batch struct {
	slots     []slot
	known     []placed      // replies that were there already
	elsewhere []int         // places of those that somebody else asks
	look      func([]*slot) // is given the slots that have a result, while others are waited for
	counted   bool          // each slot leaves the window as soon as it has a result
	left      int           // slots without a result
	ready     []*slot       // those with one
	seen      int           // how many of them look was shown
	done      chan struct{} // gets one element when all slots have a result; nil when whoever asks sees that himself
	timer     *time.Timer   // nil before it is first needed
	dice      dice          // for letter cases
	first     [1]slot       // room for one question, as most batches have
}

// placed is a reply, and where its question stands among all that were asked.
type placed struct {
	place int
	Reply
}

// slot is one question, and its result.
type slot struct {
	batch  *batch
	flight *flight // for which it is asked
	place  int     // of the reply, among those of all that were asked for
	key    key
	wire   []byte
	given  bool // raw or err is set
	raw    []byte
	err    error
}

func newBatch() *batch {
	return &batch{done: make(chan struct{}, 1)}
}

// within starts the timer.
func (b *batch) within(wait time.Duration) {
	if b.timer == nil {
		b.timer = time.NewTimer(wait)
	} else {
		b.timer.Reset(wait)
	}
}

// clear makes the batch an empty one. What its slots had room for they keep.
func (b *batch) clear() {
	b.slots, b.known, b.elsewhere = b.slots[:0], b.known[:0], b.elsewhere[:0]
	b.look, b.counted, b.ready, b.seen = nil, false, b.ready[:0], 0
}

// all returns the questions.
func (b *batch) all() []*slot {
	var list []*slot
	for i := range b.slots {
		list = append(list, &b.slots[i])
	}
	return list
}

// ask adds a question.
func (b *batch) ask(k key) *slot {
	n := len(b.slots)
	switch {
	case cap(b.slots) == 0:
		b.slots = b.first[:0]
	case n == cap(b.slots):
		b.slots = append(b.slots, slot{})
	}
	b.slots = b.slots[:n+1]
	q := &b.slots[n]
	*q = slot{batch: b, key: k, wire: q.wire[:0], raw: q.raw[:0]}
	return q
}

// add adds the question of a flight.
func (b *batch) add(f *flight, place int) {
	q := b.ask(f.key)
	q.flight, q.place = f, place
}

// give sets the result, of which it keeps a copy.
func (q *slot) give(raw []byte, err error) {
	q.given, q.err = true, err
	q.raw = append(q.raw[:0], raw...)
	q.batch.ready = append(q.batch.ready, q)
	if q.batch.left--; q.batch.left == 0 && q.batch.done != nil {
		q.batch.done <- struct{}{}
	}
}

// message reads the result. It is good as long as the batch is not used again.
func (q *slot) message() (message, error) {
	if q.err != nil {
		return message{}, q.err
	}
	return parseMessage(q.raw)
}
