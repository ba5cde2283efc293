package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"postern/lib/e2e"
	"postern/lib/place"
)

// mainEnv makes the test binary the program, so that it can run elsewhere.
const mainEnv = "NETPATH_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(mainEnv) != "" {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// chain is a row of network namespaces: this host, the routers, the client.
type chain struct {
	*e2e.Chain
	t *testing.T
}

// newChain makes one with so many routers.
func newChain(t *testing.T, routers int) *chain {
	t.Helper()
	return &chain{e2e.NewChain(t, routers), t}
}

// settle waits until all neighbours know each other, which takes IPv6 a second
// or two when a link has just come up; tests of IPv6 call it.
func (c *chain) settle(family int) {
	c.t.Helper()
	var out string
	for range 20 {
		if out = c.netpath("", "--fresh", c.Addr(family, c.Last())); !strings.Contains(out, "beyond") && !strings.Contains(out, "*") {
			return
		}
	}
	c.t.Fatalf("the chain does not work for IPv%d:\n%s", family, out)
}

// netpath runs the program on this host.
func (c *chain) netpath(stdin string, args ...string) string {
	c.t.Helper()
	return c.program(stdin, nil, args...)
}

// program runs the program on this host below another.
func (c *chain) program(stdin string, below []string, args ...string) string {
	c.t.Helper()
	return output(c.t, stdin, c.Command(0, append(append(below, self(c.t)), args...)...))
}

// self is this test binary.
func self(tb testing.TB) string {
	tb.Helper()
	name, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	return name
}

// output is what a command writes, of which the test binary may be a part; it
// has to succeed, and to say nothing else.
func output(tb testing.TB, stdin string, cmd *exec.Cmd) string {
	tb.Helper()
	var stderr strings.Builder
	cmd.Env = environ(tb)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		tb.Fatalf("%v: %v\n%s", cmd.Args, err, stderr.String())
	}
	return string(out)
}

// environ has the test binary be the program, with a root of its own. The race
// detector is not to let it sleep for a second at its end.
func environ(tb testing.TB) []string {
	tb.Helper()
	return append(os.Environ(), mainEnv+"=1", place.RootEnv+"="+tb.TempDir(), "GORACE=atexit_sleep_ms=0")
}
