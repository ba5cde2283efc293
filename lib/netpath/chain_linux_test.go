package netpath

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
	"postern/lib/state"
)

// traceEnv makes the test binary a program that finds paths, so that it can run
// elsewhere: its arguments are a kind of probe, a port, and hosts. The value is
// a store to share with others, if it is a path; with shareEnv all hosts are
// asked for at once and share hops.
const (
	traceEnv = "NETPATH_TEST_TRACE"
	shareEnv = "NETPATH_TEST_SHARE"
)

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
	tracer := Tracer{Method: method, Port: uint16(port), Share: os.Getenv(shareEnv) != ""}
	if dir := os.Getenv(traceEnv); strings.HasPrefix(dir, "/") {
		tracer.Store, tracer.Keep = state.Open(dir), time.Hour
	}
	lines := make([]chan string, len(args)-2)
	for i, host := range args[2:] {
		lines[i] = make(chan string, 1)
		if find := func() { lines[i] <- traceOne(&tracer, host) }; tracer.Share {
			go find()
		} else {
			find()
		}
	}
	for _, line := range lines {
		fmt.Println(<-line)
	}
	return 0
}

func traceOne(tracer *Tracer, host string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	p, err := tracer.Trace(ctx, netip.MustParseAddr(host), 0)
	if err != nil {
		return err.Error()
	}
	return p.String()
}

// tracing is this test binary as a program.
func tracing(t testing.TB, at func(args ...string) *exec.Cmd, store string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := at(append([]string{self}, args...)...)
	if store == "" {
		store = "none"
	}
	cmd.Env = append(os.Environ(), traceEnv+"="+store, "GORACE=atexit_sleep_ms=0")
	return cmd
}

// traced are the paths that a program finds.
func traced(t testing.TB, cmd *exec.Cmd) (list []Path) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
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

// at0 is node 0 of a chain.
func at0(c *e2e.Chain) func(args ...string) *exec.Cmd {
	return func(args ...string) *exec.Cmd { return c.Command(0, args...) }
}

// settle waits until neighbours know each other, which takes IPv6 a second or
// two when a link has just come up.
func settle(t *testing.T, c *e2e.Chain) {
	t.Helper()
	var p Path
	for range 20 {
		p = traced(t, tracing(t, at0(c), "", "udp", "0", c.Addr(6, c.Last())))[0]
		if p.End == Reached && silent(p.Hops) == 0 {
			return
		}
	}
	t.Fatalf("the chain does not work: %v", p.String())
}

// TestMethods: every kind of probe finds the path, over IPv4 and IPv6, and what
// traceroute(8) finds is the same.
func TestMethods(t *testing.T) {
	e2e.Need(t, "traceroute")
	c := e2e.NewChain(t, 4)
	settle(t, c)
	options := map[Method]string{UDP: "--wait=5", ICMP: "-I", TCP: "-T"}
	for _, family := range []int{4, 6} {
		want := "reached"
		for i := 1; i <= c.Last(); i++ {
			want += " " + c.Addr(family, i)
		}
		for _, m := range []Method{UDP, ICMP, TCP} {
			p := traced(t, tracing(t, at0(c), "", m.String(), "0", c.Addr(family, c.Last())))[0]
			if got := addresses(&p); got != want {
				t.Errorf("%v over IPv%d: got %s, want %s", m, family, got, want)
			}
			theirs := "reached"
			_, out, _ := strings.Cut(c.In(0, "traceroute", "-n", options[m], c.Addr(family, c.Last())), "\n")
			for line := range strings.Lines(out) {
				theirs += " " + strings.Fields(line)[1]
			}
			if theirs != want {
				t.Errorf("traceroute %s over IPv%d: got %s, want %s", options[m], family, theirs, want)
			}
		}
	}
}
