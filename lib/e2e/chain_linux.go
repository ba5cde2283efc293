package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Chain is a row of network namespaces: node 0, so many routers, a last node.
// Between node i-1 and node i is the network 10.9.i.0/24, and fd09:i::/64, in
// which they are .1 and .2. The devices of a node are "in", towards node 0, and
// "out".
type Chain struct {
	tb      testing.TB
	prefix  string
	Routers int
	nodes   []int
}

// chains numbers the chains of this process.
var chains atomic.Int32

// NewChain makes a chain that is gone when the test ends. Its nodes answer as
// often as they are asked. It takes root, ip and sysctl.
func NewChain(tb testing.TB, routers int) *Chain {
	tb.Helper()
	NeedRoot(tb)
	Need(tb, "ip", "sysctl")
	c := &Chain{tb: tb, prefix: fmt.Sprintf("chain-%d-%d", os.Getpid(), chains.Add(1)), Routers: routers}
	tb.Cleanup(c.remove)
	for i := range routers + 2 {
		c.Add(i)
	}
	for i := 1; i <= routers+1; i++ {
		c.link(i)
	}
	for i := range routers {
		c.In(i, "ip", "route", "add", "10.9.0.0/16", "via", c.Addr(4, i+1))
		c.In(i, "ip", "route", "add", "fd09::/16", "via", c.Addr(6, i+1))
	}
	return c
}

// Add makes a namespace that forwards and is not yet joined to any other. The
// test may add nodes beside the row.
func (c *Chain) Add(node int) {
	c.run("ip", "netns", "add", c.Name(node))
	c.nodes = append(c.nodes, node)
	c.In(node, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
		"net.ipv6.conf.default.accept_dad=0", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0",
		"net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")
	// Older kernels have these for the whole host alone.
	c.In(node, "sysctl", "-eqw", "net.ipv4.icmp_msgs_per_sec=100000", "net.ipv4.icmp_msgs_burst=10000")
	c.In(node, "ip", "link", "set", "lo", "up")
}

// link joins node i to the one before, which is its way to all others.
func (c *Chain) link(i int) {
	c.run("ip", "-n", c.Name(i-1), "link", "add", "out", "type", "veth", "peer", "name", "in", "netns", c.Name(i))
	for _, end := range []struct {
		node, host int
		dev        string
	}{{i - 1, 1, "out"}, {i, 2, "in"}} {
		c.In(end.node, "ip", "addr", "add", fmt.Sprintf("10.9.%d.%d/24", i, end.host), "dev", end.dev)
		c.In(end.node, "ip", "addr", "add", fmt.Sprintf("fd09:%d::%d/64", i, end.host), "dev", end.dev, "nodad")
		c.In(end.node, "ip", "link", "set", end.dev, "up")
	}
	for j := 1; j < i; j++ {
		c.In(i, "ip", "route", "add", fmt.Sprintf("10.9.%d.0/24", j), "via", fmt.Sprintf("10.9.%d.1", i))
		c.In(i, "ip", "route", "add", fmt.Sprintf("fd09:%d::/64", j), "via", fmt.Sprintf("fd09:%d::1", i))
	}
	c.In(i, "ip", "route", "add", "default", "via", fmt.Sprintf("10.9.%d.1", i))
	c.In(i, "ip", "route", "add", "default", "via", fmt.Sprintf("fd09:%d::1", i))
}

// Addr is the address of a node on the side of node 0.
func (c *Chain) Addr(family, node int) string {
	if family == 6 {
		return fmt.Sprintf("fd09:%d::2", node)
	}
	return fmt.Sprintf("10.9.%d.2", node)
}

// Last is the number of the last node.
func (c *Chain) Last() int { return c.Routers + 1 }

// Name is the name of a node's namespace.
func (c *Chain) Name(node int) string { return fmt.Sprintf("%s-%d", c.prefix, node) }

// Command is a command at a node.
func (c *Chain) Command(node int, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", c.Name(node)}, args...)...)
}

// Dial connects from a node.
func (c *Chain) Dial(node int, addr string) net.Conn {
	c.tb.Helper()
	var conn net.Conn
	var err error
	insideErr := inside(c.Name(node), func() { conn, err = net.DialTimeout("tcp", addr, 10*time.Second) })
	if err = errors.Join(insideErr, err); err != nil {
		c.tb.Fatal(err)
	}
	return conn
}

// In runs a command at a node, which must succeed, and gives its output.
func (c *Chain) In(node int, args ...string) string {
	c.tb.Helper()
	return c.run("ip", append([]string{"netns", "exec", c.Name(node)}, args...)...)
}

func (c *Chain) run(name string, args ...string) string {
	c.tb.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		c.tb.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (c *Chain) remove() {
	for _, i := range c.nodes {
		_ = exec.Command("ip", "netns", "del", c.Name(i)).Run() // not all need to be there
	}
}
