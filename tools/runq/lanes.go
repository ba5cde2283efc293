package main

import (
	"slices"
	"strings"
	"sync"
	"time"

	"postern/lib/queue"
)

const (
	// slowTime is from when on a mailbox or a command counts as slow: others
	// take milliseconds.
	slowTime = time.Second
	// maxSlow is how many entries are worked on at once for what is slow.
	maxSlow = 2
	// maxLanes bounds what is known to be slow.
	maxLanes = 10000
)

// lanes keep what is slow (a user's program that sleeps, a mailbox whose lock is
// held, an LMTP server that does not answer) from having all workers, while mail
// for others waits. The zero value is ready.
type lanes struct {
	mu sync.Mutex
	of map[string]*lane
}

// lane is one place that mail is delivered to.
type lane struct {
	begun   []time.Time // of the deliveries in it, the oldest first
	slow    bool        // the last one took long, or one does
	waiting []queue.Ref // in hand, for their turn
}

// placesOf names the places of the recipients who are tried in this process.
func placesOf(e *queue.Entry) []string {
	var list []string
	for _, i := range openRecipients(e) {
		rcpt := e.Envelope.Recipients[i]
		if goesOut(rcpt) {
			continue
		}
		place := rcpt.Dest
		if place == "" { // nobody has decided yet
			place = strings.ToLower(rcpt.Mailbox.String())
		}
		list = append(list, place)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// enter begins the delivery of an entry to its places. When one of them is full
// the entry is left to whoever leaves that; those that are returned then are to be
// worked on in its stead.
func (s *lanes) enter(places []string, ref queue.Ref, now time.Time) (instead []queue.Ref, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	full := slices.IndexFunc(places, func(p string) bool { return s.of[p] != nil && s.of[p].full(now) })
	if full >= 0 {
		l := s.of[places[full]]
		l.waiting = append(l.waiting, ref)
		return s.called(places, now), false
	}
	if s.of == nil || len(s.of) >= maxLanes {
		s.forget()
	}
	for _, p := range places {
		if s.of[p] == nil {
			s.of[p] = new(lane)
		}
		s.of[p].begun = append(s.of[p].begun, now)
	}
	return nil, true
}

// leave ends a delivery that began then. What is returned is to be worked on next.
func (s *lanes) leave(places []string, then, now time.Time) []queue.Ref {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range places {
		l := s.of[p]
		i := slices.IndexFunc(l.begun, then.Equal)
		l.begun = slices.Delete(l.begun, i, i+1)
		l.slow = now.Sub(then) >= slowTime
	}
	next := s.called(places, now)
	for _, p := range places {
		if l := s.of[p]; l.idle() && !l.slow {
			delete(s.of, p)
		}
	}
	return next
}

// called takes those out of their lanes whose turn has come.
func (s *lanes) called(places []string, now time.Time) (list []queue.Ref) {
	for _, p := range places {
		l := s.of[p]
		if l == nil || l.full(now) {
			continue
		}
		n := len(l.waiting)
		if l.slow {
			n = min(n, 1)
		}
		list = append(list, l.waiting[:n]...)
		l.waiting = slices.Delete(l.waiting, 0, n)
	}
	return list
}

// full says whether no other delivery is to begin in the lane.
func (l *lane) full(now time.Time) bool {
	l.slow = l.slow || len(l.begun) > 0 && now.Sub(l.begun[0]) >= slowTime
	return l.slow && len(l.begun) >= maxSlow
}

func (l *lane) idle() bool { return len(l.begun)+len(l.waiting) == 0 }

// forget makes room by what is only remembered.
func (s *lanes) forget() {
	kept := make(map[string]*lane)
	for p, l := range s.of {
		if !l.idle() {
			kept[p] = l
		}
	}
	s.of = kept
}
