package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
)

// without takes out of a drawing what is another at each time: when, and how
// long it took.
func without(drawing string) string {
	drawing = regexp.MustCompile(` +\d+\.\d+ ms( #+)?`).ReplaceAllString(drawing, "")
	return regexp.MustCompile(`, 20[-0-9: ]+ UTC`).ReplaceAllString(drawing, "")
}

// TestPlots: the ways to two hosts, and what a record tells against what is
// true now.
func TestPlots(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	c := newChain(t, 3)
	c.In(1, "ip", "addr", "add", "10.10.0.1/32", "dev", "lo")
	c.In(0, "ip", "route", "add", "10.10.0.1/32", "via", c.Addr(4, 1))
	for _, tt := range []struct {
		name  string
		stdin string
		args  []string
		want  string
	}{
		{"one", "", []string{c.Addr(4, 3)}, `
10.9.3.2: 3 hops, udp/33434
 1 10.9.1.2
 2 10.9.2.2
 3 10.9.3.2
`},
		{"two", "", []string{c.Addr(4, 2), "10.10.0.1"}, `
o 10.9.2.2: 2 hops, udp/33434
x 10.10.0.1: 1 hop, udp/33434
   |-.
 1 | x! 10.10.0.1
 1 o  ! 10.9.1.2
 2 o  ! 10.9.2.2
`},
		{"the last hops of two", "", []string{c.Addr(4, 3), c.Addr(4, 4), "-2"}, `
o 10.9.3.2: 3 hops, udp/33434
x 10.9.4.2: 4 hops, udp/33434
 2 o    10.9.2.2
 3 o    10.9.3.2
   '-.
 4   x! 10.9.4.2
`},
		{"another way than before", `client_address=10.9.3.2 network_hops=4 network_path="10.9.1.2 10.77.0.1 10.9.2.2" network_path_time=1763700000`, nil, `
o 10.9.3.2: 4 hops
x 10.9.3.2: 3 hops, udp/33434
 1 o    10.9.1.2
   |-.
 2 | x! 10.9.2.2
 3 | x! 10.9.3.2
 2 o  ! 10.77.0.1
 3 o  ! 10.9.2.2
 4 o  ! 10.9.3.2
`},
		{"the same way", `client_address=10.9.3.2 network_hops=3 network_path="10.9.1.2 *"`, []string{"--icmp"}, `
o 10.9.3.2: 3 hops
x 10.9.3.2: 3 hops, icmp
 1 o    10.9.1.2
 2 o    10.9.2.2
 3 o    10.9.3.2
        no difference
`},
	} {
		got := without(c.netpath(tt.stdin, append([]string{"--fresh", "--numeric", "--plot=text"}, tt.args...)...))
		if got != strings.TrimPrefix(tt.want, "\n") {
			t.Errorf("%s: got\n%swant%s", tt.name, got, tt.want)
		}
	}
}

// TestCompare: the cache has the way of before, and comparing leaves it there.
func TestCompare(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	dir := t.TempDir()
	c := newChain(t, 3)
	dest := c.Addr(4, 4)
	before := c.netpath("", "-s", dir, dest)
	c.In(2, "ip", "addr", "add", "10.9.77.2/32", "dev", "in")
	c.In(2, "ip", "route", "change", "default", "via", "10.9.2.1", "src", "10.9.77.2")
	c.In(2, "ip", "route", "change", "10.9.1.0/24", "via", "10.9.2.1", "src", "10.9.77.2")
	for range 2 {
		if got := without(c.netpath("", "-s", dir, "--compare", "--numeric", "--plot=text", dest)); got != `o 10.9.4.2: 4 hops, udp/33434
x 10.9.4.2: 4 hops, udp/33434
 1 o    10.9.1.2
   |-.
 2 | x! 10.9.77.2
 3 | x  10.9.3.2
 4 | x  10.9.4.2
 2 o  ! 10.9.2.2
 3 o    10.9.3.2
 4 o    10.9.4.2
` {
			t.Errorf("got\n%s", got)
		}
	}
	if after := c.netpath("", "-s", dir, "-n", dest); after != before {
		t.Errorf("the cache has\n%s", after)
	}
}

// TestKinds: each kind of probe finds the path, in the filter too, and says what
// it lacks without a privilege.
func TestKinds(t *testing.T) {
	e2e.Need(t, "setpriv")
	c := newChain(t, 2)
	c.settle(6)
	for _, family := range []int{4, 6} {
		dest := c.Addr(family, 3)
		for _, kind := range []string{"--tcp", "--tcp=2525", "--icmp"} {
			if got, want := c.netpath("", "--fresh", kind, dest), c.lines(family, 1, 3); got != want {
				t.Errorf("%s: got\n%swant\n%s", kind, got, want)
			}
		}
	}
	c.In(0, "sysctl", "-qw", "net.ipv4.ping_group_range=1 0")
	for _, tt := range []struct{ kind, lacks string }{
		{"--tcp", "CAP_NET_RAW"},
		{"--icmp", "net.ipv4.ping_group_range"},
	} {
		status, stdout, stderr := c.nobody("", tt.kind, "--fresh", c.Addr(4, 3))
		if status != 75 || stdout != "" || !strings.Contains(stderr, tt.lacks) {
			t.Errorf("%s: %d %q %q", tt.kind, status, stdout, stderr)
		}
		status, stdout, _ = c.nobody(c.Addr(4, 3)+"\n", tt.kind, "--fresh")
		if status != 0 || !strings.Contains(stdout, "error=\"netpath: ") || !strings.Contains(stdout, tt.lacks) {
			t.Errorf("%s as a filter: %d %q", tt.kind, status, stdout)
		}
	}
	c.In(0, "sysctl", "-qw", "net.ipv4.ping_group_range=0 65534")
	for _, family := range []int{4, 6} {
		status, stdout, stderr := c.nobody("", "--icmp", "--fresh", c.Addr(family, 3))
		if want := c.lines(family, 1, 3); status != 0 || stdout != want {
			t.Errorf("ICMP without a privilege: %d %q %q, want %q", status, stdout, stderr, want)
		}
	}
}

// nobody runs the program on this host without any privilege.
func (c *chain) nobody(stdin string, args ...string) (status int, stdout, stderr string) {
	c.t.Helper()
	below := []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--bounding-set=-all", self(c.t)}
	cmd := c.Command(0, append(below, args...)...)
	var out, errs strings.Builder
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = environ(c.t), strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// TestNamesOfRouters: records of a filter get names and round trips with -v.
func TestNamesOfRouters(t *testing.T) {
	c := newChain(t, 3)
	zone := filepath.Join(t.TempDir(), "zone")
	text := "2.1.9.10.in-addr.arpa. 60 PTR gw.example.\n2.3.9.10.in-addr.arpa. 60 PTR a\\032b\\010c.example.\n2.4.9.10.in-addr.arpa. 60 PTR mail.example.\n"
	if err := os.WriteFile(zone, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := c.netpath(c.Addr(4, 4)+"\n"+c.Addr(4, 4)+" -2\n"+c.Addr(4, 4)+" 1\n", "-v", "-z", zone, "--fresh")
	const ms = `\d+\.\d{3}`
	want := `client_address=10.9.4.2 network_hops=4 network_path="10.9.1.2 10.9.2.2 10.9.3.2" network_path_time=\d+ network_path_names="gw.example \* a\\\\032b\\\\010c.example" network_path_rtt="` + strings.Join([]string{ms, ms, ms, ms}, " ") + `"
client_address=10.9.4.2 hops=-2 network_hops=4 network_path=10.9.3.2 network_path_time=\d+ network_path_names=a\\\\?032b\\\\?010c.example network_path_rtt="` + ms + " " + ms + `"
client_address=10.9.4.2 hops=1 network_path=10.9.1.2 network_path_time=\d+ network_path_names=gw.example network_path_rtt=` + ms + "\n"
	if !regexp.MustCompile("^" + want + "$").MatchString(got) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestFilterFlushes: a line goes out while the next is waited for.
func TestFilterFlushes(t *testing.T) {
	c := newChain(t, 1)
	cmd := c.Command(0, self(t), "--fresh")
	cmd.Env = environ(t)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	buf := make([]byte, 4096)
	for i := range 3 {
		fmt.Fprintf(in, "%s\n", c.Addr(4, 2))
		n, err := out.Read(buf)
		if err != nil || !strings.HasPrefix(string(buf[:n]), "client_address=10.9.2.2 network_hops=2 ") || buf[n-1] != '\n' {
			t.Fatalf("line %d: %v, %q", i, err, buf[:n])
		}
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestUntold: the path that a record does not tell is found now, and drawn once.
func TestUntold(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	t.Setenv("POSTERN_ROOT", t.TempDir())
	const untold = "client_address=127.0.0.1\n"
	for stdin, want := range map[string][]string{
		untold: {"127.0.0.1: 1 hop"},
		untold + "client_address=127.0.0.1 network_hops=1\n": {"o 127.0.0.1: 1 hop", "x 127.0.0.1: 1 hop", "no difference"},
	} {
		status, stdout, stderr := call(t, stdin, "--numeric", "--plot=text")
		if status != 0 || stderr != "" || strings.Contains(stdout, "would") {
			t.Errorf("%q: got %d, %q, %q", stdin, status, stdout, stderr)
		}
		for _, words := range want {
			if !strings.Contains(stdout, words) {
				t.Errorf("%q: no %q in %q", stdin, words, stdout)
			}
		}
	}
}
