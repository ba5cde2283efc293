package netpath

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
)

// farTraced is what is found in a far network.
func farTraced(t *testing.T, f *e2e.Far, method Method, host string) Path {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := f.Command(self, method.String(), "0", host)
	cmd.Env = append(os.Environ(), traceEnv+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p, err := Parse(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return p
}

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
				p := farTraced(t, f, m, e2e.FarHost)
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
