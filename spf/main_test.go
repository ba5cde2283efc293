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
x.example.       TXT "v=spf1 ip4:192.0.2.0/24 include:_i.example -all exp=why.example"
_i.example.      TXT "v=spf1 ip4:198.51.100.0/24 ~all"
why.example.     TXT "ask %{d} about %{i}"
soft.example.    TXT "v=spf1 ~all"
perm.example.    TXT "v=spf1 foo"
none.example.    A 192.0.2.1
world.example.   TXT "v=spf1 +all"
;! servfail temp.example
`

// call runs the program and gives what it wrote.
func call(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOperands(t *testing.T) {
	z := file(t, "zone", zone)
	conf := file(t, "smtpd.conf", "MaxRcpts 5\nSPFlocal ip4:203.0.113.1\nSPFexp see %{i}\n")
	bad := file(t, "bad.conf", "SPFnone foo\n")
	tests := []struct {
		args   string
		status int
		stdout string
		stderr string // a part of it
	}{
		{"192.0.2.1 a@x.example", 0, "pass: 192.0.2.1 may send mail from x.example\nmatched: ip4:192.0.2.0/24\nasked: 0 of 10 look-ups, 0 of 2 void\n", ""},
		{"198.51.100.1 a@x.example h.example", 0, "pass: 198.51.100.1 may send mail from x.example\nmatched: ip4:198.51.100.0/24 of _i.example\nasked: 1 of 10 look-ups, 0 of 2 void\n", ""},
		{"203.0.113.1 a@x.example", 77, "fail: 203.0.113.1 may not send mail from x.example\nmatched: -all\nexplanation: ask x.example about 203.0.113.1\nasked: 1 of 10 look-ups, 0 of 2 void\n", ""},
		{"::ffff:192.0.2.1 <> x.example", 0, "pass: 192.0.2.1 may send mail from x.example\nmatched: ip4:192.0.2.0/24\nasked: 0 of 10 look-ups, 0 of 2 void\n", ""},
		{"192.0.2.1 a@soft.example", 0, "softfail: 192.0.2.1 probably may not send mail from soft.example\nmatched: ~all\nasked: 0 of 10 look-ups, 0 of 2 void\n", ""},
		{"192.0.2.1 a@none.example", 0, "none: none.example does not say who may send mail from it\nasked: 0 of 10 look-ups, 0 of 2 void\n", ""},
		{"192.0.2.1 a@perm.example", 65, "permerror: what perm.example publishes cannot be understood\nproblem: perm.example: octet 8, \"foo\": no mechanism\nasked: 0 of 10 look-ups, 0 of 2 void\n", ""},
		{"192.0.2.1 a@temp.example", 75, "temperror: whether 192.0.2.1 may send mail from temp.example cannot be found out now\nproblem: temp.example TXT: temporary error: the zone file says so\nasked: 0 of 10 look-ups, 0 of 2 void\n", ""},
		{"-C " + conf + " 203.0.113.1 a@x.example", 0, "pass: 203.0.113.1 may send mail from x.example, by SPFlocal\nmatched: ip4:203.0.113.1\nasked: 0 look-ups, 0 void, those of our own rules too\n", ""},
		{"-e -all 192.0.2.1 a@x.example", 77, "fail: 192.0.2.1 may not send mail from x.example\nmatched: -all\nasked: 0 of 10 look-ups, 0 of 2 void\n", ""},
		{"-J 192.0.2.1 a@soft.example", 0, `{"client_address":"192.0.2.1","sender":"a@soft.example","spf":"softfail","spf_record":"softfail","spf_final":"softfail","spf_domain":"soft.example","spf_identity":"mailfrom","spf_mechanism":"~all"}` + "\n", ""},
		{"-e foo 192.0.2.1 a@x.example", 65, "", `spf: input not understood: -e: octet 1, "foo": no mechanism`},
		{"-C " + bad + " 192.0.2.1 a@x.example", 78, "", `bad.conf:1: SPFnone: octet 1, "foo": no mechanism`},
		{"x.example a@x.example", 65, "", "not an IP address"},
		{"192.0.2.1", 65, "", "want ip sender [helo]"},
		{"--no-cache 192.0.2.1 a@x.example", 64, "", "--no-cache wants -r"},
		{"--lint", 64, "", "--lint: which domain?"},
		{"--lint soft.example", 0, "soft.example: 11 octets, 0 of 10 look-ups, 0 of 2 void\n", ""},
		{"--lint soft.example world.example", 65, "soft.example: 11 octets, 0 of 10 look-ups, 0 of 2 void\nworld.example:8: fault: all: lets the whole world send mail from this domain; use \"-all\" or \"~all\"\nworld.example: 11 octets, 0 of 10 look-ups, 0 of 2 void\n", ""},
		{"--lint temp.example", 75, "temp.example: unknown: temp.example TXT: temporary error: the zone file says so; ask again\ntemp.example: 0 octets, 0 of 10 look-ups, 0 of 2 void\n", ""},
	}
	t.Setenv(traceEnv, "")
	for _, tt := range tests {
		status, stdout, stderr := call(t, "", append([]string{"-z", z}, strings.Fields(tt.args)...)...)
		if status != tt.status || stdout != tt.stdout || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%s: got %d\n%s%s, want %d\n%s%s", tt.args, status, stdout, stderr, tt.status, tt.stdout, tt.stderr)
		}
	}
}

// Scripts ask for results by the names of RFC 7208 and by Mail Avenger's.
func TestIs(t *testing.T) {
	z := file(t, "zone", zone)
	tests := []struct {
		is, domain string
		want       int
		stderr     string
	}{
		{"pass", "world", 0, ""},
		{"fail,pass", "world", 0, ""},
		{"fail", "world", 1, ""},
		{"fail", "x", 0, ""},
		{"softfail,neutral", "soft", 0, ""},
		{"none", "none", 0, ""},
		{"permerror", "perm", 0, ""},
		{"unknown", "perm", 0, ""},
		{"error", "perm", 1, ""},
		{"temperror", "temp", 0, ""},
		{"pass,error", "temp", 0, ""},
		{"unknown", "temp", 75, ""},
		{"pass,", "world", 64, `"" is no result`},
		{"Pass", "world", 64, `"Pass" is no result`},
	}
	for _, tt := range tests {
		status, stdout, stderr := call(t, "", "-z", z, "--is", tt.is, "203.0.113.9", "a@"+tt.domain+".example")
		if status != tt.want || !strings.Contains(stderr, tt.stderr) || (stdout == "") != (tt.want == 64) {
			t.Errorf("--is %s, %s: got %d %s%s, want %d", tt.is, tt.domain, status, stdout, stderr, tt.want)
		}
	}
	if status, _, stderr := call(t, "", "-z", z, "--is", "pass"); status != 64 || !strings.Contains(stderr, "--is wants") {
		t.Errorf("of a stream: %d %s", status, stderr)
	}
}

// A stream keeps its order, and lives through any line.
func TestFilter(t *testing.T) {
	const stdin = "192.0.2.1 a@soft.example\n" +
		"garbage\n" +
		"client_address=203.0.113.1 sender=a@x.example spf=pass spf_explanation=forged size=7\n" +
		"\x00\xff\n" +
		"192.0.2.1 <> none.example\n" +
		"client_address=192.0.2.1 queue_id=q\n" +
		"client_address=192.0.2.1 sender=\"\"\n" +
		"2001:db8::1 a@temp.example h\n"
	want := "client_address=192.0.2.1 sender=a@soft.example spf=softfail spf_record=softfail spf_final=softfail spf_domain=soft.example spf_identity=mailfrom spf_mechanism=~all\n" +
		"input=garbage error=\"spf: want ip sender [helo]\"\n" +
		"client_address=203.0.113.1 sender=a@x.example spf=fail spf_explanation=\"ask x.example about 203.0.113.1\" size=7 spf_record=fail spf_final=fail spf_domain=x.example spf_identity=mailfrom spf_mechanism=-all\n" +
		"input=\"\\x00\\xff\" error=\"spf: want ip sender [helo]\"\n" +
		"client_address=192.0.2.1 sender=\"\" helo_name=none.example spf=none spf_record=none spf_final=none spf_domain=none.example spf_identity=helo\n" +
		"client_address=192.0.2.1 queue_id=q error=\"spf: neither sender nor helo_name\"\n" +
		"client_address=192.0.2.1 sender=\"\" spf=none spf_record=none spf_final=none spf_identity=helo spf_problem=\"\\\"\\\" is no domain that can have a record\"\n" +
		"client_address=2001:db8::1 sender=a@temp.example helo_name=h spf=temperror spf_record=temperror spf_final=temperror spf_domain=temp.example spf_identity=mailfrom spf_problem=\"temp.example TXT: temporary error: the zone file says so\"\n"
	z := file(t, "zone", zone)
	for _, jobs := range []string{"1", "7"} {
		if status, got, stderr := call(t, stdin, "-z", z, "-j", jobs); status != 0 || got != want {
			t.Errorf("-j %s: got %d, %s\n%s\nwant\n%s", jobs, status, stderr, got, want)
		}
	}
}

func TestPolicy(t *testing.T) {
	conf := file(t, "smtpd.conf", "Hostname mx.example\n")
	request := func(client, sender string) string {
		return "request=smtpd_access_policy\nclient_address=" + client + "\nsender=" + sender + "\nhelo_name=h.example\n\n"
	}
	stdin := request("192.0.2.1", "a@x.example") + request("203.0.113.1", "a@x.example") + request("192.0.2.1", "a@temp.example") +
		request("nonsense", "a@x.example") + request("192.0.2.1", "") + request("192.0.2.1", "a@perm.example")
	want := `action=PREPEND Received-SPF: pass (mx.example: 192.0.2.1 may send mail from x.example) receiver=mx.example; client-ip=192.0.2.1; envelope-from="a@x.example"; helo=h.example; identity=mailfrom; mechanism="ip4:192.0.2.0/24"

action=550 5.7.23 SPF: 203.0.113.1 may not send mail from x.example; x.example explains: ask x.example about 203.0.113.1

action=DEFER_IF_PERMIT 4.4.3 SPF: whether 192.0.2.1 may send mail from temp.example cannot be found out now

action=DUNNO

action=PREPEND Received-SPF: none (mx.example: h.example does not say who may send mail from it) receiver=mx.example; client-ip=192.0.2.1; envelope-from="<>"; helo=h.example; identity=helo

action=PREPEND Received-SPF: permerror (mx.example: what perm.example publishes cannot be understood) receiver=mx.example; client-ip=192.0.2.1; envelope-from="a@perm.example"; helo=h.example; identity=mailfrom; problem="perm.example: octet 8, \"foo\": no mechanism"

`
	status, got, stderr := call(t, stdin, "-P", "-C", conf, "-z", file(t, "zone", zone))
	if status != 0 || got != want || !strings.Contains(stderr, "nonsense") {
		t.Errorf("got %d, %s\n%s\nwant\n%s", status, stderr, got, want)
	}
}

// A field that would be too long lacks what is last, and no half of anything.
func TestLongField(t *testing.T) {
	long := strings.Repeat(`x"`, 300)
	stdin := "request=smtpd_access_policy\nclient_address=192.0.2.1\nsender=" + long + "@soft.example\nhelo_name=" + long + ".example\n\n"
	status, got, stderr := call(t, stdin, "-P", "-z", file(t, "zone", zone))
	got, ok := strings.CutPrefix(got, "action=PREPEND Received-SPF: softfail (")
	plain := strings.ReplaceAll(strings.ReplaceAll(got, `\\`, ""), `\"`, "")
	if status != 0 || !ok || !strings.HasSuffix(got, "\";\n\n") || strings.Count(plain, `"`) != 2 || len(got) > 990 {
		t.Errorf("got %d, %s\n%d octets: %s", status, stderr, len(got), got)
	}
}

// The tree goes to standard error, and the answers of the DNS to standard
// output where nothing else reads it.
func TestTrace(t *testing.T) {
	z := file(t, "zone", zone)
	const tree = `client 198.51.100.1, sender <a@x.example>, helo h
  dns TXT x.example: "v=spf1 ip4:192.0.2.0/24 include:_i.example -all exp=why.example"
  x.example: v=spf1 ip4:192.0.2.0/24 include:_i.example -all exp=why.example
    ip4:192.0.2.0/24: no match
    include:_i.example
      dns TXT _i.example: "v=spf1 ip4:198.51.100.0/24 ~all"
      _i.example: v=spf1 ip4:198.51.100.0/24 ~all
        ip4:198.51.100.0/24: match, pass
      _i.example: pass
    include:_i.example: match, pass
  x.example: pass
  pass
`
	without := func(words ...string) string {
		var b strings.Builder
		for line := range strings.Lines(tree) {
			skip := false
			for _, w := range words {
				skip = skip || strings.Contains(line, w)
			}
			if !skip {
				b.WriteString(line)
			}
		}
		return b.String()
	}
	tests := []struct{ flag, env, want string }{
		{"-v", "", without("dns ", "match", "include:_i.example\n")},
		{"-vv", "", without("dns ")},
		{"-vvv", "", tree},
		{"-vvvv", "", tree},
		{"-n", "2", without("dns ")},
		{"-d", "", tree},
		{"-d", "2", without("dns ")},
		{"-v", "3", without("dns ", "match", "include:_i.example\n")},
		{"-n", "0", ""},
		{"-n", "rubbish", ""},
	}
	for _, tt := range tests {
		t.Setenv(traceEnv, tt.env)
		_, stdout, stderr := call(t, "", "-z", z, tt.flag, "198.51.100.1", "a@x.example", "h")
		if stderr != tt.want {
			t.Errorf("%s, SPF_TRACE=%s: got\n%s\nwant\n%s", tt.flag, tt.env, stderr, tt.want)
		}
		answers := strings.Contains(stdout, `_i.example. 60 IN TXT "v=spf1 ip4:198.51.100.0/24 ~all"`)
		if answers != (tt.flag == "-vvvv") {
			t.Errorf("%s, SPF_TRACE=%s: stdout is\n%s", tt.flag, tt.env, stdout)
		}
	}
	if _, stdout, _ := call(t, "198.51.100.1 a@x.example\n", "-z", z, "-vvvv"); strings.Count(stdout, "\n") != 1 {
		t.Errorf("a filter writes\n%s", stdout)
	}
}

// Without a cache each line asks again.
func TestNoCache(t *testing.T) {
	srv := dnstest.Start(t, zone)
	for _, tt := range []struct {
		flag string
		want int
	}{{"-n", 1}, {"--no-cache", 4}} {
		before := len(srv.Asked())
		call(t, strings.Repeat("192.0.2.1 a@soft.example\n", 4), "-r", srv.Addr().String(), "-j", "1", tt.flag)
		if got := len(srv.Asked()) - before; got != tt.want {
			t.Errorf("%s: %d questions, want %d", tt.flag, got, tt.want)
		}
	}
}

func TestCheckShowsConfiguration(t *testing.T) {
	conf := file(t, "smtpd.conf", "SPFnone a/24\nMaxRcpts 5\n")
	status, stdout, stderr := call(t, "", "--check", "-C", conf)
	if status != 0 || !strings.Contains(stdout, "SPFnone a/24") || strings.Contains(stdout, "MaxRcpts") {
		t.Errorf("got %d, %q, %q", status, stdout, stderr)
	}
}

// The examples of the page do what it says.
func TestManualExamples(t *testing.T) {
	steps := e2e.Examples(t, "spf.1")
	if len(steps) != 6 || steps[0].Line != "cat example.zone" {
		t.Fatalf("the examples are %q", steps)
	}
	z := file(t, "zone", steps[0].Want+"\n")
	for _, step := range steps[1:] {
		for i := range step.Args {
			step.Args[i] = strings.ReplaceAll(step.Args[i], "example.zone", z)
		}
		if _, got, stderr := call(t, step.Stdin, step.Args...); strings.TrimSpace(got) != step.Want {
			t.Errorf("%s: got\n%s%s\nwant\n%s", step.Line, got, stderr, step.Want)
		}
	}
}
