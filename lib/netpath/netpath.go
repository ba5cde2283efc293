// Package netpath finds the routers between this host and another, IPv4 or
// IPv6, as traceroute(8) does, but all at once: the probes of a whole wave of
// hops leave together, so that a path takes about one round trip to its end and
// not the sum of all round trips.
//
// Probes are datagrams of UDP, SYNs of TCP, or echo requests of ICMP. What
// routers look at to spread load is the same in all probes of one path, so that
// they send all of them one way; which hop an answer is about is told by what
// it quotes of the probe. On Linux UDP needs no privilege (IP_RECVERR), and ICMP
// none where net.ipv4.ping_group_range says so; elsewhere Trace gives
// ErrUnsupported.
//
// Whoever looks for many paths shares, with the other goroutines of a Tracer and
// with all processes that have its Store:
//
//	paths that were found, until they are too old     Tracer.Keep, cache.go
//	the measuring of one path: one does, others wait  flight.go
//	Rate: probes wait for their turn, or ErrBusy      pace.go
//	hops near to us that many paths go through        Tracer.Share, near.go, share.go
//
// Each is an advantage and none is needed: where the store fails, or somebody who
// holds a file of it is stopped, a Tracer goes on by itself.
package netpath

import (
	"errors"
	"fmt"
)

// Bounds of what one path may cost.
const (
	MaxHops    = 32   // hops that are looked at
	Tries      = 3    // probes to a hop that is silent
	MaxProbes  = 64   // probes in all
	MaxAnswers = 4    // answers kept of one hop
	Rate       = 1000 // probes a second of all who share a store, or of one Tracer
)

// Ports of hosts that are probed, unless a Tracer says otherwise.
const (
	PortUDP = 33434
	PortTCP = 25
)

// Errors of Trace.
var (
	ErrUnsupported = errors.New("paths can be found on Linux only: it takes the socket option IP_RECVERR")
	ErrAddress     = errors.New("there is no path to this address")
	// ErrBusy is for paths that so many others are in front of that they could
	// not be found in time.
	ErrBusy = errors.New("too many paths are looked for at once")
	// ErrPermission stands in errors that say which capability or sysctl would
	// allow this kind of probe.
	ErrPermission = errors.New("not permitted")
)

// Method is a kind of probe.
type Method byte

// The kinds of probes.
const (
	UDP  Method = iota // datagrams to a port at which nobody listens
	TCP                // SYNs, answered by SYN-ACK or RST
	ICMP               // echo requests
)

var methods = [...]string{UDP: "udp", TCP: "tcp", ICMP: "icmp"}

// String is one word, "tcp" for TCP.
func (m Method) String() string {
	if int(m) >= len(methods) {
		return "unknown"
	}
	return methods[m]
}

// Port is the port that probes go to where port was asked for: the method's usual
// one for 0, and 0 for ICMP, which has none.
func (m Method) Port(port uint16) uint16 {
	switch {
	case m == ICMP:
		return 0
	case port != 0:
		return port
	case m == TCP:
		return PortTCP
	}
	return PortUDP
}

// ParseMethod reads what String writes.
func ParseMethod(word string) (Method, error) {
	for i, name := range methods {
		if word == name {
			return Method(i), nil
		}
	}
	return 0, fmt.Errorf("kind of probe: %q", word)
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

// parseEnd reads what String writes.
func parseEnd(word string) (End, error) {
	for i, name := range ends {
		if word == name {
			return End(i), nil
		}
	}
	return 0, fmt.Errorf("end of a path: %q", word)
}
