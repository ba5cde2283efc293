package e2e

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const greyFolder = "var/lib/postern/grey"

// greylist runs greylist and gives what it says; it must succeed.
func (in *instance) greylist(args ...string) string {
	in.t.Helper()
	out, status := in.run("", program(in.t, "greylist"), args...)
	if status != 0 {
		in.t.Errorf("greylist %q: exit %d, %s", args, status, out)
	}
	return out
}

// A policyTalk is the conversation of a Postfix process with a policy server.
type policyTalk struct {
	t       testing.TB
	answers *bufio.Reader
	io.Writer
}

// policy asks about a client and a recipient.
func (p *policyTalk) policy(client, rcpt string) string {
	p.t.Helper()
	fmt.Fprintf(p, "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=%s\nclient_name=unknown\nsender=a@from.example\nrecipient=%s\n\n", client, rcpt)
	answer, err := p.answers.ReadString('\n')
	if _, e := p.answers.ReadString('\n'); err != nil || e != nil {
		p.t.Fatalf("no answer: %v, %v", err, e)
	}
	return strings.TrimSuffix(strings.TrimPrefix(answer, "action="), "\n")
}

// policyServer starts greylist -P, which stays.
func (in *instance) policyServer() *policyTalk {
	in.t.Helper()
	cmd := exec.Command(program(in.t, "greylist"), "-P")
	cmd.Env, cmd.Stderr = in.env(), os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		in.t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		in.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { stdin.Close(); cmd.Wait() })
	return &policyTalk{in.t, bufio.NewReader(stdout), stdin}
}

// The whitelist is edited by hand, with tools of all kinds, while a policy server
// is running; it is obeyed at once.
func TestWhitelistEditedByHand(t *testing.T) {
	for _, size := range []int{0, 10_000} { // read as it is, and by its index
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			in := newInstance(t)
			in.mkdir(greyFolder)
			var text strings.Builder
			for i := range size {
				fmt.Fprintf(&text, "10.%d.%d.0/24 mx%d.example\n", i>>8&255, i&255, i)
			}
			in.write(greyFolder+"/whitelist", text.String()+"# our own\n198.51.100.7/32 here\n")
			white := filepath.Join(in.root, greyFolder, "whitelist")
			p := in.policyServer()
			edits := []struct {
				command string
				white   bool
			}{
				{"true", true},
				{`sed -i s/100.7/100.8/ "$1"`, false},
				{`echo 198.51.100.7/32 >>"$1"`, true},
				{`printf '!198.51.100.7/32' >>"$1"`, false}, // a line without an end
				{`"$2" allow 198.51.100.7`, true},
				{`grep -v '^!' "$1" >"$1.new" && mv "$1.new" "$1"`, true},
				{`sed -i '/100\.7/d' "$1"`, false},
				{`cp "$1" "$1~" && sed 's/100\.8/100.7/' "$1~" >"$1"`, true},
				{`: >"$1"`, false},
				{`mv "$1~" "$1"; echo .from.example >>"$1"; echo @from.example >>"$1"`, true},
				{`rm "$1"`, false},
				{`"$2" release @from.example`, true},
			}
			for i, e := range edits {
				if out, err := exec.Command("env", append(in.env()[len(os.Environ()):], "sh", "-c", e.command, "sh", white, program(t, "greylist"))...).CombinedOutput(); err != nil {
					t.Fatalf("%s: %v, %s", e.command, err, out)
				}
				got := p.policy("198.51.100.7", fmt.Sprintf("r%d@%s", i, hostname))
				if want := map[bool]string{true: "DUNNO", false: "DEFER_IF_PERMIT 4.7.1 "}[e.white]; !strings.HasPrefix(got, want) {
					t.Errorf("after %s: %s, want %s", e.command, got, want)
				}
			}
		})
	}
}

// postgrey starts the real one with an empty database, and gives what stops it.
func (in *instance) postgrey(addr, dir string) (stop func()) {
	in.t.Helper()
	path := Need(in.t, "postgrey")[0]
	own, err := user.Current()
	if err != nil {
		in.t.Fatal(err)
	}
	group, err := user.LookupGroupId(own.Gid)
	if err != nil {
		in.t.Fatal(err)
	}
	s := in.start(path, "--inet="+addr, "--dbdir="+dir, "--user="+own.Username, "--group="+group.Name, "--delay=1", "--auto-whitelist-clients=1")
	accepts(in.t, addr)
	return s.stop
}

// What postgrey knows when it is given up: its database as db_dump prints it, in
// both forms.
func TestImportOfPostgrey(t *testing.T) {
	dump := Need(t, "db_dump")[0]
	in := newInstance(t)
	in.mkdir("postgrey")
	dir, addr := filepath.Join(in.root, "postgrey"), FreePort(t)
	stop := in.postgrey(addr, dir)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p := &policyTalk{t, bufio.NewReader(conn), conn}
	came := []string{"192.0.2.7", "2001:db8::7", "198.51.100.7"}
	for _, client := range came {
		if got := p.policy(client, "bob@x.example"); !strings.HasPrefix(got, "DEFER") {
			t.Fatalf("postgrey says %q", got)
		}
	}
	for _, client := range came[:2] {
		await(t, "postgrey to let it pass", func() bool { return !strings.HasPrefix(p.policy(client, "bob@x.example"), "DEFER") })
	}
	conn.Close()
	stop()
	for _, form := range [][]string{{"-p"}, nil} {
		os.RemoveAll(filepath.Join(in.root, greyFolder))
		for _, db := range []string{"postgrey", "postgrey_clients"} {
			text, err := exec.Command(dump, append(form, "-h", dir, db+".db")...).Output() // -h: what is not in the file yet counts too
			if err != nil {
				t.Fatal(err)
			}
			in.write(db+".dump", string(text))
			in.greylist("--delay", "1s", "import", "dump", db+".dump")
		}
		got := in.greylist("list", "client_address=*")
		if strings.Count(got, "\n") != 2 || !strings.Contains(got, "client_address=192.0.2.0/24 ") || !strings.Contains(got, "client_address=2001:db8::/64 ") {
			t.Errorf("imported from db_dump %q:\n%s", form, got)
		}
		for i, client := range came {
			out, status := in.run("", program(t, "greylist"), "-n", "check", "192.0.2.25", client, "ann@x.example")
			if want := map[bool]int{true: 0, false: 75}[i < 2]; status != want {
				t.Errorf("%s: exit %d, %s; want %d", client, status, out, want)
			}
		}
	}
}

// The lists that postgrey is installed with are understood, but for regular
// expressions, which are named.
func TestImportOfPostgreyLists(t *testing.T) {
	in := newInstance(t)
	for form, file := range map[string]string{"postgrey": "/etc/postgrey/whitelist_clients", "recipients": "/etc/postgrey/whitelist_recipients"} {
		text, err := os.ReadFile(file)
		if err != nil {
			Missing(t, "%v", err)
		}
		lines, expressions := 0, 0
		for line := range strings.Lines(string(text)) {
			switch word := strings.TrimSpace(line); {
			case strings.HasPrefix(word, "/"):
				expressions++
			case word != "" && word[0] != '#':
				lines++
			}
		}
		out, status := in.run("", program(t, "greylist"), "import", form, file)
		if left := strings.Count(out, "a regular expression (left out)"); left != expressions || (status == 65) != (expressions > 0) {
			t.Errorf("%s: exit %d, %d lines left out, want %d\n%s", file, status, left, expressions, out)
		}
		white, err := os.ReadFile(filepath.Join(in.root, greyFolder, "whitelist"))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(white), "\n"); got != lines || lines == 0 {
			t.Errorf("%s: %d lines on the whitelist, want %d", file, got, lines)
		}
		os.RemoveAll(filepath.Join(in.root, greyFolder))
	}
}

// stat draws bars on a terminal, and else a picture that is well-formed.
func TestGreylistPlot(t *testing.T) {
	script := Need(t, "script")[0]
	in := newInstance(t)
	in.write(greyFolder+"/whitelist", "10.0.0.1 since=2026-11-21T12:00:00Z delay=301\n10.0.1.1 since=2026-11-21T12:00:00Z delay=310\n10.0.2.1 since=2026-11-21T12:00:00Z delay=7200\n")
	out, status := in.run("", script, "-qec", program(t, "greylist")+" --plot stat", "/dev/null")
	rows := strings.Split(strings.ReplaceAll(strings.TrimSpace(out), "\r", ""), "\n")
	if first := strings.Fields(rows[0]); status != 0 || len(first) != 3 || first[0] != "5m" || len(first[1]) < 10 || first[2] != "2" {
		t.Errorf("on a terminal: exit %d\n%s", status, out)
	}
	picture := in.greylist("--plot", "stat")
	for dec := xml.NewDecoder(strings.NewReader(picture)); ; {
		_, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, picture)
		}
	}
	if !strings.HasPrefix(picture, "<svg ") || !strings.Contains(picture, ">2</text>") {
		t.Errorf("elsewhere:\n%s", picture)
	}
}

// TestGreylistByHand: what an operator does about a client that waits.
func TestGreylistByHand(t *testing.T) {
	in := newInstance(t, "Greylist 1", "SPF 0")
	if got := in.each(1, "198.51.100.7", oneRcpt); got["451"] != 1 {
		t.Fatalf("a stranger is told %v", got)
	}
	got := in.greylist("list", "client_address=198.51.100.0/24")
	if !strings.Contains(got, "greylist=early ") || !strings.Contains(got, " recipient=bob@"+hostname+" ") {
		t.Errorf("list: %q", got)
	}
	in.greylist("allow", "198.51.100.7/32", "they", "called")
	if got := in.each(1, "198.51.100.7", oneRcpt); got["250"] != 1 {
		t.Errorf("who is allowed is told %v", got)
	}
	in.greylist("withdraw", "198.51.100.0/24")
	earlier := time.Now().Add(-time.Hour)
	entry := filepath.Join(in.root, greyFolder, "tmp/192.0.2.25/198.51.100.7/bob@"+hostname)
	if err := os.Chtimes(entry, earlier, earlier); err != nil {
		t.Fatal(err)
	}
	if got := in.each(1, "198.51.100.7", oneRcpt); got["250"] != 1 {
		t.Errorf("who comes again after an hour is told %v", got)
	}
	if got := in.greylist("stat"); !strings.HasPrefix(got, "seen 1\nretried 1\npassed 1\nlisted 1\nmedian retry delay 1h0m") {
		t.Errorf("stat: %s", got)
	}
}

// A pipe of checks knows what smtpd would: whom SPF lets send for a domain that
// is known, and for whom a list vouches, are no strangers.
func TestGreylistInPipe(t *testing.T) {
	in := newInstance(t)
	in.write("zone", "known.example. TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\n"+
		"9.113.0.203.good.example. A 127.0.0.2\n")
	in.greylist("allow", "spf:known.example")
	const records = "server_address=192.0.2.25 client_address=198.51.100.7 helo_name=h sender=a@known.example recipient=bob@mx.test\n" +
		"server_address=192.0.2.25 client_address=203.0.113.7 helo_name=h sender=a@known.example recipient=bob@mx.test\n" +
		"server_address=192.0.2.25 client_address=203.0.113.9 helo_name=h sender=a@none.example recipient=bob@mx.test\n"
	script := `"$1/spf" -z zone | "$1/rbl" -z zone -b good.example*-10 | "$1/greylist"`
	out, status := in.run(records, "/bin/sh", "-c", script, "sh", filepath.Dir(program(t, "greylist")))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	want := []string{" spf=pass .* greylist=white$", " spf=fail .* greylist=new greylist_wait=300$", " rbl_score=-10$"}
	if status != 0 || len(lines) != len(want) {
		t.Fatalf("exit %d\n%s", status, out)
	}
	for i, line := range lines {
		if !regexp.MustCompile(want[i]).MatchString(line) {
			t.Errorf("line %d: %s\nwant %s", i, line, want[i])
		}
	}
}
