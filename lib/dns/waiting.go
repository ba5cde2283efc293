package dns

import (
	"encoding/binary"
	"iter"
)

// places is how many questions find room under their ids: twice as many as a
// window lets out.
const places = 2 * maxWindow

// waiting are the questions that wait for an answer, each under an id of its own.
type waiting struct {
	n     int
	slots [places]*slot // each at its id modulo their number
	dice  dice          // for ids
}

// at returns where a message's question stands, or may stand.
func (w *waiting) at(message []byte) **slot {
	return &w.slots[binary.BigEndian.Uint16(message)%places]
}

// add gives the question a random id that no other one has.
func (w *waiting) add(q *slot) {
	binary.BigEndian.PutUint16(q.wire, w.dice.id())
	for *w.at(q.wire) != nil {
		binary.BigEndian.PutUint16(q.wire, w.dice.id())
	}
	*w.at(q.wire) = q
	w.n++
}

// find returns the question with the id of a message, nil when there is none.
func (w *waiting) find(message []byte) *slot {
	if len(message) < headerSize {
		return nil
	}
	q := *w.at(message)
	if q == nil || q.wire[0] != message[0] || q.wire[1] != message[1] {
		return nil
	}
	return q
}

// remove takes the question out.
func (w *waiting) remove(q *slot) {
	*w.at(q.wire) = nil
	w.n--
}

// all yields each question; it may be removed meanwhile.
func (w *waiting) all() iter.Seq[*slot] {
	return func(yield func(*slot) bool) {
		for i := range w.slots {
			if q := w.slots[i]; q != nil && !yield(q) {
				return
			}
		}
	}
}
