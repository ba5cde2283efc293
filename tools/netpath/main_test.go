package main

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"

	"postern/lib/e2e"
	"postern/lib/place"
	"postern/lib/tool"
)

// call runs the program and gives what it wrote.
func call(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

func onLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("paths are found on Linux only")
	}
}

func TestRun(t *testing.T) {
	onLinux(t)
	t.Setenv("POSTERN_ROOT", t.TempDir())
	t.Setenv("LC_ALL", "C")
	for _, tt := range []struct {
		name   string
		args   []string
		stdin  string
		status int
		stdout string // how it begins
		stderr string // a part of it
	}{
		{"not measured", []string{"-n", "127.0.0.1"}, "", 0, "127.0.0.1: udp/33434 probes would be sent, to hops 1 to 32, 64 at most\n", ""},
		{"not measured, TCP", []string{"-n", "--tcp", "127.0.0.1", "3"}, "", 0, "127.0.0.1: tcp/25 probes would be sent, to hops 1 to 3, 9 at most\n", ""},
		{"not measured, a port", []string{"-n", "--tcp=587", "::1", "-3"}, "", 0, "::1: tcp/587 probes would be sent, to hops 1 to 32, 64 at most\n", ""},
		{"not measured, ICMP", []string{"-n", "--icmp", "127.0.0.1", "99"}, "", 0, "127.0.0.1: icmp probes would be sent, to hops 1 to 32, 64 at most\n", ""},
		{"not measured for a filter", []string{"-n"}, "127.0.0.1\n", 0, "client_address=127.0.0.1\n", ""},
		{"what a filter would send", []string{"-nd"}, "127.0.0.1 2\n", 0, "client_address=127.0.0.1 hops=2\n", "netpath: 127.0.0.1: udp/33434 probes would be sent, to hops 1 to 2, 6 at most\n"},
		{"not measured for a drawing", []string{"-n", "--plot", "127.0.0.1", "127.0.0.2", "2"}, "", 0,
			"127.0.0.1: udp/33434 probes would be sent, to hops 1 to 2, 6 at most\n127.0.0.2: udp/33434 probes would be sent, to hops 1 to 2, 6 at most\n", ""},
		{"measured", []string{"-d", "127.0.0.1"}, "", 0, "1 127.0.0.1\n", "netpath: 127.0.0.1: 1 hop, udp/33434, "},
		{"a folder that cannot be used", []string{"-d", "-s", "/dev/null/state", "127.0.0.1"}, "", 0, "1 127.0.0.1\n", "netpath: nothing is shared: open /dev/null/state: not a directory\n"},
		{"known now", []string{"-n", "127.0.0.1"}, "", 0, "1 127.0.0.1\n", ""},
		{"too old", []string{"-n", "--keep", "0", "127.0.0.1"}, "", 0, "127.0.0.1: udp/", ""},
		{"drawn", []string{"--plot=text", "--numeric", "127.0.0.1"}, "", 0, "127.0.0.1: 1 hop, udp/33434, ", ""},
		{"drawn for no terminal", []string{"--plot", "--numeric", "127.0.0.1"}, "", 0, "<svg ", ""},
		{"then and now", []string{"--compare", "--plot=text", "127.0.0.1"}, "", 0, "o 127.0.0.1: 1 hop, udp/33434, ", ""},
		{"no then", []string{"--compare", "--plot=text", "127.0.0.9"}, "", 0, "127.0.0.9: 1 hop, udp/33434, ", "netpath: no path to 127.0.0.9 is known from before\n"},
		{"times", []string{"-v", "-z", "/dev/null", "127.0.0.1", "-1"}, "", 0, "1 127.0.0.1 ", ""},
		{"times as a record", []string{"-vJ", "-z", "/dev/null", "127.0.0.1"}, "", 0, `{"client_address":"127.0.0.1","network_hops":"1","network_path_time":"`, ""},
		{"no address", []string{"localhost"}, "", 65, "", "not an IP address"},
		{"no address to draw", []string{"--plot", "localhost"}, "", 65, "", "not an IP address"},
		{"no host", []string{"224.0.0.1"}, "", 65, "", "there is no path to this address"},
		{"no host, without probes", []string{"-n", "0.0.0.0"}, "", 65, "", "0.0.0.0: there is no path to this address"},
		{"no host, without probes, for a drawing", []string{"-n", "--plot", "ff02::1"}, "", 65, "", "ff02::1: there is no path to this address"},
		{"no host for a filter, without probes", []string{"-n"}, "255.255.255.255\n", 0, `client_address=255.255.255.255 error="netpath: 255.255.255.255: there is no path to this address"`, ""},
		{"a link-local one without its interface", []string{"-n", "fe80::1"}, "", 65, "", "fe80::1: there is no path to this address: without an interface, as in fe80::1%eth0"},
		{"a whole network", []string{"127.255.255.255"}, "", 65, "", "127.255.255.255: there is no path to this address"},
		{"no interface", []string{"fe80::1%none"}, "", 65, "", "fe80::1%none: there is no path to this address"},
		{"an interface that a terminal would obey", []string{"fe80::1%\x1b[2J"}, "", 65, "", `"fe80::1%\x1b[2J" is not an IP address`},
		{"no interface for a drawing", []string{"--plot", "fe80::1%none"}, "", 65, "", "fe80::1%none: there is no path to this address"},
		{"no host to draw", []string{"--plot", "127.0.0.1", "224.0.0.1"}, "", 65, "", "there is no path to this address"},
		{"no hops", []string{"127.0.0.1", "some"}, "", 64, "", `"some" is no number of hops`},
		{"no hops in a record", nil, "client_address=127.0.0.1 hops=x\n", 0, `client_address=127.0.0.1 hops=x error="netpath: hops \"x\" is no number"`, ""},
		{"too much", []string{"127.0.0.1", "1", "2"}, "", 64, "", "operands are an address and a number of hops"},
		{"too much to draw", []string{"--plot", "127.0.0.1", "127.0.0.2", "127.0.0.3"}, "", 65, "", "no more than 2 paths"},
		{"too much to compare", []string{"--compare", "127.0.0.1", "127.0.0.2"}, "", 65, "", "--compare takes one address"},
		{"nothing to compare", []string{"--compare"}, "", 64, "", "--compare needs an address"},
		{"two kinds", []string{"--tcp", "--icmp", "127.0.0.1"}, "", 64, "", "only one of --tcp and --icmp"},
		{"no port", []string{"--tcp=smtp", "127.0.0.1"}, "", 64, "", `option --tcp: "smtp" is no port`},
		{"no form", []string{"--plot=png", "127.0.0.1"}, "", 64, "", `option --plot: "png" is neither text nor svg`},
		{"a drawing for Postfix", []string{"--plot", "-P"}, "", 64, "", "cannot be with -P or -J"},
		{"no number", []string{"--keep", "soon", "127.0.0.1"}, "", 64, "", `option --keep: "soon" is no number of seconds`},
		{"no number for a drawing", []string{"--plot", "--keep", "soon", "127.0.0.1"}, "", 64, "", `option --keep: "soon" is no number of seconds`},
		{"policy", []string{"-P"}, "client_address=127.0.0.1\n\n", 0, "action=PREPEND X-Avenger: version=" + place.Version() + "; ", ""},
		{"policy without a path", []string{"-P", "-n"}, "client_address=127.0.0.2\n\n", 0, "action=DUNNO\n", ""},
		{"own attributes are ours", []string{"-n"}, "client_address=127.0.0.2 network_path=1.1.1.1 network_path_names=x network_path_rtt=1 x=y\n", 0, "client_address=127.0.0.2 x=y\n", ""},
	} {
		status, stdout, stderr := call(t, tt.stdin, tt.args...)
		if status != tt.status || !strings.HasPrefix(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%s: got %d, %q, %q; want %d, %q, %q", tt.name, status, stdout, stderr, tt.status, tt.stdout, tt.stderr)
		}
	}
}

// TestJobs: more paths at once than the rate has probes for would wait for one
// another until their time is over.
func TestJobs(t *testing.T) {
	t.Setenv("POSTERN_ROOT", t.TempDir())
	for said, want := range map[int]int{0: 0, 1: 1, jobs: jobs, jobs + 1: jobs, 4096: jobs} {
		e := &tool.Env{Flags: tool.Flags{Jobs: said}}
		if _, err := new(program).checker(e); err != nil || e.Jobs != want {
			t.Errorf("-j %d: %d at once, %v, want %d", said, e.Jobs, err, want)
		}
	}
}

// TestNames: names stand as in zone files, each one word, so that nothing in
// them reaches a terminal, a record or a picture as it is.
func TestNames(t *testing.T) {
	onLinux(t)
	t.Setenv("POSTERN_ROOT", t.TempDir())
	t.Setenv("LC_ALL", "C")
	t.Setenv("COLUMNS", "120")
	zone := t.TempDir() + "/zone"
	const name = "a\\027\\032\\226\\128\\174<b>.example"
	if err := os.WriteFile(zone, []byte("1.0.0.127.in-addr.arpa. 60 PTR "+name+".\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-v", "127.0.0.1"}, " ms " + name + "\n"},
		{[]string{"-v", "--numeric", "127.0.0.1"}, " ms\n"},
		{[]string{"--plot=text", "127.0.0.1"}, "# " + name + "\n"},
		{[]string{"--plot=text", "--numeric", "127.0.0.1"}, "#\n"},
		{[]string{"--plot=svg", "127.0.0.1"}, ">" + strings.NewReplacer("<", "&#60;", ">", "&#62;").Replace(name) + "</text>\n</svg>\n"},
	} {
		_, stdout, stderr := call(t, "", append([]string{"--fresh", "-z", zone}, tt.args...)...)
		if !strings.HasSuffix(stdout, tt.want) {
			t.Errorf("%q: got %q, %q, want %q", tt.args, stdout, stderr, tt.want)
		}
	}
}

// TestManualExamples runs what the manual page shows.
func TestManualExamples(t *testing.T) {
	onLinux(t)
	t.Setenv("POSTERN_ROOT", t.TempDir())
	steps := e2e.Examples(t, "netpath.1")
	if len(steps) != 5 {
		t.Fatalf("the examples are %q", steps)
	}
	for _, step := range steps {
		if _, got, stderr := call(t, step.Stdin, step.Args...); strings.TrimSpace(got) != step.Want {
			t.Errorf("%s: got %q %q, want %q", step.Line, got, stderr, step.Want)
		}
	}
}
