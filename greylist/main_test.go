package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/e2e"
	"postern/lib/plot"
)

// call runs the program and gives what it wrote.
func call(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

// own gives a test lists of its own.
func own(t *testing.T) (grey string) {
	t.Helper()
	root := t.TempDir()
	t.Setenv("POSTERN_ROOT", root)
	return filepath.Join(root, "var/lib/postern/grey")
}

func write(t *testing.T, file, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestRun runs commands one after the other on the same lists.
func TestRun(t *testing.T) {
	grey := own(t)
	const block = "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=203.0.113.1\nclient_name=unknown\nsender=a@x.example\n"
	tests := []struct {
		name   string
		args   string
		stdin  string
		status int
		stdout string
		stderr string // a part of it
	}{
		{"dry", "-n check 192.0.2.25 198.51.100.7 b@example.org", "", 75, "new: you are new here, try again in 300 seconds\n", ""},
		{"and again", "-n check 192.0.2.25 198.51.100.7 b@example.org", "", 75, "new: you are new here, try again in 300 seconds\n", ""},
		{"new", "--delay 0 --learn check 192.0.2.25 198.51.100.7 b@example.org", "", 0, "new: you are new here, try again in 0 seconds\n", ""},
		{"no delay", "--delay 0 check 192.0.2.25 198.51.100.7 a@example.org b@example.org c@example.org", "", 0, "pass\n", ""},
		{"listed", "check 192.0.2.25 198.51.100.99 x@example.org", "", 0, "white: 198.51.100.7\n", ""},
		{"postmaster", "check 192.0.2.25 203.0.113.7 Postmaster@example.org", "", 0, "exempt\n", ""},
		{"withdraw", "withdraw 198.51.100.0/24", "", 0, "", ""},
		{"withdrawn", "-n check 192.0.2.25 198.51.100.99 x@example.org", "", 75, "new: you are new here, try again in 300 seconds\n", ""},
		{"release", "release ann@x.example", "", 0, "", ""},
		{"released", "", "client_address=203.0.113.9 sender=ann@x.example recipient=b@example.org\n", 0,
			"client_address=203.0.113.9 sender=ann@x.example recipient=b@example.org greylist=white\n", ""},
		{"forged", "", "client_address=203.0.113.9 sender=eve@x.example recipient=b@example.org greylist=white\n", 0,
			"client_address=203.0.113.9 sender=eve@x.example recipient=b@example.org greylist=new greylist_wait=300\n", ""},
		{"vouched for", "", "client_address=203.0.113.10 recipient=b@example.org rbl_score=-10\n", 0,
			"client_address=203.0.113.10 recipient=b@example.org rbl_score=-10\n", ""},
		{"allow a domain", "allow spf:y.example", "", 0, "", ""},
		{"a known domain by SPF", "", "client_address=203.0.113.11 sender=a@y.example recipient=b@example.org spf=pass spf_domain=y.example\n", 0,
			"client_address=203.0.113.11 sender=a@y.example recipient=b@example.org spf=pass spf_domain=y.example greylist=white\n", ""},
		{"its name alone", "-n", "client_address=203.0.113.11 sender=a@y.example recipient=b@example.org spf=softfail spf_domain=y.example\n", 0,
			"client_address=203.0.113.11 sender=a@y.example recipient=b@example.org spf=softfail spf_domain=y.example greylist=new greylist_wait=300\n", ""},
		{"who has logged in", "", "client_address=203.0.113.11 recipient=b@example.org sasl_username=ann\n", 0,
			"client_address=203.0.113.11 recipient=b@example.org sasl_username=ann\n", ""},
		{"no recipient", "", "client_address=203.0.113.9\n", 0,
			"client_address=203.0.113.9 error=\"greylist: no recipient\"\n", ""},
		{"policy", "-P", block + "recipient=b@example.org\n\n" + block + "recipient=\n\n" + block + "sasl_username=ann\nrecipient=c@example.org\n\n", 0,
			"action=DEFER_IF_PERMIT 4.7.1 you are new here, try again in 300 seconds\n\naction=DUNNO\n\naction=DUNNO\n\n", ""},
		{"policy that learns", "-P --learn", block + "recipient=b@example.org\n\n", 0, "action=DUNNO\n\n", ""},
		{"list", "list client_address=203.0.113.0/29", "", 0, "", ""},
		{"list of senders", "list sender=*@x.*", "", 64, "", ""},
		{"unknown verb", "lsit", "", 64, "", "greylist import plan9|postgrey"},
		{"too few", "check 192.0.2.25", "", 64, "", "usage: greylist check local remote recipient ..."},
		{"an option behind the verb", "stat --plot", "", 64, "", "options stand in front of the verb: greylist --plot stat"},
		{"no subject", "allow 1.2.3.4.5", "", 64, "", "allow: usage: "},
		{"no sender", "release 192.0.2.1", "", 64, "", "is not a sender"},
		{"no attribute", "list foo=bar", "", 64, "", "not attribute=value"},
		{"no address", "check here there b@example.org", "", 65, "", "not an IP address"},
		{"bad option", "--delay soon check a b c", "", 64, "", "--delay"},
		{"never", "--delay 20h check a b c", "", 78, "", "nobody could pass"},
		{"expire", "-d expire", "", 0, "", "removed 0 strangers"},
		{"two expires", "expire", "", 0, "", ""},
	}
	for _, tt := range tests {
		status, stdout, stderr := call(t, tt.stdin, strings.Fields(tt.args)...)
		if strings.HasPrefix(tt.name, "list") {
			continue // see TestList
		}
		if status != tt.status || stdout != tt.stdout || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%s: got %d, %q, %q; want %d, %q, %q", tt.name, status, stdout, stderr, tt.status, tt.stdout, tt.stderr)
		}
	}
	if _, err := os.Stat(grey + "/tmp/unknown/203.0.113.1/b@example.org"); err != nil {
		t.Error(err)
	}
}

// TestUnusable: lists that cannot be used refuse nobody, and say so; what is to
// change them fails for now.
func TestUnusable(t *testing.T) {
	grey := own(t)
	write(t, grey, "no folder")
	tests := []struct {
		args, stdin    string
		status         int
		stdout, stderr string
	}{
		{"check 192.0.2.25 198.51.100.7 b@example.org", "", 0, "", "let pass"},
		{"-n check 192.0.2.25 198.51.100.7 b@example.org", "", 0, "", "let pass"},
		{"-P", "client_address=198.51.100.7\nrecipient=b@example.org\n\n", 0, "action=DUNNO\n\n", "not a directory"},
		{"", "192.0.2.25 198.51.100.7 b@example.org\n", 0,
			"server_address=192.0.2.25 client_address=198.51.100.7 recipient=b@example.org error=", ""},
		{"allow 192.0.2.1", "", 75, "", "not a directory"},
		{"list", "", 75, "", "not a directory"},
		{"stat", "", 75, "", "not a directory"},
		{"expire", "", 75, "", "not a directory"},
	}
	for _, tt := range tests {
		status, stdout, stderr := call(t, tt.stdin, strings.Fields(tt.args)...)
		if status != tt.status || !strings.HasPrefix(stdout, tt.stdout) || tt.stdout == "" && stdout != "" || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%s: got %d, %q, %q; want %d, %q, %q", tt.args, status, stdout, stderr, tt.status, tt.stdout, tt.stderr)
		}
	}
}

func TestList(t *testing.T) {
	grey := own(t)
	write(t, grey+"/whitelist", "2001:db8::1\n198.51.100.0/24 mx.example\nspf:x.example\n10.0.0.1 since=2026-11-21T12:00:00Z\nnot@\n!10.0.0.1\nann@x.example\n.example.org\nto:abuse@\n!!\n")
	call(t, "", "check", "192.0.2.25", "203.0.113.10", "b@example.org")
	call(t, "", "check", "192.0.2.25", "203.0.113.9", "b@example.org")
	tests := []struct{ args, want string }{
		{"list", "greylist=white client_address=198.51.100.0/24 client=mx.example\ngreylist=white client_address=2001:db8::/64\n" +
			"greylist=white client_name=.example.org\ngreylist=white sender=ann@x.example\ngreylist=white spf_domain=x.example\n" +
			"greylist=white recipient=abuse@\n" +
			"greylist=early greylist_wait= server_address=192.0.2.25 client_address=203.0.113.9 recipient=b@example.org time=\n" +
			"greylist=early greylist_wait= server_address=192.0.2.25 client_address=203.0.113.10 recipient=b@example.org time=\n"},
		{"list client_address=198.51.100.77", "greylist=white client_address=198.51.100.0/24 client=mx.example\n"},
		{"list sender=*@x.*", "greylist=white sender=ann@x.example\n"},
		{"list sender=Ann@X.example", "greylist=white sender=ann@x.example\n"},
		{"list client_address=2001:*", "greylist=white client_address=2001:db8::/64\n"},
		{"list client_address=* client=*", "greylist=white client_address=198.51.100.0/24 client=mx.example\n"},
		{"list greylist=white recipient=*", "greylist=white recipient=abuse@\n"},
		{"list client_name=*org", "greylist=white client_name=.example.org\n"},
		{"-J list client_name=.e*", `{"greylist":"white","client_name":".example.org"}` + "\n"},
	}
	for _, tt := range tests {
		status, stdout, stderr := call(t, "", strings.Fields(tt.args)...)
		var got strings.Builder
		for line := range strings.Lines(stdout) {
			for i, word := range strings.Fields(line) {
				if name, _, _ := strings.Cut(word, "="); name == "time" || name == "greylist_wait" {
					word = name + "="
				}
				got.WriteString(map[bool]string{true: " "}[i > 0] + word)
			}
			got.WriteByte('\n')
		}
		if status != 0 || got.String() != tt.want {
			t.Errorf("%s: %d %s\ngot  %q\nwant %q", tt.args, status, stderr, got.String(), tt.want)
		}
	}
}

func TestImport(t *testing.T) {
	tests := []struct {
		name, form, file string
		status           int
		want             string
		left             string // a part of what stands on standard error
	}{
		{"ours and Plan 9's", "plan9", "# head\n192.0.2.1 mx.example\n10.0.0.0/8\n 9.9.9.9\n!10.1.0.0/16\n", 0, "192.0.2.1 mx.example\n10.0.0.0/8\n!10.1.0.0/16\n", ""},
		{"clients", "postgrey", "# x\n192.0.2.1\n10.1\n10.2.0.0/16\n2001:db8::1\nexample.org\n/^unknown/\n", 65,
			"192.0.2.1/32\n10.1.0.0/16\n10.2.0.0/16\n2001:db8::1/128\n.example.org\n", ":7: a regular expression (left out)"},
		{"recipients", "recipients", "postmaster@\nabuse@example.org\nexample.net\n", 0, "to:postmaster@\nto:abuse@example.org\nto:@example.net\n", ""},
		{"comments as postgrey has them", "postgrey", "  # x\n\t192.0.2.1#y\n 10.2.0.0/16 # z\n.example.org # and those below\n", 0, "192.0.2.1/32\n10.2.0.0/16\n.example.org\n", ""},
		{"no clients", "postgrey", "a@example.org\n*.example.org\n192.0.2.0/33\nexample.org example.net\n", 65, "", ":3: neither a network nor a domain (left out)"},
		{"comments behind recipients", "recipients", " # x\n abuse@ # y\nexample.net#z\nabuse @example.org\n", 65, "to:abuse@\nto:@example.net\n", ":4: more than one word (left out)"},
		{"first match becomes last match", "cidr", "10.1.2.3 REJECT spam\n10.1.0.0/16 OK\n10.0.0.0/8 permit\n if 10.0.0.0/8\n", 0,
			"10.0.0.0/8\n10.1.0.0/16\n!10.1.2.3/32\n", ""},
		{"what is refused takes back nothing else", "cidr", "192.0.2.0/24 OK\n2001:db8::/32 550 no\n0.0.0.0/0 REJECT\n", 0, "192.0.2.0/24\n", ""},
		{"conditions", "cidr", "if !10.0.0.0/8\nif 192.0.0.0/8\n192.0.2.1 OK\nENDIF\n0.0.0.0/0 OK\nendif\n10.0.0.0/8 OK\nendif\n", 65, "10.0.0.0/8\n",
			":5: within a condition (left out)\n"},
		{"half of the Internet", "plan9", "128.0.0.0/1 x\nfc00::/7\n!::/0\n10.0.0.0/8\n", 0, "128.0.0.0/1 x\nfc00::/7\n!::/0\n10.0.0.0/8\n", ":1: 128.0.0.0/1 lets a great part of the Internet pass (taken)\n"},
		{"the latest of a client counts", "dump", "format=print\nHEADER=END\n 192.0.2.0/a@x/b@y\n 1700000000,1700086400\n 192.0.2.0/c@x/b@y\n 1700000000,1700000400\nDATA=END\n", 0,
			"192.0.2.0 since=2023-11-15T22:13:20Z\n", ""},
		{"triplets", "dump", "VERSION=3\nformat=print\ntype=btree\nHEADER=END\n" +
			" 192.0.2.0/a@x.example/b@y.example\n 1700000000,1700000400\n 198.51.100.7/a@x/b@y\n 1700000000,1700000000\nDATA=END\n", 0,
			"192.0.2.0 since=2023-11-14T22:20:00Z\n", ""},
		{"triplets of IPv6", "dump", "format=print\nHEADER=END\n 2001:db8:0:0:0:0:0:0/a@x/b@y\n 1700000000,1700000400\n 2001:DB8:0:0:0:0:0:7/a@x/b@y\n 1700000000,1700000400\nDATA=END\n", 0,
			"2001:db8:: since=2023-11-14T22:20:00Z\n2001:db8::7/128 since=2023-11-14T22:20:00Z\n", ""},
		{"clients of the database", "dump", "VERSION=3\nformat=bytevalue\nHEADER=END\n 3139322e302e322e37\n 392c31373030303030303030\n 3139322e302e322e38\n 312c31373030303030303030\nDATA=END\n", 0,
			"192.0.2.7/32 since=2023-11-14T22:13:20Z\n", ""},
		{"no dump", "dump", "HEADER=END\n zz\n zz\nDATA=END\n", 65, "", "not what db_dump prints"},
		{"a key that is cut", "dump", "HEADER=END\n 31302e302e302e3132g\n 392c31373030303030303030\nDATA=END\n", 65, "", ":3: not what db_dump prints"},
		{"a dump that is cut", "dump", "format=print\nHEADER=END\n 192.0.2.7\n 9,1700000000\n 192.0.2.8\n", 65,
			"192.0.2.7/32 since=2023-11-14T22:13:20Z\n", "no DATA=END"},
		{"no dump at all", "dump", "INSERT INTO t VALUES(1);\n", 65, "", "no DATA=END"},
		{"times that are none", "dump", "format=print\nHEADER=END\n 192.0.2.7\n 9,99999999999999\n 192.0.2.0/a@x/b@y\n -9223372036854775808,1700000000\n" +
			" 192.0.3.0/a@x/b@y\n 1700000000,9223372036854775807\n 192.0.2.8\n 9,-1\nDATA=END\n", 65, "", ":10: not a value of postgrey's"},
		{"a long line", "plan9", "192.0.2.1\n" + strings.Repeat("x", maxImportLine) + "\n", 65, "", "file:2: the line is too long"},
		{"unknown form", "xml", "", 64, "", "unknown form"},
	}
	for _, tt := range tests {
		grey := own(t)
		file := write(t, filepath.Join(t.TempDir(), "file"), tt.file)
		status, stdout, stderr := call(t, "", "import", tt.form, file)
		got, _ := os.ReadFile(grey + "/whitelist")
		if status != tt.status || string(got) != tt.want || stdout != "" || !strings.Contains(stderr, tt.left) {
			t.Errorf("%s: %d %q %q\ngot  %q\nwant %q", tt.name, status, stdout, stderr, got, tt.want)
		}
	}
	if status, _, _ := call(t, "", "import", "plan9", "/nonexistent"); status != 65 {
		t.Errorf("no file: %d, want 65", status)
	}
	loop := filepath.Join(t.TempDir(), "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := call(t, "", "import", "plan9", loop); status != 75 || strings.Contains(stderr, "not understood") {
		t.Errorf("a file that cannot be opened: %d, %s; want 75", status, stderr)
	}
}

func TestStat(t *testing.T) {
	grey := own(t)
	write(t, grey+"/whitelist", "10.0.0.1 since=2026-11-21T12:00:00Z delay=301\n10.0.1.1 since=2026-11-21T12:00:00Z delay=600\n10.0.2.1 delay=9999\n10.0.3.1 by hand\n")
	call(t, "", "check", "192.0.2.25", "203.0.113.9", "b@example.org")
	_, got, _ := call(t, "", "stat")
	if want := "seen 4\nretried 3\npassed 3\nlisted 4\nmedian retry delay 10m0s\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, svg, _ := call(t, "", "--plot", "stat")
	if !strings.HasPrefix(svg, "<svg ") || strings.Count(svg, `<rect class="first"`) != strings.Count(svg, ">1</text>")+strings.Count(svg, ">0</text>") {
		t.Errorf("svg %s", svg)
	}
	var text bytes.Buffer
	if err := plotText(&text, histogram(nil, 300e9, 1800e9), plot.Screen{Columns: 40}); err != nil || text.String() != "      5m | 0\n      8m | 0\n     12m | 0\n     18m | 0\n     27m | 0\n" {
		t.Errorf("%v\n%s", err, text.String())
	}
	t.Setenv("COLUMNS", "30")
	t.Setenv("LC_ALL", "C")
	if _, got, _ := call(t, "", "--plot=text", "stat"); !strings.HasPrefix(got, "      5m |################## 1\n      8m |################## 1\n     12m | 0\n") {
		t.Errorf("text\n%s", got)
	}
}

// TestConfiguration: smtpd's file is ours too, and --check shows what counts.
func TestConfiguration(t *testing.T) {
	own(t)
	dir := t.TempDir()
	write(t, filepath.Join(os.Getenv("POSTERN_ROOT"), "etc/postern/smtpd.conf"), "Hostname x.example\nGreylistDir "+dir+"\nGreylistDelay 7m\nGreylistKey net\n")
	_, got, _ := call(t, "", "check", "192.0.2.25", "203.0.113.9", "b@example.org")
	if want := "new: you are new here, try again in 420 seconds\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := os.Stat(dir + "/tmp/192.0.2.25/203.0.113.0/b@example.org"); err != nil {
		t.Error(err)
	}
	if _, got, _ = call(t, "", "--check", "--key", "address"); !strings.Contains(got, "GreylistDelay 7m") || !strings.Contains(got, "GreylistKey address") {
		t.Errorf("--check: %s", got)
	}
	write(t, filepath.Join(os.Getenv("POSTERN_ROOT"), "etc/postern/smtpd.conf"), "GreylistDir other\n")
	if _, got, _ = call(t, "", "--check"); !strings.Contains(got, "GreylistDir "+os.Getenv("POSTERN_ROOT")+"/var/lib/postern/other ") {
		t.Errorf("--check of a folder without those above it: %s", got)
	}
	t.Chdir(t.TempDir())
	if status, _, stderr := call(t, "", "--dir", "here", "allow", "192.0.2.1"); status != 0 {
		t.Errorf("--dir here: %d %s", status, stderr)
	}
	if _, err := os.Stat("here/whitelist"); err != nil {
		t.Error(err)
	}
	write(t, filepath.Join(os.Getenv("POSTERN_ROOT"), "etc/postern/smtpd.conf"), "GreylistDelay soon\n")
	if status, got, errs := call(t, "client_address=1.2.3.4\nrecipient=a@b\n\n", "-P"); status != 0 || got != "action=DUNNO\n\n" || !strings.Contains(errs, "GreylistDelay") {
		t.Errorf("-P with a broken configuration: %d %q %q", status, got, errs)
	}
}

// TestJSON: a filter writes JSON too.
func TestJSON(t *testing.T) {
	own(t)
	_, got, _ := call(t, "192.0.2.25 203.0.113.9 b@example.org\n", "-J")
	var r map[string]any
	if err := json.Unmarshal([]byte(got), &r); err != nil || r["greylist"] != "new" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestManualExamples runs what the manual page shows.
func TestManualExamples(t *testing.T) {
	own(t)
	for _, step := range e2e.Examples(t, "greylist.8") {
		_, got, stderr := call(t, step.Stdin, step.Args...)
		if step.Filter != "" {
			got, _, _ = strings.Cut(got, " since")
		}
		if strings.TrimSpace(got) != step.Want {
			t.Errorf("%s: got %q %q, want %q", step.Line, got, stderr, step.Want)
		}
	}
}
