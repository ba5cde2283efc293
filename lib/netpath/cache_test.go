package netpath

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postern/lib/state"
)

const sample = "192.0.2.7 udp/33434 1763700000.250000 61000 17 reached 1/1:10.0.0.1/310/11.0 2/0:* 1/1:192.0.2.1/2200/11.0,192.0.2.2/2250/11.0 1/1:192.0.2.7/2500/3.3"

func TestParse(t *testing.T) {
	p, err := Parse(sample)
	if err != nil || p.String() != sample || p.Distance() != 4 || len(p.Routers()) != 3 {
		t.Fatalf("got %v, %v, distance %d", p.String(), err, p.Distance())
	}
	const head = "192.0.2.7 udp/33434 1.000000 1 1 "
	for _, line := range []string{
		head + "silent",
		head + "silent" + strings.Repeat(" 1/0:*", MaxHops),
		head + "silent 1/1:1.1.1.1/1/t18,1.1.1.2/1/3.1,::1/1/1.1,1.1.1.4/1/1.1",
	} {
		if p, err := Parse(line); err != nil || p.String() != line {
			t.Errorf("%q became %q, %v", line, p.String(), err)
		}
	}
	for _, tt := range []struct{ line, want string }{
		{"", "a path of 1 words"},
		{"x udp/1 1.000000 1 1 silent", "unable to parse IP"},
		{"192.0.2.7 sctp/1 1.000000 1 1 silent", `kind of probe: "sctp"`},
		{"192.0.2.7 udp/65536 1.000000 1 1 silent", "port"},
		{"192.0.2.7 udp/1 x.000000 1 1 silent", "time of a path"},
		{"192.0.2.7 udp/1 -1.000000 1 1 silent", "time of a path"},
		{"192.0.2.7 udp/1 1.0 1 1 silent", "six decimals"},
		{"192.0.2.7 udp/1 1 1 1 silent", "six decimals"},
		{"192.0.2.7 udp/1 1.00000x 1 1 silent", "six decimals"},
		{"192.0.2.7 udp/1 1.0000000 1 1 silent", "six decimals"},
		{"192.0.2.7 udp/1 1.000000 x 1 silent", "duration"},
		{"192.0.2.7 udp/1 1.000000 1 x silent", "number of probes"},
		{head + "lost", `end of a path: "lost"`},
		{head + "reached", "reached without a hop"},
		{head + "silent 10.0.0.1", "a hop without its probes"},
		{head + "silent x/1:*", "probes"},
		{head + "silent 1/x:*", "answered probes"},
		{head + "silent 1/1:10.0.0.1", "round trip of 10.0.0.1"},
		{head + "silent 1/1:10.0.0.1/1", "message of 10.0.0.1"},
		{head + "silent 1/1:10.0.0.1/1/11.x", "message"},
		{head + "silent 1/1:10.0.0.1/1/x.0", "message"},
		{head + "silent 1/1:10/1/11.0", "unable to parse IP"},
		{head + "silent 1/1:fe80::1%eth0/1/11.0", "has a zone"},
		{head + "silent ", "a hop without its probes"},
		{head + "silent" + strings.Repeat(" 1/0:*", MaxHops+1), "a path of 39 words"},
		{head + "silent 1/1:1.1.1.1/1/1.1,1.1.1.2/1/1.1,1.1.1.3/1/1.1,1.1.1.4/1/1.1,1.1.1.5/1/1.1", "more than 4 answers"},
	} {
		if _, err := Parse(tt.line); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %q", tt.line, err, tt.want)
		}
	}
}

func TestPartial(t *testing.T) {
	for h, want := range map[[2]int]bool{{0, 0}: false, {2, 0}: false, {2, 1}: true, {2, 2}: false} {
		if got := (Hop{Sent: h[0], Answered: h[1]}).Partial(); got != want {
			t.Errorf("%d of %d answered: %v", h[1], h[0], got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("2001:db8::7 icmp/0 0.000000 0 4 silent 2/0:* 2/1:*")
	f.Add("fe80::1%eth0 tcp/25 1.000001 3 1 loop 1/1:fe80::2/1/t18")
	f.Fuzz(func(t *testing.T, line string) {
		p, err := Parse(line)
		if err != nil {
			return
		}
		again, err := Parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Errorf("%q became %q, then %q, %v", line, p.String(), again.String(), err)
		}
	})
}

func TestPart(t *testing.T) {
	p, err := Parse(sample)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		n, first int
		want     string
	}{
		{0, 1, "10.0.0.1 * 192.0.2.1 192.0.2.7"},
		{1, 1, "10.0.0.1"},
		{3, 1, "10.0.0.1 * 192.0.2.1"},
		{99, 1, "10.0.0.1 * 192.0.2.1 192.0.2.7"},
		{-1, 4, "192.0.2.7"},
		{-3, 2, "* 192.0.2.1 192.0.2.7"},
		{-4, 1, "10.0.0.1 * 192.0.2.1 192.0.2.7"},
		{-99, 1, "10.0.0.1 * 192.0.2.1 192.0.2.7"},
	} {
		hops, first := p.Part(tt.n)
		var words []string
		for _, h := range hops {
			words = append(words, h.String())
		}
		if got := strings.Join(words, " "); got != tt.want || first != tt.first {
			t.Errorf("%d: got %q from %d, want %q from %d", tt.n, got, first, tt.want, tt.first)
		}
	}
}

// TestCache: a path is measured once and then known, with its time, until it is
// too old; one that was cut short is not kept.
func TestCache(t *testing.T) {
	store := state.Open(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		var n *network
		tracer := Tracer{Store: store, Keep: time.Minute, open: func(Method, netip.AddrPort) (wire, error) {
			n = &network{hops: line(3), closed: make(chan struct{})}
			return n, nil
		}}
		trace := func(hops int) Path {
			p, err := tracer.Trace(t.Context(), dest, hops)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		if p := trace(2); p.Cached || p.End != Limit {
			t.Errorf("got %v after %d probes", p.End, p.Probes)
		}
		first := trace(0)
		time.Sleep(30 * time.Second)
		second := trace(0)
		if first.Cached || !second.Cached || first.String() != second.String() {
			t.Errorf("got %v, then %v", first.String(), second.String())
		}
		time.Sleep(31 * time.Second)
		third := trace(0)
		if third.Cached || third.Time.Sub(first.Time) < time.Minute {
			t.Errorf("after a minute it was still %v", third.String())
		}
		time.Sleep(time.Second)
		tracer.Fresh = true
		if p := trace(0); p.Cached {
			t.Error("a path that was to be measured was not")
		}
		tracer.Fresh = false
		if p := trace(0); p.String() != third.String() {
			t.Errorf("got %v, which was not to be kept", p.String())
		}
	})
}

// TestCacheOfPart: a path of which only the first hops were asked is not kept
// though the last of them is silent.
func TestCacheOfPart(t *testing.T) {
	store := state.Open(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		tracer := Tracer{Store: store, Keep: time.Minute, open: func(Method, netip.AddrPort) (wire, error) {
			return &network{hops: without(line(5), 3), closed: make(chan struct{})}, nil
		}}
		for _, tt := range []struct {
			hops int
			want string
		}{{3, "silent 1 2"}, {0, "reached 1 2 * 4 5"}} {
			p, err := tracer.Trace(t.Context(), dest, tt.hops)
			if err != nil || show(&p) != tt.want {
				t.Errorf("%d hops: got %v, %v", tt.hops, p.String(), err)
			}
		}
	})
}

// TestHostileCache: what others wrote into the cache is used only if we could
// have written it, for this host and at this time.
func TestHostileCache(t *testing.T) {
	store := state.Open(t.TempDir())
	tracer := Tracer{Store: store, Keep: time.Hour}
	now := time.Unix(1763700100, 0)
	for _, tt := range []struct {
		name, line string
		want       bool
	}{
		{"ours", sample, true},
		{"of another host", strings.Replace(sample, "192.0.2.7", "192.0.2.8", 1), false},
		{"by other probes", strings.Replace(sample, "udp/33434", "tcp/25", 1), false},
		{"by probes to another port", strings.Replace(sample, "udp/33434", "udp/53", 1), false},
		{"from the future", strings.Replace(sample, "1763700000", "1893456000", 1), false},
		{"with what terminals obey", strings.Replace(sample, "10.0.0.1/", "fe80::1%\x1b[2J/", 1), false},
	} {
		if err := store.Cache(cacheName).Put("192.0.2.7", []byte(tt.line), now, time.Hour); err != nil {
			t.Fatal(err)
		}
		if p, ok := tracer.Cached(netip.MustParseAddr("192.0.2.7"), now); ok != tt.want {
			t.Errorf("%s: %v, %v", tt.name, p.String(), ok)
		}
	}
}
