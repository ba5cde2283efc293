package netpath

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postern/lib/state"
)

const sample = "192.0.2.7 1763700000 reached 10.0.0.1/310 * 192.0.2.1/2200,192.0.2.2/2250 192.0.2.7/2500"

func TestParse(t *testing.T) {
	p, err := Parse(sample)
	if err != nil || p.String() != sample || p.Distance() != 4 || len(p.Routers()) != 3 {
		t.Fatalf("got %v, %v, distance %d", p.String(), err, p.Distance())
	}
	for _, tt := range []struct{ line, want string }{
		{"", "a path of 1 words"},
		{"x 1 silent", "unable to parse IP"},
		{"192.0.2.7 x silent", "time of a path"},
		{"192.0.2.7 -1 silent", "time of a path"},
		{"192.0.2.7 1 lost", `end of a path: "lost"`},
		{"192.0.2.7 1 reached", "reached without a hop"},
		{"192.0.2.7 1 silent 10.0.0.1", "round trip of 10.0.0.1"},
		{"192.0.2.7 1 silent 10/1", "unable to parse IP"},
		{"192.0.2.7 1 silent ", "unable to parse IP"},
		{"192.0.2.7 1 silent" + strings.Repeat(" *", MaxHops+1), "a path of 36 words"},
		{"192.0.2.7 1 silent 1.1.1.1/1,1.1.1.2/1,1.1.1.3/1,1.1.1.4/1,1.1.1.5/1", "more than 4 answers"},
	} {
		if _, err := Parse(tt.line); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %q", tt.line, err, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("2001:db8::7 0 silent * *")
	f.Add("fe80::1%eth0 1 loop fe80::2%eth0/1")
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
		tracer := Tracer{Cache: store.Cache("netpath"), Keep: time.Minute, open: func(netip.Addr) (wire, error) {
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
		if p := trace(2); p.Probes == 0 || p.End != Limit {
			t.Errorf("got %v after %d probes", p.End, p.Probes)
		}
		first := trace(0)
		time.Sleep(30 * time.Second)
		second := trace(0)
		if first.Probes == 0 || second.Probes != 0 || first.String() != second.String() {
			t.Errorf("got %v, then %v", first.String(), second.String())
		}
		time.Sleep(31 * time.Second)
		if third := trace(0); third.Probes == 0 || third.Time.Sub(first.Time) < time.Minute {
			t.Errorf("after a minute it was still %v", third.String())
		}
	})
}
