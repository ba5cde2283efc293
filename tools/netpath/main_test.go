package main

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"

	"postern/lib/e2e"
	"postern/lib/place"
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
	for _, tt := range []struct {
		name   string
		args   []string
		stdin  string
		status int
		stdout string // how it begins
		stderr string // a part of it
	}{
		{"not measured", []string{"-n", "127.0.0.1"}, "", 0, "the path to 127.0.0.1 would be measured\n", ""},
		{"not measured for a filter", []string{"-n"}, "127.0.0.1\n", 0, "client_address=127.0.0.1\n", ""},
		{"measured", []string{"127.0.0.1"}, "", 0, "1 127.0.0.1\n", ""},
		{"known now", []string{"-n", "127.0.0.1"}, "", 0, "1 127.0.0.1\n", ""},
		{"too old", []string{"-n", "--keep", "0", "127.0.0.1"}, "", 0, "the path to 127.0.0.1 would be measured\n", ""},
		{"plotted", []string{"--plot", "127.0.0.1"}, "", 0, " 1 127.0.0.1 ######################################## 0.", ""},
		{"times", []string{"-v", "-z", "/dev/null", "127.0.0.1", "-1"}, "", 0, "1 127.0.0.1 0.", ""},
		{"no address", []string{"localhost"}, "", 65, "", "not an IP address"},
		{"no host", []string{"224.0.0.1"}, "", 65, "", "there is no path to this address"},
		{"no number", []string{"--keep", "soon", "127.0.0.1"}, "", 78, "", `option --keep: "soon" is no number of seconds`},
		{"policy", []string{"-P"}, "client_address=127.0.0.1\n\n", 0, "action=PREPEND X-Avenger: version=" + place.Version() + "; ", ""},
		{"policy without a path", []string{"-P", "-n"}, "client_address=127.0.0.2\n\n", 0, "action=DUNNO\n", ""},
		{"own attributes are ours", []string{"-n"}, "client_address=127.0.0.2 network_path=1.1.1.1 x=y\n", 0, "client_address=127.0.0.2 x=y\n", ""},
	} {
		status, stdout, stderr := call(t, tt.stdin, tt.args...)
		if status != tt.status || !strings.HasPrefix(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%s: got %d, %q, %q; want %d, %q, %q", tt.name, status, stdout, stderr, tt.status, tt.stdout, tt.stderr)
		}
	}
}

// TestNames: names stand as in zone files, so that nothing in them reaches the
// terminal as it is.
func TestNames(t *testing.T) {
	onLinux(t)
	zone := t.TempDir() + "/zone"
	if err := os.WriteFile(zone, []byte("1.0.0.127.in-addr.arpa. 60 PTR a\\027b.example.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stdout, stderr := call(t, "", "--fresh", "-v", "-z", zone, "127.0.0.1")
	if !strings.HasSuffix(stdout, " ms a\\027b.example\n") {
		t.Errorf("got %q, %q", stdout, stderr)
	}
}

// TestManualExamples runs what the manual page shows.
func TestManualExamples(t *testing.T) {
	onLinux(t)
	t.Setenv("POSTERN_ROOT", t.TempDir())
	steps := e2e.Examples(t, "netpath.1")
	if len(steps) != 2 {
		t.Fatalf("the examples are %q", steps)
	}
	for _, step := range steps {
		if _, got, stderr := call(t, step.Stdin, step.Args...); strings.TrimSpace(got) != step.Want {
			t.Errorf("%s: got %q %q, want %q", step.Line, got, stderr, step.Want)
		}
	}
}
