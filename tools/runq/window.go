package main

import "time"

// How many processes of smtp a destination gets: it begins with firstWindow,
// grows by one for each so many jobs in a row as there are processes, and is
// halved whenever the destination turns a connection away; from then on it takes
// caution times as many jobs to grow. The numbers are those of congestion control,
// for the same reason: nobody tells us what the other side bears, and who asks
// too much makes it worse for all.
const (
	firstWindow = 2
	caution     = 32
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
	// maxJobRcpts is how many recipients a job has: what every server takes
	// (RFC 5321 4.5.3.1.8).
	maxJobRcpts = 100
	// linger is how long a process that has nothing to do keeps its
	// connection, when runq stays.
	linger = time.Second
	// lastDown bounds how long a destination is left alone.
	lastDown = time.Hour
)

// window is the number of processes for one destination.
type window struct {
	size   float64
	max    int
	strict bool // the other side has shown a limit
}

func newWindow(max int) window { return window{size: min(firstWindow, float64(max)), max: max} }

// limit is how many processes there may be.
func (w *window) limit() int { return int(w.size) }

// grow is for a job that was done.
func (w *window) grow() {
	step := 1 / w.size
	if w.strict {
		step /= caution
	}
	w.size = min(float64(w.max), w.size+step)
}

// shrink is for a connection that was turned away.
func (w *window) shrink() {
	w.size = max(1, w.size/2)
	w.strict = true
}

// downFor is how long a destination is left alone after so many failures in a
// row: as long as a message waits after so many attempts, up to lastDown. chance,
// from [0, 1), makes it a quarter more or less.
func downFor(failures int, chance float64) time.Duration {
	wait := min(backoff(failures), lastDown)
	return time.Duration(float64(wait) * (0.75 + chance/2))
}
