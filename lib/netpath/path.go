package netpath

import (
	"net/netip"
	"time"
)

// Path is what was found out about the way to a host.
type Path struct {
	Dest   netip.Addr
	Method Method
	Port   uint16        // of the host; 0 with ICMP
	Time   time.Time     // when measuring it began
	Took   time.Duration // how long measuring it took
	Probes int           // how many were sent for it
	Cached bool          // it was found before, perhaps by another process
	// Hops are nearest first: Hops[i] is i+1 hops away. The last is the host
	// when it was reached, and otherwise a hop that answered.
	Hops []Hop
	End  End
}

// Hop is what is known about one distance.
type Hop struct {
	// Answers has each address that answered once, the first one first; a
	// silent hop has none.
	Answers  []Answer
	Sent     int // probes that were sent so far, and
	Answered int // how many of those were answered
}

// Answer is the first answer from one address.
type Answer struct {
	Addr    netip.Addr
	RTT     time.Duration
	Message Message
}

// Silent says that nothing is known about the hop.
func (h Hop) Silent() bool { return len(h.Answers) == 0 }

// Partial says that some probes were answered and others not: the router limits
// how often it answers, or packets are lost.
func (h Hop) Partial() bool { return h.Answered > 0 && h.Answered < h.Sent }

// Shared says that the hop answered no probe of this path, and that its address
// is known from the path to another host, measured less than ShareAge before.
func (h Hop) Shared() bool { return h.Answered == 0 && len(h.Answers) > 0 }

// String is the first address to answer, "*" for a silent hop.
func (h Hop) String() string {
	if h.Silent() {
		return "*"
	}
	return h.Answers[0].Addr.String()
}

// has says whether the hop has answered with this address.
func (h Hop) has(addr netip.Addr) bool {
	for _, a := range h.Answers {
		if a.Addr == addr {
			return true
		}
	}
	return false
}

// Distance is how many hops away the host is, 0 when it was not reached.
func (p *Path) Distance() int {
	if p.End != Reached {
		return 0
	}
	return len(p.Hops)
}

// skew is by how much the clocks of two processes may differ. What is farther in
// the future was measured before the clock was set back.
const skew = time.Second

// younger says whether the path was measured less than age ago.
func (p *Path) younger(age time.Duration, now time.Time) bool {
	passed := now.Sub(p.Time)
	return -skew <= passed && passed < age
}

// Routers are the hops without the host.
func (p *Path) Routers() []Hop {
	if p.End == Reached {
		return p.Hops[:len(p.Hops)-1]
	}
	return p.Hops
}

// Part is the path as asmtpd --netpath takes a number of hops: the first n, or
// the last -n when n is negative, or all of them when it is 0; and how far away
// the first of them is.
func (p *Path) Part(n int) (hops []Hop, first int) {
	switch total := len(p.Hops); {
	case n > 0:
		return p.Hops[:min(n, total)], 1
	case n < 0 && n > -total:
		return p.Hops[total+n:], total + n + 1
	}
	return p.Hops, 1
}
