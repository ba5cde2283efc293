package main

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/maillog"
	"postern/lib/place"
)

// patience is how long a connection waits for a worker before it is given a
// program of its own: that all workers are busy, or broken, is not to be the
// fresh client's trouble.
const patience = 200 * time.Millisecond

// When a worker dies, the next one is started after a while, twice as long
// after each, until one serves a session.
const (
	minBackoff = 100 * time.Millisecond
	maxBackoff = 30 * time.Second
)

// A pool is the workers, and the connections that wait for one.
type pool struct {
	workers []*worker
	waiting []waiting
	backoff time.Duration
	next    time.Time // when a worker may be started, after one has died
}

// waiting is a connection, counted by the gate, that has no worker yet.
type waiting struct {
	conn  conn
	until time.Time
}

// dispatch has a connection served, which the gate has counted.
func (s *server) dispatch(c conn) {
	switch {
	case s.cfg.workers.n == 0:
		s.serveAlone(c)
	case len(s.pool.waiting) > 0 || !s.hand(c):
		s.pool.waiting = append(s.pool.waiting, waiting{c, s.now().Add(patience)})
	}
}

// hand gives a connection to the worker that has the fewest, if one is free.
func (s *server) hand(c conn) bool {
	for {
		var best *worker
		for _, w := range s.pool.workers {
			if w.free() && (best == nil || len(w.clients) < len(best.clients)) {
				best = w
			}
		}
		if best == nil {
			return false
		}
		if best.take(c) {
			return true
		}
	}
}

// feed hands out what waits, in order, and gives what has waited too long a
// program of its own.
func (s *server) feed(now time.Time) {
	p := &s.pool
	for len(p.waiting) > 0 {
		first := p.waiting[0]
		switch {
		case s.hand(first.conn):
		case !now.Before(first.until):
			s.log.seldom(aboutWorkers, maillog.Notice, "workers_busy", "waiting", itoa(len(p.waiting)))
			s.serveAlone(first.conn)
		default:
			return
		}
		p.waiting[0] = waiting{}
		p.waiting = p.waiting[1:]
	}
	p.waiting = nil
}

// fill starts the workers that are missing.
func (s *server) fill(now time.Time) {
	n := 0
	for _, w := range s.pool.workers {
		if !w.spent() {
			n++
		}
	}
	for ; n < s.cfg.workers.n && !now.Before(s.pool.next); n++ {
		if err := s.startWorker(); err != nil {
			s.log.seldom(aboutWorkers, maillog.Err, "error", "error", err.Error())
			s.pool.later(now)
		}
	}
}

// later puts off the next start.
func (p *pool) later(now time.Time) {
	p.backoff = min(max(2*p.backoff, minBackoff), maxBackoff)
	p.next = now.Add(p.backoff)
}

// startWorker starts a worker and the goroutine that hears it.
func (s *server) startWorker() error {
	ours, theirs, err := packetPair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	spec := s.cfg.workers
	env := append(s.workerEnv[:len(s.workerEnv):len(s.workerEnv)],
		place.WorkerEnv+"="+itoa(spec.uses)+":"+itoa(spec.atOnce))
	w := &worker{file: ours, spec: spec, left: spec.uses}
	if w.raw, err = ours.SyscallConn(); err != nil {
		ours.Close()
		return err
	}
	pid, err := s.start(s.cfg, nil, int(theirs.Fd()), s.null, env)
	if err != nil {
		ours.Close()
		return err
	}
	s.children[pid] = child{worker: w}
	s.pool.workers = append(s.pool.workers, w)
	go w.listen(s.words)
	return nil
}

// heard acts on what a worker says.
func (s *server) heard(m word) {
	w := m.from
	w.full = false
	verb, text, _ := strings.Cut(strings.TrimSpace(m.text), " ")
	switch verb {
	case "ready":
		w.ready = true
	case "done":
		s.pool.backoff = 0
		s.done(w, text)
	default:
		s.log.seldom(aboutWorkers, maillog.Warning, "error", "error", "a worker says "+maillog.Clean(m.text, maxWord))
	}
}

// done ends a session of a worker. Which one matters only for the counts of
// its clients.
func (s *server) done(w *worker, address string) {
	if len(w.clients) == 0 {
		return // it has died meanwhile
	}
	ip, _ := netip.ParseAddr(address)
	i := slices.Index(w.clients, keyOf(ip))
	if i < 0 {
		i = 0
	}
	s.gate.leave(w.clients[i])
	w.clients = slices.Delete(w.clients, i, i+1)
}

// lost gives back what a worker had that has ended.
func (s *server) lost(w *worker, status unix.WaitStatus) {
	w.file.Close()
	for _, key := range w.clients {
		s.gate.leave(key)
	}
	w.clients = nil
	s.pool.workers = slices.DeleteFunc(s.pool.workers, func(x *worker) bool { return x == w })
	if !w.spent() || !clean(status) {
		s.pool.later(s.now())
	}
	w.retired = true
}

// retire tells the workers to end when their sessions have: they are handed no
// more, and see the end of their input. What they say is still heard.
func (s *server) retire() {
	for _, w := range s.pool.workers {
		if w.retired {
			continue
		}
		w.retired = true
		_ = w.raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_WR) })
	}
}
