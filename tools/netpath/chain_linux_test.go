package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// mainEnv makes the test binary the program, so that it can run elsewhere.
const mainEnv = "NETPATH_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(mainEnv) != "" {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// need skips the test when a peer is missing, or fails where all must be there.
func need(t testing.TB, programs ...string) {
	t.Helper()
	missing := ""
	if os.Getuid() != 0 {
		missing = "it takes root to make network namespaces"
	}
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			missing = err.Error()
		}
	}
	if missing == "" {
		return
	}
	if os.Getenv("POSTERN_REAL") == "1" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// chain is a row of network namespaces: this host, the routers, the client.
type chain struct {
	t       *testing.T
	routers int
}

// newChain makes one with so many routers. Between node i-1 and node i is the
// network 10.9.i.0/24, and fd09:i::/64, in which they are .1 and .2. The nodes
// answer as often as they are asked.
func newChain(t *testing.T, routers int) *chain {
	t.Helper()
	need(t, "ip", "sysctl")
	c := &chain{t, routers}
	t.Cleanup(c.remove)
	for i := range routers + 2 {
		c.sh("ip", "netns", "add", c.name(i))
		c.in(i, "ip", "link", "set", "lo", "up")
		c.in(i, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
			"net.ipv6.conf.default.accept_dad=0", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0",
			"net.ipv4.icmp_msgs_per_sec=100000", "net.ipv4.icmp_msgs_burst=10000",
			"net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")
	}
	for i := 1; i <= routers+1; i++ {
		c.link(i)
	}
	for i := range routers {
		for to := i + 2; to <= routers+1; to++ {
			c.in(i, "ip", "route", "add", fmt.Sprintf("10.9.%d.0/24", to), "via", c.addr(4, i+1))
			c.in(i, "ip", "route", "add", fmt.Sprintf("fd09:%d::/64", to), "via", c.addr(6, i+1))
		}
	}
	c.settle(4)
	return c
}

// settle waits until all neighbours know each other, which takes IPv6 a second
// or two when a link has just come up; tests of IPv6 call it.
func (c *chain) settle(family int) {
	c.t.Helper()
	var out string
	for range 20 {
		if out = c.netpath("", "--fresh", c.addr(family, c.routers+1)); !strings.Contains(out, "beyond") && !strings.Contains(out, "*") {
			return
		}
	}
	c.t.Fatalf("the chain does not work for IPv%d:\n%s", family, out)
}

// link joins node i to the one before, which is its way to all others.
func (c *chain) link(i int) {
	c.sh("ip", "-n", c.name(i-1), "link", "add", "out", "type", "veth", "peer", "name", "in", "netns", c.name(i))
	for _, end := range []struct {
		node, host int
		dev        string
	}{{i - 1, 1, "out"}, {i, 2, "in"}} {
		c.in(end.node, "ip", "addr", "add", fmt.Sprintf("10.9.%d.%d/24", i, end.host), "dev", end.dev)
		c.in(end.node, "ip", "addr", "add", fmt.Sprintf("fd09:%d::%d/64", i, end.host), "dev", end.dev, "nodad")
		c.in(end.node, "ip", "link", "set", end.dev, "up")
	}
	c.in(i, "ip", "route", "add", "default", "via", fmt.Sprintf("10.9.%d.1", i))
	c.in(i, "ip", "route", "add", "default", "via", fmt.Sprintf("fd09:%d::1", i))
}

// addr is the address of a node on the side of this host.
func (c *chain) addr(family, node int) string {
	if family == 6 {
		return fmt.Sprintf("fd09:%d::2", node)
	}
	return fmt.Sprintf("10.9.%d.2", node)
}

func (c *chain) name(i int) string { return fmt.Sprintf("netpath-%d-%d", os.Getpid(), i) }

func (c *chain) remove() {
	for i := range c.routers + 2 {
		_ = exec.Command("ip", "netns", "del", c.name(i)).Run() // not all need to be there
	}
}

// sh runs a command, which must succeed, and gives its output.
func (c *chain) sh(name string, args ...string) string {
	c.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// in runs a command at a node.
func (c *chain) in(node int, args ...string) string {
	c.t.Helper()
	return c.sh("ip", append([]string{"netns", "exec", c.name(node)}, args...)...)
}

// netpath runs the program on this host.
func (c *chain) netpath(stdin string, args ...string) string {
	c.t.Helper()
	return c.program(stdin, nil, args...)
}

// program runs the program on this host below another.
func (c *chain) program(stdin string, below []string, args ...string) string {
	c.t.Helper()
	self, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command("ip", append(append([]string{"netns", "exec", c.name(0)}, below...), append([]string{self}, args...)...)...)
	cmd.Env = append(os.Environ(), mainEnv+"=1")
	cmd.Stdin = strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		c.t.Fatalf("netpath %v: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}
