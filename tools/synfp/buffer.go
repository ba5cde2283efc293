package main

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"postern/lib/synfp"
)

// A buffer keeps the last SYNs until they are asked for. Its memory does not
// grow beyond their number.
type buffer struct {
	mu      sync.Mutex
	ring    []seen
	next    int
	at      map[ends]int // the last SYN of a connection, and of a client's port
	hosts   map[netip.Addr]*host
	waiting map[netip.AddrPort]*waiter
}

// ends are those of a connection. Without a server it is the last one of the
// client's port, from which a host may open others meanwhile, to other servers.
type ends struct{ client, server netip.AddrPort }

// keys are those under which a SYN is found.
func keys(s *synfp.SYN) [2]ends { return [...]ends{{s.Client, s.Server}, {client: s.Client}} }

// A waiter stands for all who wait for the SYN of one client, so that a flood wakes
// nobody whom it does not concern.
type waiter struct {
	number int
	come   chan struct{} // closed when it comes
}

type seen struct {
	synfp.SYN
	at time.Time
}

// A host is what p0f's API is asked about: one with SYNs in the ring.
type host struct {
	last        int
	kept        int
	total       uint32
	first, when time.Time
}

func newBuffer(keep int) *buffer {
	return &buffer{
		ring:    make([]seen, 0, min(keep, maxKeep)),
		at:      make(map[ends]int),
		hosts:   make(map[netip.Addr]*host),
		waiting: make(map[netip.AddrPort]*waiter),
	}
}

// add keeps a SYN, in place of the oldest when there are enough. isNew is false
// for one that came before.
func (b *buffer) add(s synfp.SYN, now time.Time) (isNew bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i, ok := b.at[ends{s.Client, s.Server}]; ok && s.Repeats(&b.ring[i].SYN) {
		return false
	}
	if len(b.ring) < cap(b.ring) {
		b.ring = append(b.ring, seen{})
	} else {
		b.forget(b.next)
	}
	b.ring[b.next] = seen{s, now}
	for _, k := range keys(&s) {
		b.at[k] = b.next
	}
	b.count(s.Client.Addr(), now)
	b.next = (b.next + 1) % cap(b.ring)
	b.wake(s.Client)
	b.wake(netip.AddrPortFrom(s.Client.Addr(), 0))
	return true
}

// wake tells those who wait for a client.
func (b *buffer) wake(client netip.AddrPort) {
	if w := b.waiting[client]; w != nil {
		close(w.come)
		delete(b.waiting, client)
	}
}

// count notes that a host has sent the SYN that comes next in the ring.
func (b *buffer) count(a netip.Addr, now time.Time) {
	h := b.hosts[a]
	if h == nil {
		h = &host{first: now}
		b.hosts[a] = h
	}
	h.last, h.when = b.next, now
	h.kept++
	h.total++
}

// forget takes a SYN out of the indices.
func (b *buffer) forget(i int) {
	s := &b.ring[i]
	for _, k := range keys(&s.SYN) {
		if b.at[k] == i {
			delete(b.at, k)
		}
	}
	a := s.Client.Addr()
	if h := b.hosts[a]; h != nil {
		if h.kept--; h.kept == 0 {
			delete(b.hosts, a)
		}
	}
}

// find gives the SYN of a connection, or else joins those who wait for it.
func (b *buffer) find(client, server netip.AddrPort) (s synfp.SYN, w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i, ok := b.index(client, server); ok {
		return b.ring[i].SYN, nil
	}
	if w = b.waiting[client]; w == nil {
		w = &waiter{come: make(chan struct{})}
		b.waiting[client] = w
	}
	w.number++
	return s, w
}

// justNow is how old the SYN of a connection may be that has only just begun.
const justNow = 2 * time.Second

// index is where in the ring the SYN of a connection is. Without a client's port it is
// the client's last SYN. A SYN from the client's port to another server counts too if
// it came just now: a packet filter of this host has changed its destination, after
// we captured it.
func (b *buffer) index(client, server netip.AddrPort) (i int, ok bool) {
	if h := b.hosts[client.Addr()]; client.Port() == 0 && h != nil {
		return h.last, !server.IsValid() || b.ring[h.last].Server == server
	}
	if i, ok = b.at[ends{client, server}]; ok {
		return i, true
	}
	i, ok = b.at[ends{client: client}]
	return i, ok && time.Since(b.ring[i].at) < justNow
}

// leave waits no more.
func (b *buffer) leave(client netip.AddrPort, w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w.number--; w.number == 0 && b.waiting[client] == w {
		delete(b.waiting, client)
	}
}

// wait finds the SYN of a connection, or waits for it.
func (b *buffer) wait(ctx context.Context, client, server netip.AddrPort) (synfp.SYN, bool) {
	for {
		s, w := b.find(client, server)
		if w == nil {
			return s, true
		}
		select {
		case <-w.come:
		case <-ctx.Done():
			b.leave(client, w)
			return s, false
		}
	}
}

// host tells what is known of an address.
func (b *buffer) host(a netip.Addr) (s synfp.SYN, h host, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.hosts[a]
	if !ok {
		return s, h, false
	}
	return b.ring[p.last].SYN, *p, true
}
