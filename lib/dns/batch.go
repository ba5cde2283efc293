package dns

import (
	"encoding/binary"
	"time"
)

// batch is questions that are sent together and waited for together. While they
// are on their way the socket's lock guards them.
type batch struct {
	slots []slot
	left  int           // slots without a result
	done  chan struct{} // has room for one: all have a result
	timer *time.Timer
}

// slot is one question, and its result.
type slot struct {
	batch *batch
	wire  []byte
	given bool // raw or err is set
	raw   []byte
	err   error
}

func newBatch() *batch {
	b := &batch{done: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
	b.timer.Stop()
	return b
}

// prepare makes room for n questions.
func (b *batch) prepare(n int) {
	if cap(b.slots) < n {
		b.slots = make([]slot, n)
	}
	b.slots = b.slots[:n]
	b.left = n
	for i := range b.slots {
		q := &b.slots[i]
		*q = slot{batch: b, wire: q.wire[:0]}
	}
}

func (q *slot) id() uint16 { return binary.BigEndian.Uint16(q.wire) }

// give sets the result.
func (q *slot) give(raw []byte, err error) {
	q.given, q.raw, q.err = true, raw, err
	if q.batch.left--; q.batch.left == 0 {
		q.batch.done <- struct{}{}
	}
}
