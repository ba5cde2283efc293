package dns

import "time"

// ways is how many answers may have the same place in a table.
const ways = 8

// table keeps answers. It is of a fixed size: each question has its place, as
// its hash says, which it shares with a few others. When there is no room left,
// what is out of date, or else would be so first, is forgotten.
type table struct {
	limit  int // answers kept at most; less than one means none
	places []place
}

type place struct {
	hashes  [ways]uint64
	entries [ways]entry
}

// entry is an answer that is kept.
type entry struct {
	key key
	Reply
	until time.Time
}

// at returns the place of a hash, making the table when there is none yet.
func (t *table) at(hash uint64) *place {
	if t.places == nil {
		n := 1
		for 2*n*ways <= t.limit {
			n *= 2
		}
		t.places = make([]place, n)
	}
	return &t.places[hash&uint64(len(t.places)-1)]
}

// find returns what is known and not out of date, else nil.
func (t *table) find(k key, hash uint64, now time.Time) *entry {
	if t.places == nil {
		return nil
	}
	p := t.at(hash)
	for i := range p.hashes {
		if p.hashes[i] != hash {
			continue
		}
		if e := &p.entries[i]; e.key == k && now.Before(e.until) {
			return e
		}
	}
	return nil
}

// keep keeps the result of a flight.
func (t *table) keep(f *flight, until time.Time) {
	if t.limit < 1 {
		return
	}
	p := t.at(f.hash)
	i := p.room(f)
	p.hashes[i], p.entries[i] = f.hash, entry{f.key, f.Reply, until}
}

// room finds the entry that the result of a flight replaces: an older one of the same
// question, one that is empty, or else the one that is out of date first.
func (p *place) room(f *flight) int {
	least := 0
	for i := range p.entries {
		e := &p.entries[i]
		if e.until.IsZero() || p.hashes[i] == f.hash && e.key == f.key {
			return i
		}
		if e.until.Before(p.entries[least].until) {
			least = i
		}
	}
	return least
}
