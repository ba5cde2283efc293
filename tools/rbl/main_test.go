package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/dnstest"
	"postern/lib/e2e"
)

const zone = `$TTL 60
2.0.0.127.bl.example.   A   127.0.0.2
7.2.0.192.bl.example.   A   127.0.0.4
7.2.0.192.bl.example.   TXT "sends spam"
*.world.example.        A   127.0.0.2
pool.isp.example.names.example. A 127.0.0.2
7.2.0.192.in-addr.arpa. PTR pool.isp.example.
pool.isp.example.       A   192.0.2.7
`

// call runs the program and gives what it wrote.
func call(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

func zoneFile(t *testing.T, text string) string {
	file := filepath.Join(t.TempDir(), "zone")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRun(t *testing.T) {
	z := zoneFile(t, zone)
	conf := filepath.Join(t.TempDir(), "smtpd.conf")
	if err := os.WriteFile(conf, []byte("Hostname x.example\nRBL -s 60 bl.example\nRBL -p -s 40 names.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("POSTERN_ROOT", t.TempDir())
	tests := []struct {
		name   string
		args   []string
		stdin  string
		status int
		stdout string
		stderr string // a part of it
	}{
		{"listed", []string{"-b", "bl.example", "192.0.2.7"}, "", 77, "listed by bl.example (score 100): 127.0.0.4 sends spam\nscore 100\n", ""},
		{"not listed", []string{"-b", "bl.example", "192.0.2.9"}, "", 0, "not listed\nscore 0\n", ""},
		{"below the threshold", []string{"-b", "-s 99 bl.example", "192.0.2.7"}, "", 0, "listed by bl.example (score 99): 127.0.0.4 sends spam\nscore 99\n", ""},
		{"no address", []string{"-b", "bl.example", "x.example"}, "", 65, "", "not an IP address"},
		{"bad list", []string{"-b", "-s x bl.example", "192.0.2.7"}, "", 78, "", "option -b: score"},
		{"no list", []string{"192.0.2.7"}, "", 78, "", "no lists to ask"},
		{"from a file, with the name looked up", []string{"-C", conf, "192.0.2.7"}, "", 77,
			"listed by bl.example (score 60): 127.0.0.4 sends spam\npool.isp.example listed by names.example (score 40): 127.0.0.2\nscore 100\n", ""},
		{"name from the record", []string{"-b", "-p names.example"}, "client_address=192.0.2.9 client_name=pool.isp.example\n", 0,
			"client_address=192.0.2.9 client_name=pool.isp.example rbl=\"names.example (127.0.0.2)\" rbl_score=100\n", ""},
		{"name unknown", []string{"-b", "-p names.example"}, "client_address=192.0.2.7 client_name=unknown\n", 0,
			"client_address=192.0.2.7 client_name=unknown rbl_score=0\n", ""},
		{"senders", []string{"-b", "-f -s 5 world.example"}, "192.0.2.9 a@spam.example\n192.0.2.9 <>\n192.0.2.9 spam.example\n192.0.2.9 a@[192.0.2.9]\n", 0,
			"client_address=192.0.2.9 sender=a@spam.example rbl=\"world.example (127.0.0.2)\" rbl_score=5\n" +
				"client_address=192.0.2.9 sender=\"\" rbl_score=0\n" +
				"client_address=192.0.2.9 sender=spam.example rbl_score=0\n" +
				"client_address=192.0.2.9 sender=a@[192.0.2.9] rbl_score=0\n", ""},
		{"stream", []string{"-b", "bl.example", "-j", "2"}, "192.0.2.7\nfoo\nclient_address=192.0.2.9 rbl=forged rbl_score=-9\n", 0,
			"client_address=192.0.2.7 rbl=\"bl.example (127.0.0.4)\" rbl_score=100\n" +
				"client_address=foo error=\"rbl: client_address \\\"foo\\\" is not an IP address\"\n" +
				"client_address=192.0.2.9 rbl_score=0\n", ""},
		{"stream with reasons", []string{"-b", "bl.example", "--reasons"}, "192.0.2.7\n", 0,
			"client_address=192.0.2.7 rbl=\"bl.example (127.0.0.4)\" rbl_reason=\"sends spam\" rbl_score=100\n", ""},
		{"policy", []string{"-P", "-b", "bl.example"}, "request=smtpd_access_policy\nclient_address=192.0.2.7\n\nrequest=smtpd_access_policy\nclient_address=192.0.2.9\n\n", 0,
			"action=550 5.7.1 192.0.2.7 is listed by bl.example: sends spam\n\naction=DUNNO\n\n", ""},
		{"policy about a sender", []string{"-P", "-b", "-f world.example"}, "request=smtpd_access_policy\nclient_address=192.0.2.7\nsender=a@spam.example\n\n", 0,
			"action=550 5.7.1 spam.example is listed by world.example\n\n", ""},
		{"check", []string{"--check", "-C", conf}, "", 0, "RBL -i -s 60 bl.example\nRBL -p -s 40 names.example\n", ""},
		{"test", []string{"--test", "-b", "bl.example"}, "", 0, "bl.example IPv4: works (127.0.0.2)\nbl.example IPv6: no IPv6\n", ""},
		{"test of the dead", []string{"--test", "-b", "dead.example"}, "", 69, "dead.example IPv4: dead (2.0.0.127 is not listed)\ndead.example IPv6: no IPv6\n", ""},
		{"test of the world", []string{"--test", "-b", "-p world.example"}, "", 69, "world.example names: lists the world (invalid is listed: 127.0.0.2)\n", ""},
	}
	for _, tt := range tests {
		status, stdout, stderr := call(t, tt.stdin, append([]string{"-z", z}, tt.args...)...)
		if status != tt.status || stdout != tt.stdout || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%s: got %d, %q, %q; want %d, %q, %q", tt.name, status, stdout, stderr, tt.status, tt.stdout, tt.stderr)
		}
	}
}

// TestTrouble: a list that cannot be asked is no verdict, but a failed test.
func TestTrouble(t *testing.T) {
	srv := dnstest.Start(t, zone)
	srv.Fault(dnstest.All, dnstest.ServFail)
	status, stdout, _ := call(t, "", "-r", srv.Addr().String(), "-b", "bl.example", "192.0.2.7")
	if want := "error of bl.example: " + srv.Addr().String() + " answers SERVFAIL\nnot listed\nscore 0\n"; status != 0 || stdout != want {
		t.Errorf("got %d %q, want 0 %q", status, stdout, want)
	}
	if status, stdout, _ = call(t, "", "-r", srv.Addr().String(), "--test", "-b", "bl.example"); status != 75 || !strings.Contains(stdout, "cannot be asked") {
		t.Errorf("--test: got %d %q, want 75", status, stdout)
	}
}

// TestManualExamples runs what the manual page shows.
func TestManualExamples(t *testing.T) {
	steps := e2e.Examples(t, "rbl.1")
	if len(steps) != 4 || steps[0].Line != "cat lists.zone" {
		t.Fatalf("the examples are %q", steps)
	}
	file := zoneFile(t, steps[0].Want+"\n")
	for _, step := range steps[1:] {
		for i := range step.Args {
			step.Args[i] = strings.ReplaceAll(step.Args[i], "lists.zone", file)
		}
		if _, got, stderr := call(t, step.Stdin, step.Args...); strings.TrimSpace(got) != step.Want {
			t.Errorf("%s: got %q %q, want %q", step.Line, got, stderr, step.Want)
		}
	}
}

// What is asked can be seen.
func TestDebug(t *testing.T) {
	z := zoneFile(t, zone)
	const want = "dns 7.2.0.192.bl.example A: 127.0.0.4\ndns 7.2.0.192.bl.example TXT: \"sends spam\"\n"
	if _, _, stderr := call(t, "", "-d", "-z", z, "-b", "bl.example", "192.0.2.7"); stderr != want {
		t.Errorf("got %q, want %q", stderr, want)
	}
	const none = "dns 9.2.0.192.bl.example A: not found\n"
	if _, _, stderr := call(t, "192.0.2.9\n", "-d", "-z", z, "-b", "bl.example"); stderr != none {
		t.Errorf("got %q, want %q", stderr, none)
	}
}

func TestKeyIsNotShown(t *testing.T) {
	const key = "abcdefghijklmnopqrstuvwx26"
	srv := dnstest.Start(t, "")
	srv.Fault(dnstest.All, dnstest.Refused)
	for _, args := range [][]string{{"192.0.2.7"}, {"-d", "192.0.2.7"}, {"--test"}, {"-d", "--test"}, {"--check"}} {
		_, stdout, stderr := call(t, "", append([]string{"-r", srv.Addr().String(), "-b", key + ".zen.dq.example"}, args...)...)
		if all := stdout + stderr; strings.Contains(all, key) || !strings.Contains(all, "zen.dq.example") {
			t.Errorf("%v: %q", args, all)
		}
	}
}
