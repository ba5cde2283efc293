package netpath

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"postern/lib/e2e"
)

// nobody is a command without privileges.
var nobody = []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--bounding-set=-all"}

// TestPrivileges: UDP needs none; what the others need is said, and is enough.
func TestPrivileges(t *testing.T) {
	e2e.Need(t, "setpriv")
	c := e2e.NewChain(t, 1)
	settle(t, c)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(m Method, family int) string {
		cmd := c.Command(0, append(append([]string{}, nobody...), self, m.String(), "0", c.Addr(family, 2))...)
		cmd.Env = append(os.Environ(), traceEnv+"=none", "GORACE=atexit_sleep_ms=0")
		out, _ := cmd.CombinedOutput() // what it says tells
		return string(out)
	}
	const raw = "CAP_NET_RAW"
	for _, tt := range []struct {
		m      Method
		groups string
		want   []string
	}{
		{UDP, "1 0", []string{" reached "}},
		{ICMP, "1 0", []string{"ICMP probes: not permitted", raw, "net.ipv4.ping_group_range", "UDP probes take none"}},
		{TCP, "1 0", []string{"TCP probes: not permitted", raw, "UDP probes take none"}},
		{ICMP, "0 65535", []string{" icmp/0 ", " reached "}},
	} {
		c.In(0, "sysctl", "-qw", "net.ipv4.ping_group_range="+tt.groups)
		for _, family := range []int{4, 6} {
			got := ask(tt.m, family)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("%v over IPv%d, groups %s: got %q, want %q", tt.m, family, tt.groups, got, want)
				}
			}
		}
	}
}

// TestRateLimit: a router that answers one probe in 100 ms, and has just done
// so, is there when it is asked again.
func TestRateLimit(t *testing.T) {
	c := e2e.NewChain(t, 3)
	c.In(2, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=100")
	partial := false
	args := []string{"udp", "0"}
	for range 8 { // it has six answers at first
		args = append(args, c.Addr(4, 4))
	}
	for _, p := range traced(t, tracing(t, at0(c), "", args...)) {
		if got, want := addresses(&p), "reached 10.9.1.2 10.9.2.2 10.9.3.2 10.9.4.2"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		partial = partial || p.Hops[1].Partial()
	}
	if !partial {
		t.Error("it answered all probes: nothing was limited")
	}
}

// TestRateLimitOfMany: routers that answer six probes and then one a second, as
// Linux does unless told otherwise, stand in all of forty paths.
func TestRateLimitOfMany(t *testing.T) {
	c := e2e.NewChain(t, 4)
	settle(t, c)
	for i := 1; i <= c.Routers; i++ {
		c.In(i, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=1000", "net.ipv6.icmp.ratelimit=1000")
	}
	// Routers limit by address, and settle's has had its share.
	c.In(0, "ip", "addr", "change", "fd09:1::1/64", "dev", "out", "preferred_lft", "0")
	c.In(0, "ip", "addr", "add", "fd09:1::3/64", "dev", "out", "nodad")
	for _, family := range []int{4, 6} {
		hosts, bits, want := "10.9.5.%d", "/24", "reached"
		if family == 6 {
			hosts, bits = "fd09:5::%d", "/64"
		}
		for i := 1; i <= c.Routers; i++ {
			want += " " + c.Addr(family, i)
		}
		args := []string{"udp", "0"}
		for i := range 40 {
			addr := fmt.Sprintf(hosts, 100+i)
			c.In(c.Last(), "ip", "addr", "add", addr+bits, "dev", "in", "nodad")
			args = append(args, addr)
		}
		neighbour := func(args ...string) *exec.Cmd { return c.Command(c.Routers, args...) }
		for _, host := range args[2:] {
			await(t, host+" is known to its neighbour", func() bool {
				return traced(t, tracing(t, neighbour, "", "udp", "0", host))[0].End == Reached
			})
		}
		cmd := tracing(t, at0(c), "", args...)
		cmd.Env = append(cmd.Env, shareEnv+"=1")
		for i, p := range traced(t, cmd) {
			if got := addresses(&p); got != want+" "+args[2+i] {
				t.Errorf("got %s, want %s %s\nfrom %v", got, want, args[2+i], p.String())
			}
		}
	}
}

// TestOneWay: where a router spreads load by ports, all probes of a path go one
// way; another path, from another port, may go the other.
func TestOneWay(t *testing.T) {
	c := e2e.NewChain(t, 3)
	diamond(c)
	for _, m := range []Method{UDP, TCP} {
		ways := make(map[string]int)
		for range 24 {
			p := traced(t, tracing(t, at0(c), "", m.String(), "0", "10.9.4.2"))[0]
			got := addresses(&p)
			if ways[got]++; got != "reached 10.9.1.2 10.9.2.2 10.9.3.2 10.9.4.2" && got != "reached 10.9.1.2 10.7.1.2 10.7.2.2 10.9.4.2" {
				t.Errorf("%v: %s", m, got)
			}
		}
		if len(ways) != 2 {
			t.Errorf("%v: nothing was spread: %v", m, ways)
		}
	}
}

// diamond gives node 1 a second way to node 3, past node 2, by a namespace of
// its own which has the name of node 5.
func diamond(c *e2e.Chain) {
	const spare = 5
	link := func(from int, out string, to int, in string, net int) {
		c.In(from, "ip", "link", "add", out, "type", "veth", "peer", "name", in, "netns", c.Name(to))
		for _, end := range []struct {
			node, host int
			dev        string
		}{{from, 1, out}, {to, 2, in}} {
			c.In(end.node, "ip", "addr", "add", fmt.Sprintf("10.7.%d.%d/24", net, end.host), "dev", end.dev)
			c.In(end.node, "ip", "link", "set", end.dev, "up")
		}
	}
	c.Add(spare)
	link(1, "out2", spare, "in", 1)
	link(spare, "out", 3, "in2", 2)
	c.In(spare, "ip", "route", "add", "10.9.4.0/24", "via", "10.7.2.2")
	c.In(spare, "ip", "route", "add", "default", "via", "10.7.1.1")
	c.In(1, "sysctl", "-qw", "net.ipv4.fib_multipath_hash_policy=1")
	c.In(1, "ip", "route", "add", "10.9.4.0/24", "nexthop", "via", "10.9.2.2", "nexthop", "via", "10.7.1.2")
	c.In(3, "sysctl", "-qw", "net.ipv4.icmp_errors_use_inbound_ifaddr=1")
}
