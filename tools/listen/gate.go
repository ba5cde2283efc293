package main

import "net/netip"

// A verdict is what becomes of a connection.
type verdict int

const (
	admit      verdict = iota
	manyHere           // too many sessions
	manyThere          // too many sessions of this client
	overloaded         // the host is loaded
	noProgram          // the program cannot be started
	drop               // closed in silence
)

// politeRefusals is how many refused clients at once are given a reply, and
// time to read it; beyond, connections are closed in silence.
const politeRefusals = 100

// silentFactor: a client with so many times the sessions it may have is
// answered no more.
const silentFactor = 4

// A gate counts sessions, in all and of each client. Sessions that wait for a
// worker count too. Connections that are being refused are counted apart: they
// take nobody's place. The map has no entry for a client without any, and so is
// never larger than what is open.
type gate struct {
	total, each int // limits
	live        int
	refused     int
	of          map[netip.Addr]tally
}

// tally is what one client has.
type tally struct{ live, refused int }

// ask says what is to become of a connection of the client.
func (g *gate) ask(key netip.Addr) verdict {
	n := g.of[key]
	switch {
	case n.live+n.refused >= silentFactor*g.each:
		return drop
	case n.live >= g.each:
		return g.politely(manyThere)
	case g.live >= g.total:
		return g.politely(manyHere)
	}
	return admit
}

// crowdedBy says whether the client has all the sessions that it may have.
func (g *gate) crowdedBy(key netip.Addr) bool {
	n := g.of[key]
	return n.live+n.refused >= g.each
}

// politely is the refusal while there is room for one, else silence.
func (g *gate) politely(v verdict) verdict {
	if g.refused >= politeRefusals {
		return drop
	}
	return v
}

// enter counts a session.
func (g *gate) enter(key netip.Addr) {
	g.live++
	g.count(key, tally{live: 1})
}

// leave ends what enter began.
func (g *gate) leave(key netip.Addr) {
	g.live--
	g.count(key, tally{live: -1})
}

// enterRefused counts a connection that is being refused.
func (g *gate) enterRefused(key netip.Addr) {
	g.refused++
	g.count(key, tally{refused: 1})
}

// leaveRefused ends what enterRefused began.
func (g *gate) leaveRefused(key netip.Addr) {
	g.refused--
	g.count(key, tally{refused: -1})
}

// count changes what a client has. A key that is not valid is not counted.
func (g *gate) count(key netip.Addr, by tally) {
	if !key.IsValid() {
		return
	}
	n := g.of[key]
	if n = (tally{n.live + by.live, n.refused + by.refused}); n == (tally{}) {
		delete(g.of, key)
		return
	}
	g.of[key] = n
}
