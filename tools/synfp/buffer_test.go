package main

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// TestBufferIsBounded: what is not asked for is forgotten, in all indices.
func TestBufferIsBounded(t *testing.T) {
	b := newBuffer(3)
	for i := range 1000 {
		b.add(aSYN(t, fmt.Sprintf("192.0.2.%d:%d", i%200, i+1)), time.Now())
	}
	if len(b.ring) != 3 || len(b.at) != 2*3 || len(b.hosts) != 3 {
		t.Errorf("%d SYNs, %d keys of ports, %d hosts; want 3, 6, 3", len(b.ring), len(b.at), len(b.hosts))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := b.wait(ctx, netip.MustParseAddrPort("192.0.2.199:1000"), netip.AddrPort{}); !ok {
		t.Error("the last is not there")
	}
	if _, ok := b.wait(ctx, netip.MustParseAddrPort("192.0.2.0:1"), netip.AddrPort{}); ok || len(b.waiting) != 0 {
		t.Errorf("the first is there: %v; %d wait", ok, len(b.waiting))
	}
}

// TestRepeated: a SYN that is sent again is one of the same connection, and none
// of a port that is used again.
func TestRepeated(t *testing.T) {
	b := newBuffer(10)
	for i, tt := range []struct {
		client   string
		sequence uint32
		isNew    bool
	}{
		{"192.0.2.1:1", 7, true},
		{"192.0.2.1:1", 7, false},
		{"192.0.2.1:2", 7, true},
		{"192.0.2.1:1", 8, true},
		{"192.0.2.1:1", 8, false},
	} {
		s := aSYN(t, tt.client)
		s.Sequence = tt.sequence
		if got := b.add(s, time.Unix(int64(i), 0)); got != tt.isNew {
			t.Errorf("%d: new %v, want %v", i, got, tt.isNew)
		}
	}
	if _, h, _ := b.host(netip.MustParseAddr("192.0.2.1")); h.total != 3 || len(b.ring) != 3 {
		t.Errorf("%d connections, %d SYNs, want 3", h.total, len(b.ring))
	}
}

// TestOnePort: hosts use a port for connections to several servers at once, of
// which each has its own SYN.
func TestOnePort(t *testing.T) {
	b := newBuffer(4)
	first, second := aSYN(t, "192.0.2.1:4242"), aSYN(t, "192.0.2.1:4242")
	second.Server, second.Window = netip.MustParseAddrPort("192.0.2.9:587"), 1
	if !b.add(first, time.Now()) || !b.add(second, time.Now()) || b.add(first, time.Now()) || b.add(second, time.Now()) {
		t.Error("two SYNs, each sent twice, are not two")
	}
	for _, tt := range []struct {
		name   string
		server netip.AddrPort
		want   uint16
	}{
		{"the first", first.Server, first.Window},
		{"the second", second.Server, second.Window},
		{"any server", netip.AddrPort{}, second.Window},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if s, ok := b.wait(ctx, first.Client, tt.server); !ok || s.Window != tt.want {
			t.Errorf("%s: window %d, %v, want %d", tt.name, s.Window, ok, tt.want)
		}
	}
}

// TestRedirected: a packet filter on this host that sends connections to another
// port does so behind our back, so that a session asks for the port where it came
// to. A SYN that came just now from the client's port is the one.
func TestRedirected(t *testing.T) {
	b := newBuffer(4)
	s := aSYN(t, "192.0.2.1:4242")
	asked := netip.MustParseAddrPort("192.0.2.9:2525")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.add(s, time.Now().Add(-time.Minute))
	if got, ok := b.wait(ctx, s.Client, asked); ok {
		t.Errorf("an old one is taken: %s to %v", got.String(), got.Server)
	}
	s.Sequence++
	b.add(s, time.Now())
	if got, ok := b.wait(ctx, s.Client, asked); !ok || got.Sequence != s.Sequence {
		t.Errorf("got %s, %v", got.String(), ok)
	}
}

// TestManyWait: each of many who wait for SYNs gets its own, those of a host the
// next of that, and nothing is left behind.
func TestManyWait(t *testing.T) {
	const n = 200
	b := newBuffer(n)
	var group sync.WaitGroup
	for i := range n {
		client := netip.MustParseAddrPort(fmt.Sprintf("192.0.2.%d:%d", i%10, 1000+i))
		for _, asked := range []netip.AddrPort{client, client, netip.AddrPortFrom(client.Addr(), 0)} {
			group.Go(func() {
				s, ok := b.wait(t.Context(), asked, netip.AddrPort{})
				if !ok || s.Client.Addr() != asked.Addr() || asked.Port() != 0 && s.Client != asked {
					t.Errorf("%v got that of %v, %v", asked, s.Client, ok)
				}
			})
		}
	}
	for i := range n {
		b.add(aSYN(t, fmt.Sprintf("192.0.2.%d:%d", i%10, 1000+i)), time.Now())
	}
	group.Wait()
	if len(b.waiting) != 0 {
		t.Errorf("%d are waited for", len(b.waiting))
	}
}

// BenchmarkAddWhileWaited is a flood while sessions wait for SYNs that do not
// come.
func BenchmarkAddWhileWaited(b *testing.B) {
	buf := newBuffer(1000)
	ctx, cancel := context.WithCancel(b.Context())
	var group sync.WaitGroup
	for i := range maxAsking {
		group.Go(func() {
			buf.wait(ctx, netip.AddrPortFrom(netip.MustParseAddr("198.51.100.1"), uint16(i+1)), netip.AddrPort{})
		})
	}
	for waiting := 0; waiting < maxAsking; {
		buf.mu.Lock()
		waiting = len(buf.waiting)
		buf.mu.Unlock()
	}
	s, when := aSYN(b, "192.0.2.1:4242"), time.Now()
	for b.Loop() {
		s.Sequence++
		buf.add(s, when)
	}
	cancel()
	group.Wait()
}
