package dns

import (
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

// How long answers are kept at most: a staying process must see changes, and a
// name that is not there yet may come soon (RFC 2308 5).
const (
	maxTTL         = time.Hour
	maxNegativeTTL = 5 * time.Minute
)

// key is a question.
type key struct {
	name string
	t    Type
}

// memory holds what was answered and what is being asked. It takes the same
// room however much is asked.
type memory struct {
	seed maphash.Seed

	mu      sync.Mutex
	known   table
	flights flights
}

func newMemory(limit int) memory {
	return memory{seed: maphash.MakeSeed(), known: table{limit: limit}}
}

func (m *memory) hash(k key) uint64 { return maphash.String(m.seed, k.name) + uint64(k.t) }

// find returns what is known; or, when f is not nil, a flight to wait for; or,
// when mine, a new one that the caller has to ask and land.
func (m *memory) find(k key, now time.Time) (r Reply, f *flight, mine bool) {
	hash := m.hash(k)
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.known.find(k, hash, now); e != nil {
		return e.Reply.clone(), nil, false
	}
	if f := m.flights.find(k, hash); f != nil {
		if f.done == nil {
			f.done = make(chan struct{})
		}
		return Reply{}, f, false
	}
	return Reply{}, m.flights.start(k, hash), true
}

// findAll is find for several questions: the batch gets what is known, what
// nobody asks yet, and the places of the others.
func (m *memory) findAll(keys []key, b *batch, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, k := range keys {
		hash := m.hash(k)
		if e := m.known.find(k, hash, now); e != nil {
			b.known = append(b.known, placed{i, e.Reply.clone()})
		} else if m.flights.find(k, hash) != nil {
			b.elsewhere = append(b.elsewhere, i)
		} else {
			b.add(m.flights.start(k, hash), i)
		}
	}
}

// land ends a flight: its result is kept as long as it may be, and told to all
// who wait. Afterwards the flight is no longer the caller's.
func (m *memory) land(f *flight, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ttl := f.lifetime(); ttl > 0 {
		m.known.keep(f, now.Add(ttl))
	}
	m.flights.end(f)
}

func (a Answer) clone() Answer {
	a.Records = slices.Clone(a.Records)
	return a
}

func (r *Reply) clone() Reply { return Reply{r.Answer.clone(), r.Err} }
