package dns

import "time"

// flight is a question that is being asked. Its result and given are written
// before done is closed, and only read after.
type flight struct {
	key
	hash uint64
	next *flight // of the same chain

	done chan struct{} // nil while nobody waits
	Reply
	given bool // there is a result that holds for everybody
}

// set sets the result. patient tells that whoever asked did not give up: an
// error that is only his impatience is no answer for others.
func (f *flight) set(a Answer, err error, patient bool) {
	f.Reply, f.given = Reply{a, err}, err == nil || patient
}

// maxKept is how large a result may be that is kept. One can be of 64 KiB, and who
// sends such can do so under as many names as a cache has room for.
const maxKept = 8 << 10

// lifetime is how long the result may be kept.
func (f *flight) lifetime() time.Duration {
	if f.size() > maxKept {
		return 0
	}
	if f.Err == nil {
		return min(f.Answer.TTL, maxTTL)
	}
	if e, ok := f.Err.(*Error); ok && e.Kind == ErrNotFound {
		return min(e.ttl, maxNegativeTTL)
	}
	return 0
}

// flights finds the flight of a question. There are no more than a window lets
// out and those who wait before it.
type flights struct {
	chains [256]*flight
	spare  *flight // those to be used again
}

func (l *flights) chain(hash uint64) **flight { return &l.chains[hash%uint64(len(l.chains))] }

// find returns the flight of a question, nil when nobody asks it.
func (l *flights) find(k key, hash uint64) *flight {
	f := *l.chain(hash)
	for f != nil && (f.hash != hash || f.key != k) {
		f = f.next
	}
	return f
}

// start adds a flight.
func (l *flights) start(k key, hash uint64) *flight {
	f := l.spare
	if f == nil {
		f = new(flight)
	}
	l.spare = f.next
	first := l.chain(hash)
	*f = flight{key: k, hash: hash, next: *first}
	*first = f
	return f
}

// end takes the flight out and tells all who wait. When nobody waits, nobody else
// knows the flight, and it is used again.
func (l *flights) end(f *flight) {
	at := l.chain(f.hash)
	for *at != f {
		at = &(*at).next
	}
	*at = f.next
	if f.done != nil {
		close(f.done)
		return
	}
	*f = flight{next: l.spare}
	l.spare = f
}
