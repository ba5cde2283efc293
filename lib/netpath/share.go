package netpath

import (
	"net/netip"
	"strings"
	"time"
)

// approach tells a search what is known of the hops near to us, by this Tracer or
// by others who share its store, and of hosts near its own.
func (t *Tracer) approach(s *search) {
	now := time.Now()
	s.near = t.family(s.dest)
	for _, p := range t.sharedPaths(s.dest, now) {
		if !s.near.knows(&p) {
			s.near.add(&p, now)
		}
	}
	s.first = min(s.near.common(now), s.limit)
	if d := s.near.distance(s.dest, now); d > 0 {
		s.likely = d
	}
}

// family is what is known of the hops near to us for addresses like this one.
func (t *Tracer) family(dest netip.Addr) *near {
	if dest.Is6() {
		return &t.near[1]
	}
	return &t.near[0]
}

// sharedPaths are the paths that others left in the store to learn from.
func (t *Tracer) sharedPaths(dest netip.Addr, now time.Time) (list []Path) {
	if t.Store == nil || t.Fresh {
		return nil
	}
	text, _, err := t.Store.Cache(cacheName).Get(t.nearKey(dest), now)
	if t.failed(err) {
		return nil
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if p, err := Parse(line); err == nil && p.younger(ShareAge, now) && p.Dest.Is6() == dest.Is6() {
			list = append(list, p)
		}
	}
	return list
}

// nearKey is the store's key of the hops near to us, as key makes it.
func (t *Tracer) nearKey(dest netip.Addr) string {
	if dest.Is6() {
		return t.key(netip.IPv6Unspecified())
	}
	return t.key(netip.IPv4Unspecified())
}

// learn notes a path for the next.
func (t *Tracer) learn(p *Path) {
	if p.End == Loop || p.End == Limit {
		return
	}
	now := time.Now()
	n := t.family(p.Dest)
	n.add(p, now)
	if t.Store == nil || t.Fresh {
		return
	}
	var lines []string
	n.mu.Lock()
	for _, p := range n.recent {
		lines = append(lines, p.String())
	}
	n.mu.Unlock()
	err := t.Store.Cache(cacheName).Put(t.nearKey(p.Dest), []byte(strings.Join(lines, "\n")), now, ShareAge)
	t.failed(err)
}
