package netpath

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postern/lib/state"
)

// tree is a network in which hosts are behind shared routers: each host's path,
// of which the last is the host itself.
type tree map[string][]string

// tracer finds paths in the tree, and counts probes to each hop.
func (tr tree) tracer(probes *[MaxHops + 1]int) *Tracer {
	return &Tracer{Share: true, open: func(_ Method, to netip.AddrPort) (wire, error) {
		*probes = [MaxHops + 1]int{}
		n := &network{hops: tr[to.Addr().String()], closed: make(chan struct{})}
		return &counting{n, probes}, nil
	}}
}

// counting counts probes by their hop.
type counting struct {
	*network
	probes *[MaxHops + 1]int
}

func (c *counting) send(m mark) error {
	c.probes[m.ttl]++
	return c.network.send(m)
}

// asked lists the hops that got probes.
func asked(probes *[MaxHops + 1]int) string {
	var list []string
	for ttl, n := range probes {
		if n > 0 {
			list = append(list, fmt.Sprint(ttl))
		}
	}
	return strings.Join(list, " ")
}

// TestShare: hops that two paths have shown to be common are asked for no more,
// as long as the router behind them is the same, and for a minute.
func TestShare(t *testing.T) {
	network := tree{
		"192.0.2.101":    {"10.0.0.1", "10.0.0.2", "10.0.0.3", "192.0.2.101"},
		"198.51.100.101": {"10.0.0.1", "10.0.0.2", "10.0.0.4", "10.0.0.5", "198.51.100.101"},
		"198.51.100.102": {"10.0.0.1", "10.0.0.2", "10.0.0.4", "10.0.0.5", "198.51.100.102"},
		"203.0.113.101":  {"10.0.0.1", "10.0.0.9", "203.0.113.101"},
		"10.0.0.1":       {"10.0.0.1"},
	}
	synctest.Test(t, func(t *testing.T) {
		var probes [MaxHops + 1]int
		tracer := network.tracer(&probes)
		tests := []struct {
			name, host, asked string
			later             time.Duration
		}{
			{"the first is asked for in full", "192.0.2.101", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", 0},
			{"the second, too", "198.51.100.101", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", 0},
			{"then from the last common hop, to two past the neighbour", "198.51.100.102", "2 3 4 5 6 7", 0},
			{"another router there: in full after all", "203.0.113.101", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", 0},
			{"after a minute nothing is known", "198.51.100.102", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", ShareAge},
			{"a host among the routers", "10.0.0.1", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", 0},
		}
		for _, tt := range tests {
			time.Sleep(tt.later)
			p, err := tracer.Trace(t.Context(), netip.MustParseAddr(tt.host), 0)
			if got, want := strings.TrimPrefix(addresses(&p), "reached "), strings.Join(network[tt.host], " "); err != nil || got != want {
				t.Errorf("%s: got %s, %v; want %s", tt.name, got, err, want)
			}
			if got := asked(&probes); got != tt.asked {
				t.Errorf("%s: asked %s, want %s", tt.name, got, tt.asked)
			}
		}
	})
}

// TestShareStays: what one path has from another is not handed on, so that
// nothing is older than a minute however many paths there are.
func TestShareStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := make(tree)
		for i := range 20 {
			host := fmt.Sprintf("198.51.%d.1", i)
			network[host] = []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", host}
		}
		var probes [MaxHops + 1]int
		tracer := network.tracer(&probes)
		var measured time.Time // the first hop
		for i := range 20 {
			p, err := tracer.Trace(t.Context(), netip.MustParseAddr(fmt.Sprintf("198.51.%d.1", i)), 0)
			if err != nil || silent(p.Hops) > 0 {
				t.Fatalf("got %v, %v", p.String(), err)
			}
			if !p.Hops[0].Shared() {
				measured = p.Time
			} else if age := p.Time.Sub(measured); age >= ShareAge {
				t.Errorf("path %d has a first hop that is %v old", i, age)
			}
			time.Sleep(ShareAge / 5)
		}
	})
}

// TestShareSilence: a hop that was asked and is silent is so for the others, and
// a host that misses a probe is not taken to be farther away.
func TestShareSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := tree{}
		for i := 1; i <= 4; i++ {
			host := fmt.Sprintf("198.51.100.%d", i)
			network[host] = []string{"10.0.0.1", "", "10.0.0.3", host}
		}
		var probes [MaxHops + 1]int
		tracer := network.tracer(&probes)
		for i := 1; i <= 4; i++ {
			began := time.Now()
			p, err := tracer.Trace(t.Context(), netip.MustParseAddr(fmt.Sprintf("198.51.100.%d", i)), 0)
			if err != nil || len(p.Hops) != 4 || !p.Hops[1].Silent() {
				t.Errorf("got %v, %v", p.String(), err)
			}
			if took := time.Since(began); i > 2 && (took != 4*hopTime || probes[2] > 0) {
				t.Errorf("path %d took %v and asked hops %s", i, took, asked(&probes))
			}
		}
	})
}

// TestShareClock: after the clock was set back, what was measured before it is
// not young for as long as that was.
func TestShareClock(t *testing.T) {
	now := time.Unix(1e9, 0)
	router1 := netip.MustParseAddr("10.0.0.1")
	hops := []Hop{{Sent: 1}, {Sent: 1, Answered: 1, Answers: []Answer{{Addr: router1}}}, {Sent: 1, Answered: 1, Answers: []Answer{{Addr: dest}}}}
	var n near
	for i := range 2 {
		n.add(&Path{Dest: dest, Time: now.Add(-time.Duration(i)), Hops: hops, End: Reached}, now)
	}
	for _, tt := range []struct {
		at   time.Time
		want bool
	}{{now, true}, {now.Add(ShareAge), false}, {now.Add(-time.Second), true}, {now.Add(-time.Hour), false}} {
		_, ok := n.before(router(2, router1), 1, tt.at)
		if ok != tt.want || n.distance(dest, tt.at) > 0 != tt.want || n.common(tt.at) > 1 != tt.want {
			t.Errorf("%v from then: %v, %d, %d; want %v", tt.at.Sub(now), ok, n.distance(dest, tt.at), n.common(tt.at), tt.want)
		}
	}
}

// through is a path to a host by routers, of which "*" is silent.
func through(host string, routers ...string) *Path {
	p := &Path{Dest: netip.MustParseAddr(host), Time: time.Unix(1e9, 0), End: Reached}
	for _, r := range append(routers, host) {
		h := Hop{Sent: 1}
		if r != "*" {
			h.Answered, h.Answers = 1, []Answer{{Addr: netip.MustParseAddr(r)}}
		}
		p.Hops = append(p.Hops, h)
	}
	return p
}

// TestCommon: how far all paths go the same way.
func TestCommon(t *testing.T) {
	const a, b, c, x = "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9"
	one := through("198.51.100.1", a, b, c)
	for _, tt := range []struct {
		other *Path
		want  int
	}{
		{through("203.0.113.1", a, b, c), 3},
		{through("203.0.113.1", a, b, c, x), 3},
		{through("203.0.113.1", a, b, x), 2},
		{through("203.0.113.1", a, x, c), 1},
		{through("203.0.113.1", x, b, c), 1},
		{through("203.0.113.1", a, "*", c), 3},
		{through("203.0.113.1", a, b, "*"), 3},
		{through("203.0.113.1", "*", "*", "*"), 3},
		{through("203.0.113.1", a), 1},
		{through("203.0.113.1"), 1},
	} {
		var n near
		if n.add(one, one.Time); n.common(one.Time) != 1 {
			t.Errorf("of one path %d", n.common(one.Time))
		}
		if n.add(tt.other, one.Time); n.common(one.Time) != tt.want {
			t.Errorf("%s and %s: %d, want %d", addresses(one), addresses(tt.other), n.common(one.Time), tt.want)
		}
	}
}

func TestKnows(t *testing.T) {
	var n near
	p := through("198.51.100.1", "10.0.0.1")
	n.add(p, p.Time)
	later, other := *p, *p
	later.Time, other.Dest = p.Time.Add(time.Second), dest
	if !n.knows(p) || n.knows(&later) || n.knows(&other) {
		t.Errorf("knows %v, later %v, other %v", n.knows(p), n.knows(&later), n.knows(&other))
	}
}

// TestHome: who is taken to be behind the same routers.
func TestHome(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"198.51.100.1", "198.51.100.255", true}, {"198.51.100.1", "198.51.101.1", false},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::1", true}, {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
	} {
		a, b := netip.MustParseAddr(tt.a), netip.MustParseAddr(tt.b)
		if got := home(7, a) == home(7, b); got != tt.want || home(7, a) == home(8, b) {
			t.Errorf("%s and %s: %v", a, b, got)
		}
	}
}

// TestShareByStore: processes learn from one another.
func TestShareByStore(t *testing.T) {
	store := state.Open(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		network := tree{}
		for i := range 30 {
			host := fmt.Sprintf("198.51.%d.1", i)
			network[host] = []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", host}
		}
		near, all := 0, 0
		for i := range 30 {
			var probes [MaxHops + 1]int
			tracer := network.tracer(&probes) // as another process
			tracer.Store, tracer.Keep = store, time.Hour
			p, err := tracer.Trace(t.Context(), netip.MustParseAddr(fmt.Sprintf("198.51.%d.1", i)), 0)
			if err != nil || silent(p.Hops) > 0 || len(p.Hops) != 4 {
				t.Errorf("got %v, %v", p.String(), err)
			}
			near += probes[1]
			all++
		}
		if near > all/4 {
			t.Errorf("the first hop was asked for %d of %d paths", near, all)
		}
	})
}

// addresses are the end of a path and its hops.
func addresses(p *Path) string {
	words := []string{p.End.String()}
	for _, h := range p.Hops {
		words = append(words, h.String())
	}
	return strings.Join(words, " ")
}
