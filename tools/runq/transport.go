package main

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"postern/lib/maillog"
	"postern/lib/queue"
	"postern/lib/state"
)

// launcher runs smtp for a target until it ends: jobs on stdin, results on
// stdout. The error says why it came to no good end.
type launcher func(ctx context.Context, to target, stdin, stdout pipeEnd) error

// transport carries mail to other hosts. It groups what is due by destination
// and keeps processes of smtp at work, so many in all and for each destination.
// It holds open what these will need next, and the names of all else.
type transport struct {
	routing *routing
	launch  launcher
	downs   downs
	max     int           // processes in all
	maxEach int           // processes for one destination
	linger  time.Duration // see the constant; 0 to end what has nothing to do
	force   bool          // try also what is down
	now     func() time.Time
	chance  func() float64 // from [0, 1)

	// What is done with entries; none but forget is called with mu held.
	note   func(e *queue.Entry, i int, res result) // one recipient is known
	finish func(l *load)                           // all that can be known is
	resume func(h held, pull *destination)         // take what was held, and send it
	forget func(h held)                            // what was held will not be tried
	log    func(text string)

	mu           sync.Mutex
	destinations map[string]*destination
	hungry       []*destination // wait for a process, in turn
	processes    int
	open         int            // entries that wait in all destinations
	idle         []*client      // linger
	draining     bool           // nothing will be sent but what is held
	ending       bool           // begin nothing
	busy         sync.WaitGroup // entries in hand or held, and processes
}

// newTransport is a transport for a runner.
func newTransport(r *runner, o *outgoing, launch launcher) *transport {
	return &transport{
		routing: &o.routing, launch: launch, max: o.processes, maxEach: o.perDestination, linger: linger,
		downs: downs{state.Open(filepath.Join(r.queue.Dir(), "state")).Cache("down")},
		now:   r.now, chance: r.chance,
		note: r.note, finish: r.finish, resume: r.resume,
		forget:       func(h held) { r.hand.drop(h.ref.ID) },
		log:          func(text string) { r.log.Log(maillog.Warning, text) },
		destinations: map[string]*destination{},
	}
}

// send has the recipients of an entry served, which is to be finished in any
// case. pull is the destination that asked for it, if one has.
func (t *transport) send(l *load, rcpts []int, pull *destination) {
	t.busy.Add(1)
	l.add(1)
	for _, part := range t.split(l.e, rcpts) {
		t.offer(l, part, pull)
	}
	t.release(l)
}

// part is the recipients of an entry that one destination serves.
type part struct {
	to    target
	rcpts []int
}

// split groups recipients by destination, in the order of the first of each.
func (t *transport) split(e *queue.Entry, rcpts []int) []part {
	var parts []part
	index := map[string]int{}
	for _, i := range rcpts {
		to := t.routing.find(e.Envelope.Recipients[i].Mailbox)
		n, ok := index[to.key()]
		if !ok {
			n = len(parts)
			index[to.key()] = n
			parts = append(parts, part{to: to})
		}
		parts[n].rcpts = append(parts[n].rcpts, i)
	}
	return parts
}

// offer gives a destination its part of an entry, or puts that off when there
// is no room, or says that the destination is down.
func (t *transport) offer(l *load, p part, pull *destination) {
	t.mu.Lock()
	d := t.destination(p.to)
	res, down := d.refusal()
	switch {
	case t.ending:
		l.leave()
	case down:
		l.wait(d.until)
	case d != pull && (len(d.waiting) >= maxWaiting || t.open >= maxOpen):
		l.postpone(p.to, p.rcpts)
	default:
		d.push(l, p.rcpts)
		t.rouse(d)
	}
	t.drop(d)
	t.mu.Unlock()
	if down {
		t.report(l, p.rcpts, res)
	}
}

// report notes one result for several recipients.
func (t *transport) report(l *load, rcpts []int, res result) {
	for _, i := range rcpts {
		t.note(l.e, i, res)
	}
}

// release counts a job that is done. With the last one the entry is finished,
// or held when there was no room for all of it.
func (t *transport) release(l *load) {
	if !l.done() {
		return
	}
	defer t.busy.Done()
	if l.cut || len(l.postponed) == 0 {
		t.finish(l)
		return
	}
	h := held{l.e.Ref, l.postponed}
	l.e.Close()
	t.hold(l.to, h)
}

// hold keeps the name of an entry until its destination has room.
func (t *transport) hold(to target, h held) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ending {
		t.forget(h)
		return
	}
	t.busy.Add(1)
	d := t.destination(to)
	d.held = append(d.held, h)
	t.rouse(d)
}

// destination is the one for a target. What is known of it from other runs is
// read when it is first met.
func (t *transport) destination(to target) *destination {
	key := to.key()
	d := t.destinations[key]
	if d == nil {
		d = &destination{t: t, to: to, window: newWindow(t.maxEach)}
		d.wake.L = &t.mu
		d.failures, d.until, d.reply = t.downs.load(key, t.now())
		if t.force {
			d.until = time.Time{}
		}
		if d.failures > 0 {
			d.window.size = 1
		}
		t.destinations[key] = d
	}
	return d
}

// drop forgets a destination that has nothing to do. That it is down is
// remembered here too, as long as there are not too many such.
func (t *transport) drop(d *destination) {
	many := len(t.destinations) > maxDestinations
	if d.clients == 0 && !d.work() && !d.hungry && (many || !d.down()) {
		delete(t.destinations, d.to.key())
	}
}

// rouse sees to it that somebody works for d, if there is work.
func (t *transport) rouse(d *destination) {
	switch {
	case !d.work():
	case !d.short():
		d.wake.Broadcast()
	case t.processes >= t.max:
		d.hungry = true
		t.hungry = append(t.hungry, d)
		for _, c := range t.idle { // their places are wanted
			c.d.wake.Broadcast()
		}
	default:
		t.start(d)
	}
}

// start starts a process for d.
func (t *transport) start(d *destination) {
	t.processes++
	d.clients++
	d.spare++
	t.busy.Add(1)
	c := &client{d: d, spare: true, begun: t.now()}
	go c.run()
}

// next gives the place of a process that has ended to those who wait for one.
func (t *transport) next() {
	for t.processes < t.max && len(t.hungry) > 0 {
		d := t.hungry[0]
		t.hungry = t.hungry[1:]
		d.hungry = false
		t.rouse(d)
		t.drop(d)
	}
}

// end begins nothing more: what waits is left in the queue as it is.
func (t *transport) end() {
	t.mu.Lock()
	t.ending = true
	t.hungry = nil
	all := slices.Collect(maps.Values(t.destinations))
	t.mu.Unlock()
	for _, d := range all {
		d.clear()
		t.mu.Lock()
		d.wake.Broadcast()
		t.mu.Unlock()
	}
}

// drain waits until all that was sent is finished. Nothing may be sent behind
// it.
func (t *transport) drain() {
	t.mu.Lock()
	t.draining = true
	for _, c := range t.idle {
		c.d.wake.Broadcast()
	}
	t.mu.Unlock()
	t.busy.Wait()
}
