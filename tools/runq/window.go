package main

// How many processes of smtp a destination gets: it begins with firstWindow,
// grows by one for each so many jobs in a row as there are processes, and is
// halved whenever the destination turns a connection away; from then on it takes
// caution times as many jobs to grow. The numbers are those of congestion control,
// for the same reason: nobody tells us what the other side bears, and who asks
// too much makes it worse for all.
const (
	firstWindow = 2
	caution     = 32
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
