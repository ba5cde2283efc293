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
	mu     sync.Mutex
	ring   []seen
	next   int
	at     map[netip.AddrPort]int // the last SYN of a client's port
	hosts  map[netip.Addr]*host
	change chan struct{} // closed at the next SYN, when somebody waits for it
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
		ring:  make([]seen, 0, min(keep, maxKeep)),
		at:    make(map[netip.AddrPort]int),
		hosts: make(map[netip.Addr]*host),
	}
}

// add keeps a SYN, in place of the oldest when there are enough. isNew is false
// for one that came before.
func (b *buffer) add(s synfp.SYN, now time.Time) (isNew bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i, ok := b.at[s.Client]; ok && s.Repeats(&b.ring[i].SYN) {
		return false
	}
	if len(b.ring) < cap(b.ring) {
		b.ring = append(b.ring, seen{})
	} else {
		b.forget(b.next)
	}
	b.ring[b.next] = seen{s, now}
	b.at[s.Client] = b.next
	b.count(s.Client.Addr(), now)
	b.next = (b.next + 1) % cap(b.ring)
	if b.change != nil {
		close(b.change)
		b.change = nil
	}
	return true
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
	if b.at[s.Client] == i {
		delete(b.at, s.Client)
	}
	a := s.Client.Addr()
	if h := b.hosts[a]; h != nil {
		if h.kept--; h.kept == 0 {
			delete(b.hosts, a)
		}
	}
}

// find gives the SYN of a connection, and what will be closed when another
// comes, for the case that it is not there. Without a port it is the last SYN of
// the client.
func (b *buffer) find(client, server netip.AddrPort) (s synfp.SYN, ok bool, change <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, ok := b.at[client]
	if h := b.hosts[client.Addr()]; client.Port() == 0 && h != nil {
		i, ok = h.last, true
	}
	if ok && (!server.IsValid() || b.ring[i].Server == server) {
		return b.ring[i].SYN, true, nil
	}
	if b.change == nil {
		b.change = make(chan struct{})
	}
	return s, false, b.change
}

// wait finds the SYN of a connection, or waits for it.
func (b *buffer) wait(ctx context.Context, client, server netip.AddrPort) (synfp.SYN, bool) {
	for {
		s, ok, change := b.find(client, server)
		if ok {
			return s, true
		}
		select {
		case <-change:
		case <-ctx.Done():
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
