package deliver

import (
	"sync"
	"time"

	"postern/lib/smtp"
)

// routeAge is how long a route is remembered: RCPT asks for it, and DATA needs
// it again.
const routeAge = 5 * time.Second

// maxRoutes bounds the routes that are remembered.
const maxRoutes = 256

// routeCache remembers where addresses went a moment ago. Of those that went
// nowhere it keeps nothing: mailboxes may be made at any time.
type routeCache struct {
	mu    sync.Mutex
	known map[smtp.Mailbox]knownRoute
}

type knownRoute struct {
	list []Destination
	time time.Time
}

// find is the route of m, if it is remembered.
func (r *routeCache) find(m smtp.Mailbox) ([]Destination, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.known[m]
	return k.list, ok && time.Since(k.time) < routeAge
}

// add remembers the route of m.
func (r *routeCache) add(m smtp.Mailbox, list []Destination) {
	if unknown(list) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known) >= maxRoutes {
		r.known = make(map[smtp.Mailbox]knownRoute)
	}
	r.known[m] = knownRoute{list, time.Now()}
}
