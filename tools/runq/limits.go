package main

import "time"

// Bounds of what is done for other hosts at once.
const (
	// firstAhead is how many jobs one process is given before it has shown
	// that it has a connection.
	firstAhead = 2
	// maxAhead is how many jobs one process is given before it has reported
	// the first: enough for the pipeline not to run dry, and few to be sent
	// twice when a process dies.
	maxAhead = 16
	// maxWaiting is how many entries of one destination are held open for
	// its processes. The names of further ones are kept.
	maxWaiting = 32
	// maxOpen bounds the entries that are held open for all destinations
	// together, without those that processes work on.
	maxOpen = 500
	// maxDestinations bounds those that are remembered when nothing is to
	// be done for them but to leave them alone.
	maxDestinations = 10000
	// maxTurn is how many jobs a process does while other destinations wait
	// for one, and maxTurnTime how long it takes new ones.
	maxTurn     = 100
	maxTurnTime = 10 * time.Minute
	// maxLost is how many processes may die with a job before it is put
	// off.
	maxLost = 3
	// linger is how long a process that has nothing to do keeps its
	// connection, when runq stays.
	linger = time.Second
	// lastDown bounds how long a destination is left alone.
	lastDown = time.Hour
)
