package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
)

// lines are the numbered lines of a path.
func (c *chain) lines(family, from, to int, silent ...int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		addr := c.Addr(family, i)
		for _, s := range silent {
			if s == i {
				addr = "*"
			}
		}
		fmt.Fprintf(&b, "%d %s\n", i, addr)
	}
	return b.String()
}

// traceroute is the path that traceroute(8) finds, in our form.
func (c *chain) traceroute(dest string) string {
	c.t.Helper()
	e2e.Need(c.t, "traceroute")
	return pathOf(c.In(0, "traceroute", "-n", "-w", "0.5", dest))
}

// pathOf reads what traceroute prints.
func pathOf(out string) string {
	var b strings.Builder
	_, text, _ := strings.Cut(out, "\n")
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 1 {
			fmt.Fprintf(&b, "%s %s\n", words[0], words[1])
		}
	}
	return b.String()
}

// TestChain: the path is the one of the chain, and of traceroute.
func TestChain(t *testing.T) {
	for _, tt := range []struct{ routers, family int }{{4, 4}, {4, 6}, {12, 4}, {12, 6}} {
		t.Run(fmt.Sprintf("%d routers, IPv%d", tt.routers, tt.family), func(t *testing.T) {
			c := newChain(t, tt.routers)
			c.settle(tt.family)
			n := tt.routers + 1
			dest := c.Addr(tt.family, n)
			for _, part := range []struct {
				hops     string
				from, to int
			}{{"0", 1, n}, {"1", 1, 1}, {"2", 1, 2}, {"-1", n, n}, {"-2", n - 1, n}, {"99", 1, n}} {
				if got, want := c.netpath("", "--fresh", dest, part.hops), c.lines(tt.family, part.from, part.to); got != want {
					t.Errorf("%s hops: got\n%swant\n%s", part.hops, got, want)
				}
			}
			if got, want := c.traceroute(dest), c.lines(tt.family, 1, n); got != want {
				t.Errorf("traceroute: got\n%swant\n%s", got, want)
			}
		})
	}
}

// TestSilent: a router that sends no ICMP is shown as such, and does not keep
// the rest.
func TestSilent(t *testing.T) {
	e2e.Need(t, "nft")
	c := newChain(t, 4)
	c.settle(6)
	c.In(2, "nft", "add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o meta l4proto { icmp, icmpv6 } drop")
	for _, family := range []int{4, 6} {
		dest := c.Addr(family, 5)
		want := c.lines(family, 1, 5, 2)
		if got := c.netpath("", "--fresh", dest); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		if got := c.traceroute(dest); got != want {
			t.Errorf("traceroute: got\n%swant\n%s", got, want)
		}
	}
}

// TestSilentHost: the path to a host that drops probes ends with the last
// router, as one to a host that does not exist does.
func TestSilentHost(t *testing.T) {
	e2e.Need(t, "nft")
	c := newChain(t, 2)
	c.In(3, "nft", "add table ip f; add chain ip f i { type filter hook input priority 0; }; add rule ip f i udp dport 33434 drop")
	if got, want := c.netpath("", "--fresh", c.Addr(4, 3)), c.lines(4, 1, 2)+"no answer beyond\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	c.In(2, "nft", "add table ip f; add chain ip f i { type filter hook forward priority 0; }; add rule ip f i reject with icmp type admin-prohibited")
	if got, want := c.netpath("", "--fresh", c.Addr(4, 3)), c.lines(4, 1, 2)+"no way beyond\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestLoop: two routers that hold each other for the way to the host.
func TestLoop(t *testing.T) {
	c := newChain(t, 2)
	c.In(1, "ip", "route", "add", "192.0.2.0/24", "via", c.Addr(4, 2))
	c.In(0, "ip", "route", "add", "192.0.2.0/24", "via", c.Addr(4, 1))
	want := "1 10.9.1.2\n2 10.9.2.2\na loop beyond\n"
	if got := c.netpath("", "--fresh", "192.0.2.1"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestAsymmetric: answers that come back another way change nothing.
func TestAsymmetric(t *testing.T) {
	c := newChain(t, 3)
	c.In(0, "ip", "link", "add", "back", "type", "veth", "peer", "name", "back", "netns", c.Name(4))
	c.In(0, "ip", "addr", "add", "10.9.99.1/24", "dev", "back")
	c.In(4, "ip", "addr", "add", "10.9.99.2/24", "dev", "back")
	c.In(0, "ip", "link", "set", "back", "up")
	c.In(4, "ip", "link", "set", "back", "up")
	c.In(4, "ip", "route", "replace", "10.9.1.0/24", "via", "10.9.99.1")
	c.In(4, "ip", "addr", "add", "10.10.0.1/32", "dev", "lo")
	for i := range 4 {
		c.In(i, "ip", "route", "add", "10.10.0.1/32", "via", c.Addr(4, i+1))
	}
	if got, want := c.netpath("", "--fresh", "10.10.0.1"), c.lines(4, 1, 3)+"4 10.10.0.1\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestNobody: it takes no privilege.
func TestNobody(t *testing.T) {
	e2e.Need(t, "setpriv")
	c := newChain(t, 2)
	below := []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--bounding-set=-all"}
	if got, want := c.program("", below, "--fresh", c.Addr(4, 3)), c.lines(4, 1, 3); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestFilter: records go out in order with what was found, and the cache has it
// for the next that asks.
func TestFilter(t *testing.T) {
	c := newChain(t, 3)
	c.settle(6)
	dir := filepath.Join(t.TempDir(), "state")
	in := "client_address=" + c.Addr(4, 4) + " helo_name=x network_hops=77\n" + c.Addr(4, 1) + "\nfoo\n" + c.Addr(6, 3) + " -2\n"
	first := c.netpath(in, "-s", dir)
	want := []string{
		"client_address=10.9.4.2 helo_name=x network_hops=4 network_path=\"10.9.1.2 10.9.2.2 10.9.3.2\" network_path_time=",
		"client_address=10.9.1.2 network_hops=1 network_path_time=",
		"client_address=foo error=\"netpath: client_address",
		"client_address=fd09:3::2 hops=-2 network_hops=3 network_path=fd09:2::2 network_path_time=",
	}
	lines := strings.Split(strings.TrimSpace(first), "\n")
	if len(lines) != len(want) {
		t.Fatalf("got\n%s", first)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("got %q, want %q", line, want[i])
		}
	}
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // another time of measuring
	if second := c.netpath(in, "-s", dir); second != first {
		t.Errorf("got\n%s, and then\n%s", first, second)
	}
	if dry := c.netpath("", "-n", "-s", dir, c.Addr(4, 4)); dry != c.lines(4, 1, 4) {
		t.Errorf("-n: %s", dry)
	}
}

// TestProbeCount: as many probes leave as the search sends, all of one flow.
func TestProbeCount(t *testing.T) {
	e2e.Need(t, "tcpdump")
	c := newChain(t, 4)
	dump := c.Command(0, "tcpdump", "-nn", "-l", "-c", "17", "-i", "out", "udp and src host 10.9.1.1")
	var out, errs strings.Builder
	dump.Stdout = &out
	ready, err := dump.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := dump.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 512)
	for !strings.Contains(errs.String(), "listening on") {
		n, err := ready.Read(buf)
		if errs.Write(buf[:n]); err != nil {
			t.Fatalf("tcpdump: %v %s", err, errs.String())
		}
	}
	c.netpath("", "--fresh", c.Addr(4, 5))
	// One datagram more, of another flow, ends tcpdump.
	c.In(0, "bash", "-c", "echo >/dev/udp/"+c.Addr(4, 5)+"/9")
	if err := dump.Wait(); err != nil {
		t.Fatal(err)
	}
	flows := make(map[string]int)
	for line := range strings.Lines(out.String()) {
		_, flow, _ := strings.Cut(line, " IP ")
		flow, _, _ = strings.Cut(flow, ":")
		flows[flow]++
	}
	counts := fmt.Sprint(flows)
	if len(flows) != 2 || !strings.Contains(counts, "10.9.5.2.33434:16") || !strings.Contains(counts, "10.9.5.2.9:1") {
		t.Errorf("flows and their probes: %s", counts)
	}
}
