package netpath

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
)

// TestFarNetwork: each kind of probe finds the path through routers that are silent,
// drop their first probes, or quote no more than they must.
func TestFarNetwork(t *testing.T) {
	for _, tt := range []struct {
		name string
		far  *e2e.Far
		want string
	}{
		{"twelve routers", &e2e.Far{Routers: 12}, "reached 1 2 3 4 5 6 7 8 9 10 11 12 host"},
		{"one is silent", &e2e.Far{Routers: 6, Silent: []int{3}}, "reached 1 2 * 4 5 6 host"},
		{"some drop probes", &e2e.Far{Routers: 6, Drop: map[int]int{2: 2, 4: 1}}, "reached 1 2 3 4 5 6 host"},
		{"short quotes", &e2e.Far{Routers: 6, Short: []int{1, 3, 4}}, "reached 1 2 3 4 5 6 host"},
		{"all quotes are short", &e2e.Far{Routers: 3, Short: []int{1, 2, 3, 4}}, "reached 1 2 3 host"},
		{"short quotes and silence", &e2e.Far{Routers: 5, Short: []int{2, 6}, Silent: []int{4}}, "reached 1 2 3 * 5 host"},
		{"a silent host", &e2e.Far{Routers: 3, Silent: []int{4}}, "silent 1 2 3"},
	} {
		for _, m := range []Method{UDP, ICMP, TCP} {
			t.Run(fmt.Sprintf("%s, %v", tt.name, m), func(t *testing.T) {
				f := tt.far
				f.Delay = 5 * time.Millisecond
				f.Start(t)
				p := traced(t, tracing(t, f.Command, "", m.String(), "0", e2e.FarHost))[0]
				got := strings.ReplaceAll(strings.ReplaceAll(addresses(&p), "10.8.0.", ""), e2e.FarHost, "host")
				if got != tt.want {
					t.Errorf("got %s\nfrom %v", got, p.String())
				}
				if n := f.Probes.Load(); n != int64(p.Probes) {
					t.Errorf("%d probes were sent, %d told of", n, p.Probes)
				}
			})
		}
	}
}

// TestOneMeasures: of many processes that want to know one path at once only one
// measures it, and all have what it found, with its time.
func TestOneMeasures(t *testing.T) {
	f := &e2e.Far{Routers: 8, Delay: 20 * time.Millisecond}
	f.Start(t)
	store := t.TempDir()
	found := make(chan Path)
	const many = 8
	for range many {
		go func() { found <- traced(t, tracing(t, f.Command, store, "udp", "0", e2e.FarHost))[0] }()
	}
	first := <-found
	for range many - 1 {
		if p := <-found; p.String() != first.String() {
			t.Errorf("one found %v, another %v", first.String(), p.String())
		}
	}
	if n := f.Probes.Load(); n != int64(first.Probes) {
		t.Errorf("%d probes were sent for one path of %d", n, first.Probes)
	}
}

// TestRateOfAll: processes that share a store keep to one rate together.
func TestRateOfAll(t *testing.T) {
	f := &e2e.Far{Routers: 4}
	f.Start(t)
	store := t.TempDir()
	done := make(chan []Path)
	const processes, each = 8, 10
	began := time.Now()
	for i := range processes {
		args := []string{"udp", "0"}
		for j := range each {
			args = append(args, fmt.Sprintf("10.8.%d.%d", 20+i, 1+j))
		}
		go func() { done <- traced(t, tracing(t, f.Command, store, args...)) }()
	}
	probes := 0
	for range processes {
		for _, p := range <-done {
			probes += p.Probes
		}
	}
	least := time.Duration(probes-burst) * time.Second / Rate
	if took := time.Since(began); probes < 2*burst || took < least {
		t.Errorf("%d probes in %v, want %v at least", probes, took, least)
	}
}
