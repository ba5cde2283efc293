package main

import (
	"strconv"
	"sync"
	"time"

	"postern/lib/maillog"
)

// repeatAfter is how long a complaint that comes again is kept out of the log.
const repeatAfter = 10 * time.Minute

// maxRepeats bounds the complaints that are remembered.
const maxRepeats = 64

// repeats remembers the complaints of this process, so that a fault which every
// mail meets does not fill the log.
type repeats struct {
	mu   sync.Mutex
	seen map[string]*complaint
}

type complaint struct {
	logged time.Time
	held   int // times it came since and was not logged
}

// pass says whether a complaint is to be logged, and how often it was held
// back before.
func (r *repeats) pass(text string, now time.Time) (held int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.seen[text]
	if c != nil && now.Sub(c.logged) < repeatAfter {
		c.held++
		return 0, false
	}
	if r.seen == nil || len(r.seen) >= maxRepeats {
		r.seen = make(map[string]*complaint)
	}
	if c != nil {
		held = c.held
	}
	r.seen[text] = &complaint{logged: now}
	return held, true
}

// complain logs an error that may come again with every mail: once in a while,
// unless --verbose wants each.
func (srv *server) complain(p maillog.Priority, check string, err error) {
	held := 0
	if !srv.conf.flags.verbose {
		var ok bool
		if held, ok = srv.repeats.pass(check+": "+err.Error(), srv.now()); !ok {
			return
		}
	}
	pairs := []string{"check", check, "error", err.Error()}
	if held > 0 {
		pairs = append(pairs, "repeated", strconv.Itoa(held))
	}
	srv.logf(p, pairs...)
}
