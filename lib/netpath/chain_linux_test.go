package netpath

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
)

// traceEnv makes the test binary a program that finds a path, so that it can run
// elsewhere: its arguments are a kind of probe, a port, and hosts.
const traceEnv = "NETPATH_TEST_TRACE"

func TestMain(m *testing.M) {
	if os.Getenv(traceEnv) != "" {
		os.Exit(traceAll(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func traceAll(args []string) int {
	method, err := ParseMethod(args[0])
	port, portErr := strconv.Atoi(args[1])
	if err != nil || portErr != nil {
		fmt.Println(err, portErr)
		return 64
	}
	tracer := Tracer{Method: method, Port: uint16(port)}
	for _, host := range args[2:] {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		p, err := tracer.Trace(ctx, netip.MustParseAddr(host), 0)
		cancel()
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println(p.String())
	}
	return 0
}

// traced is what node 0 of a chain finds, below another command.
func traced(t *testing.T, c *e2e.Chain, below []string, args ...string) (list []Path) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := c.Command(0, append(append(below, self), args...)...)
	cmd.Env = append(os.Environ(), traceEnv+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	for line := range strings.Lines(string(out)) {
		p, err := Parse(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		list = append(list, p)
	}
	return list
}

// addresses are the end of a path and its hops.
func addresses(p *Path) string {
	words := []string{p.End.String()}
	for _, h := range p.Hops {
		words = append(words, h.String())
	}
	return strings.Join(words, " ")
}

func TestMethods(t *testing.T) {
	c := e2e.NewChain(t, 4)
	for _, family := range []int{4, 6} {
		for _, m := range []Method{UDP, ICMP, TCP} {
			p := traced(t, c, nil, m.String(), "0", c.Addr(family, 5))[0]
			t.Log(p.String())
		}
	}
}
