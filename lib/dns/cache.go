package dns

import (
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

// flight is a question that is being asked. The fields answer, err and given
// are written before done is closed, and only read after.
type flight struct {
	done   chan struct{} // nil while nobody waits
	answer Answer
	err    error
	given  bool // there is a result that holds for everybody
}

// elsewhere stands for the flight of somebody else.
var elsewhere = new(flight)

// memory holds what was answered and what is being asked.
type memory struct {
	limit   int
	mu      sync.Mutex
	known   map[key]entry
	flights map[key]*flight
}

type entry struct {
	answer Answer
	err    error
	until  time.Time
}

// find returns what is known; or, when f is not nil, a flight to wait for; or,
// when mine, a new one that the caller has to ask and land.
func (m *memory) find(k key, now time.Time) (e entry, f *flight, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.known[k]; ok && now.Before(e.until) {
		return e, nil, false
	}
	if f := m.flights[k]; f != nil {
		if f.done == nil {
			f.done = make(chan struct{})
		}
		return entry{}, f, false
	}
	return entry{}, m.start(k), true
}

func (m *memory) start(k key) *flight {
	if m.flights == nil {
		m.flights = make(map[key]*flight)
		m.known = make(map[key]entry)
	}
	f := new(flight)
	m.flights[k] = f
	return f
}

// findAll is find for several questions: what is known goes into replies, the
// others have a flight, elsewhere when it is not the caller's.
func (m *memory) findAll(keys []key, flights []*flight, replies []Reply, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, k := range keys {
		if e, ok := m.known[k]; ok && now.Before(e.until) {
			replies[i] = Reply{e.answer.clone(), e.err}
		} else if m.flights[k] != nil {
			flights[i] = elsewhere
		} else {
			flights[i] = m.start(k)
		}
	}
}

// land ends a flight: its result is kept as long as it may be, and told to all
// who wait.
func (m *memory) land(k key, f *flight, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.flights, k)
	if f.done != nil {
		close(f.done)
	}
	if ttl := lifetime(f); ttl > 0 && m.limit > 0 {
		m.makeRoom(now)
		m.known[k] = entry{f.answer, f.err, now.Add(ttl)}
	}
}

func lifetime(f *flight) time.Duration {
	if f.err == nil {
		return min(f.answer.TTL, maxTTL)
	}
	if e, ok := f.err.(*Error); ok && e.Kind == ErrNotFound {
		return min(e.ttl, maxNegativeTTL)
	}
	return 0
}

// makeRoom drops, when the cache is full, what is out of date, and of the rest
// whatever comes first until a quarter is free, so that it has to be done
// rarely.
func (m *memory) makeRoom(now time.Time) {
	if len(m.known) < m.limit {
		return
	}
	for k, e := range m.known {
		if !now.Before(e.until) {
			delete(m.known, k)
		}
	}
	for k := range m.known {
		if len(m.known) <= m.limit*3/4 {
			return
		}
		delete(m.known, k)
	}
}

func (a Answer) clone() Answer {
	a.Records = slices.Clone(a.Records)
	return a
}
