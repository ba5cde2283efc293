package dns

import (
	"context"
	"sync"
	"time"
)

// window bounds how many questions are on their way. Who waits is let in in
// order, so that nobody starves.
type window struct {
	mu    sync.Mutex
	free  int
	queue []*entrant
}

type entrant struct {
	n     int
	ready chan struct{} // closed when it is in
}

// enter waits until n more questions, no more than the window has room for, may
// be on their way. It reports whether they may: not when ctx or the time ends.
func (w *window) enter(ctx context.Context, n int, end time.Time) bool {
	w.mu.Lock()
	if w.free >= n && len(w.queue) == 0 {
		w.free -= n
		w.mu.Unlock()
		return true
	}
	e := &entrant{n, make(chan struct{})}
	w.queue = append(w.queue, e)
	w.mu.Unlock()
	timer := time.NewTimer(time.Until(end))
	defer timer.Stop()
	select {
	case <-e.ready:
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return !w.withdraw(e)
}

// withdraw takes e out of the queue, unless it is in already.
func (w *window) withdraw(e *entrant) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.queue {
		if w.queue[i] == e {
			w.queue = append(w.queue[:i], w.queue[i+1:]...)
			w.admit() // e may have stood in the way of smaller ones
			return true
		}
	}
	return false
}

// leave makes room for n questions.
func (w *window) leave(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.free += n
	w.admit()
}

// admit lets in whom there is room for, in order.
func (w *window) admit() {
	for len(w.queue) > 0 && w.queue[0].n <= w.free {
		w.free -= w.queue[0].n
		close(w.queue[0].ready)
		w.queue = w.queue[1:]
	}
}
