package main

import (
	"net/netip"
	"testing"
	"time"

	"postern/lib/loadavg"
)

func TestKeyOf(t *testing.T) {
	for _, tt := range []struct{ address, want string }{
		{"192.0.2.1", "192.0.2.1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"2001:db8:1:2::", "2001:db8:1:2::"},
		{"fe80::1%lo", "fe80::"},
	} {
		if got := keyOf(netip.MustParseAddr(tt.address)); got.String() != tt.want {
			t.Errorf("keyOf(%s) = %s, want %s", tt.address, got, tt.want)
		}
	}
	if keyOf(netip.Addr{}).IsValid() {
		t.Error("a Unix socket's client has a key")
	}
}

// TestGateOfOneClient has ZMailer's arithmetic: with N sessions allowed the
// next is told so, and from 4N that are open there is silence.
func TestGateOfOneClient(t *testing.T) {
	g := gate{total: 100, each: 2, of: map[netip.Addr]tally{}}
	one, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for i, want := range []verdict{admit, admit, manyThere, manyThere, manyThere, manyThere, manyThere, manyThere, drop, drop} {
		got := g.ask(one)
		if got != want {
			t.Errorf("connection %d: %v, want %v", i+1, got, want)
		}
		switch got {
		case admit:
			g.enter(one)
		case manyThere:
			g.enterRefused(one)
		}
	}
	if got := g.ask(other); got != admit {
		t.Errorf("another client: %v", got)
	}
	g.leave(one)
	for range 6 {
		g.leaveRefused(one)
	}
	if got := g.ask(one); got != admit {
		t.Errorf("with a place free: %v", got)
	}
	g.leave(one)
	if len(g.of) != 0 || g.live != 0 || g.refused != 0 {
		t.Errorf("at the end the gate holds %+v", g)
	}
}

func TestGateOfAll(t *testing.T) {
	g := gate{total: 3, each: 100, of: map[netip.Addr]tally{}}
	client := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }
	count := map[verdict]int{}
	for i := range 1000 {
		v := g.ask(client(i))
		count[v]++
		switch v {
		case admit:
			g.enter(client(i))
		case manyHere:
			g.enterRefused(client(i))
		}
	}
	if count[admit] != 3 || count[manyHere] != politeRefusals || count[drop] != 1000-3-politeRefusals {
		t.Errorf("verdicts %v", count)
	}
	if len(g.of) != 3+politeRefusals {
		t.Errorf("%d clients are counted", len(g.of))
	}
}

func TestRefusedTakeNoPlace(t *testing.T) {
	g := gate{total: 2, each: 1, of: map[netip.Addr]tally{}}
	one, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	g.enter(one)
	g.enterRefused(one)
	g.enterRefused(one)
	if got := g.ask(other); got != admit {
		t.Errorf("another client: %v", got)
	}
	g.leave(one)
	if got := g.ask(one); got != admit {
		t.Errorf("a client whose session has ended: %v", got)
	}
}

func TestLoadMeter(t *testing.T) {
	asked, load := 0, 50
	m := loadMeter{ask: func() (int, error) { asked++; return load, nil }}
	now := time.Unix(1000, 0)
	for _, tt := range []struct {
		limit int
		after time.Duration
		load  int
		want  bool
	}{
		{loadavg.Never, 0, 50, false},
		{10, 0, 50, true},
		{10, loadAge / 2, 3, true}, // still the old one
		{10, loadAge + 1, 3, false},
		{2, loadAge + 1, 3, true},
		{3, loadAge + 1, 3, false},
	} {
		load = tt.load
		if got := m.above(tt.limit, now.Add(tt.after)); got != tt.want {
			t.Errorf("limit %d, load %d: %v", tt.limit, tt.load, got)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
}
