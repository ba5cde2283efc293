// Package netpath finds the routers between this host and another, IPv4 or
// IPv6, as traceroute(8) does, but all at once: the probes of a whole wave of
// hops leave together, so that a path takes about one round trip to its end and
// not the sum of all round trips.
//
// Probes are UDP datagrams from one port to one port, so that routers which
// spread load by flow send all of them along one path. Which hop an answer is
// about is told by what it quotes of the probe. On Linux this needs no
// privilege (IP_RECVERR); elsewhere Trace gives ErrUnsupported.
package netpath

import (
	"errors"
	"net/netip"
	"time"
)

// Bounds of what one path may cost.
const (
	MaxHops    = 32   // hops that are looked at
	Tries      = 2    // probes to a hop that is silent
	MaxProbes  = 64   // probes in all: MaxHops*Tries
	MaxAnswers = 4    // answers kept of one hop
	Rate       = 1000 // probes a second of one Tracer
	Port       = 33434
)

// Errors of Trace.
var (
	ErrUnsupported = errors.New("paths can be found on Linux only: it takes the socket option IP_RECVERR")
	ErrAddress     = errors.New("there is no path to this address")
)

// Path is what was found out about the way to a host.
type Path struct {
	Dest netip.Addr
	Time time.Time // when it was measured
	// Hops are nearest first: Hops[i] is i+1 hops away. The last is the host
	// when it was reached, and otherwise a hop that answered.
	Hops   []Hop
	End    End
	Probes int // how many were sent; 0 for a path from the cache
}

// Hop is the answers from one distance, the first one first; none is a silent
// hop.
type Hop []Answer

// Answer is one that answered.
type Answer struct {
	Addr netip.Addr
	RTT  time.Duration
}

// End says why a path ends where it does.
type End byte

// The ends of paths.
const (
	Silent  End = iota // nothing beyond answers
	Reached            // the host answered
	Blocked            // a router answers that the host cannot be reached
	Loop               // routers send the probes in a circle
	Limit              // no more hops were asked for
)

var ends = [...]string{Silent: "silent", Reached: "reached", Blocked: "blocked", Loop: "loop", Limit: "limit"}

// String is one word, "reached" for Reached.
func (e End) String() string {
	if int(e) >= len(ends) {
		return "unknown"
	}
	return ends[e]
}

// Distance is how many hops away the host is, 0 when it was not reached.
func (p *Path) Distance() int {
	if p.End != Reached {
		return 0
	}
	return len(p.Hops)
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

// String is the first to answer, "*" for a silent hop.
func (h Hop) String() string {
	if len(h) == 0 {
		return "*"
	}
	return h[0].Addr.String()
}

// has says whether the hop has answered with this address.
func (h Hop) has(addr netip.Addr) bool {
	for _, a := range h {
		if a.Addr == addr {
			return true
		}
	}
	return false
}
