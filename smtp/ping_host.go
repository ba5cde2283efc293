package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"postern/lib/record"
	"postern/lib/smtp"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

const (
	// maxIdle bounds the connections that wait for another question, of all
	// destinations together.
	maxIdle = 20
	// idleTime is how long one may wait; servers grow impatient after a minute.
	idleTime = 20 * time.Second
	// quitTime is how long a server may take to say good-bye.
	quitTime = 10 * time.Second
	// maxHosts bounds the destinations that are remembered.
	maxHosts = 10000
	// downTime is how long a destination is not tried again that would not
	// talk to us.
	downTime = time.Minute
)

// pinger asks whether addresses exist, about many at once over few
// connections.
type pinger struct {
	*program
	sender  smtp.Mailbox
	leaving sync.WaitGroup // sessions that are at QUIT

	mu     sync.Mutex
	hosts  map[destination]*pingHost
	idle   []*inquiry     // connections that wait, longest first
	live   map[string]int // all connections, by link.host
	freed  *sync.Cond     // some may have ended, or wait now
	status int            // exit status so far
}

// pingHost is one destination.
type pingHost struct {
	to    destination
	slots chan struct{} // full when there are as many connections as may be

	// Under the pinger's lock:
	down      *failure // why nobody there talks to us
	downSince time.Time
}

func newPinger(p *program, sender smtp.Mailbox) *pinger {
	k := &pinger{program: p, sender: sender, hosts: make(map[destination]*pingHost), live: make(map[string]int)}
	k.freed = sync.NewCond(&k.mu)
	return k
}

// Check asks about the recipient of a record.
func (k *pinger) Check(ctx context.Context, r *record.Record) (tool.Result, error) {
	q, err := k.question(r)
	if err != nil {
		k.note(sysexits.DataErr)
		return nil, err
	}
	a := k.ask(ctx, k.host(q.to), q)
	a.recipient = q.env.Recipients[0].Mailbox
	k.note(a.status())
	return a, nil
}

// note remembers an exit status.
func (k *pinger) note(status int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status = worst(k.status, status)
}

// worstStatus is the exit status for all that was asked.
func (k *pinger) worstStatus() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.status
}

// host is the destination as we know it.
func (k *pinger) host(to destination) *pingHost {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.hosts[to]
	if h == nil {
		if len(k.hosts) >= maxHosts {
			clear(k.hosts) // who waits goes on with what it has
		}
		h = &pingHost{to: to, slots: make(chan struct{}, k.pings.connections)}
		k.hosts[to] = h
	}
	return h
}

// ask asks over a connection that waits, or over a new one. When the old one breaks
// without an answer that is final, the server may only have had enough of it: then
// the question is asked again over a new one.
func (k *pinger) ask(ctx context.Context, h *pingHost, q question) answer {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return unasked("connect", ctx.Err())
	}
	if s := k.waiting(ctx, h); s != nil {
		if a, alive := k.askOver(ctx, s, q); alive || a.verdict() != "defer" {
			return a
		}
	}
	s, a := k.connectTo(ctx, h)
	if s != nil {
		a, _ = k.askOver(ctx, s, q)
	}
	return a
}

// askOver asks over one connection, which then waits for another question if
// it is alive.
func (k *pinger) askOver(ctx context.Context, s *inquiry, q question) (a answer, alive bool) {
	a, alive = s.ask(ctx, q)
	if alive {
		k.wait(ctx, s)
	} else {
		k.gone(s.link.host)
	}
	return a, alive
}

// connectTo makes a connection, unless the last one failed just now.
func (k *pinger) connectTo(ctx context.Context, h *pingHost) (*inquiry, answer) {
	k.mu.Lock()
	down := h.down
	if time.Since(h.downSince) > downTime {
		down = nil
	}
	k.mu.Unlock()
	begin := time.Now()
	if down == nil {
		var l *link
		if l, down = k.enter(ctx, h.to); down == nil {
			return &inquiry{link: l, host: h, pings: &k.pings, connectTime: time.Since(begin)}, answer{}
		}
		k.mu.Lock()
		h.down, h.downSince = down, time.Now()
		k.mu.Unlock()
	}
	return nil, answer{outcome: down.outcome, phase: "connect", connectTime: time.Since(begin)}
}

// waiting takes a connection to the destination that waits for a question.
func (k *pinger) waiting(ctx context.Context, h *pingHost) *inquiry {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.retire(ctx)
	for i, s := range k.idle {
		if s.host == h {
			k.idle = slices.Delete(k.idle, i, i+1)
			return s
		}
	}
	return nil
}

// wait keeps a connection for the next question.
func (k *pinger) wait(ctx context.Context, s *inquiry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.idle = append(k.idle, s)
	k.retire(ctx)
	k.freed.Broadcast()
}

// retire ends connections that have waited for too long and, when too many wait,
// those that have waited longest.
func (k *pinger) retire(ctx context.Context) {
	for len(k.idle) > 0 && (len(k.idle) > maxIdle || time.Since(k.idle[0].last) > idleTime) {
		k.leave(ctx, k.idle[0])
		k.idle = slices.Delete(k.idle, 0, 1)
	}
}

// leave says QUIT, while other work goes on.
func (k *pinger) leave(ctx context.Context, s *inquiry) {
	k.leaving.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, quitTime)
		defer cancel()
		s.Quit(ctx)
		k.gone(s.link.host)
	})
}

// quit takes leave of all servers.
func (k *pinger) quit(ctx context.Context) {
	k.mu.Lock()
	for _, s := range k.idle {
		k.leave(ctx, s)
	}
	k.idle = nil
	k.mu.Unlock()
	k.leaving.Wait()
}
