package main

import (
	"sync"

	"postern/lib/maillog"
)

// inHand are the entries that this process works on or has put off for lack of
// room: a further look at the queue passes them over.
type inHand struct {
	mu  sync.Mutex
	ids map[string]struct{}
}

// take takes an entry, unless it is in hand already.
func (h *inHand) take(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.ids[id]; ok {
		return false
	}
	if h.ids == nil {
		h.ids = map[string]struct{}{}
	}
	h.ids[id] = struct{}{}
	return true
}

// drop lets go of one.
func (h *inHand) drop(id string) {
	h.mu.Lock()
	delete(h.ids, id)
	h.mu.Unlock()
}

// trouble keeps the first error that was not about a single entry's mail: a
// folder that cannot be read, a disk that is full.
type trouble struct {
	mu  sync.Mutex
	err error
}

// report logs an error, and keeps the first.
func (r *runner) report(err error) {
	if err == nil {
		return
	}
	r.log.Log(maillog.Err, err.Error())
	r.trouble.mu.Lock()
	defer r.trouble.mu.Unlock()
	if r.trouble.err == nil {
		r.trouble.err = err
	}
}

// first is the first error that was reported.
func (t *trouble) first() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}
