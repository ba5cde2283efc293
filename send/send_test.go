package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postern/lib/maildir"
	"postern/lib/place"
	"postern/lib/sysexits"
)

// instance makes a private instance with Maildirs for bob and carol, and
// makes it the one that run uses.
func instance(t *testing.T) place.Places {
	t.Helper()
	p := place.New(t.TempDir())
	t.Setenv(place.RootEnv, p.Root())
	t.Setenv(place.EnvelopeEnv, "")
	for _, dir := range []string{p.Etc(), p.Spool(), p.Mail()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, user := range []string{"bob", "carol"} {
		if err := maildir.Create(p.Mail() + "/" + user); err != nil {
			t.Fatal(err)
		}
	}
	put(t, p.Etc()+"/smtpd.conf", "Hostname mx.example\nMaxMsgSize 10M\nDomains example.org\n")
	put(t, p.Aliases(), "list: bob, carol\nbox: "+p.Root()+"/mbox\naway: bob, x@remote.example\n")
	return p
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// send runs the program.
func send(stdin io.Reader, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, stdin, &out, &errs)
	return status, out.String(), errs.String()
}

// mails are the messages of a user, with what differs from run to run
// replaced.
func mails(t *testing.T, p place.Places, user string) []string {
	t.Helper()
	names, err := filepath.Glob(p.Mail() + "/" + user + "/new/*")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, normal(string(text)))
	}
	return list
}

// normal is text with marks instead of names and dates of its own.
func normal(text string) string {
	for _, r := range [][2]string{
		{`[A-Z][a-z][a-z], [0-9]{2} [A-Z][a-z][a-z] [0-9]{4} [0-9:]{8} [+-][0-9]{4}`, "DATE"},
		{`\b[0-9a-v]{16}\b`, "ID"},
		{`from uid [0-9]+`, "from uid N"},
	} {
		text = regexp.MustCompile(r[0]).ReplaceAllString(text, r[1])
	}
	return text
}

const received = "Received: by mx.example (postern, from uid N)\n\tid ID; DATE\n"

func TestMessage(t *testing.T) {
	const whole = "Date: x\nMessage-ID: <y>\nFrom: z\n"
	const top = "Return-Path: <a@b.example>\nDelivered-To: bob@mx.example\n" + received
	tests := []struct{ name, in, want string }{
		{"complete", whole + "\nbody\n", top + whole + "\nbody\n"},
		{"nothing there", "\nbody\n", top + "Date: DATE\nMessage-ID: <ID@mx.example>\nFrom: a@b.example\n\nbody\n"},
		{"no header", "hello world\nbody\n", top + "Date: DATE\nMessage-ID: <ID@mx.example>\nFrom: a@b.example\n\nhello world\nbody\n"},
		{"empty", "", top + "Date: DATE\nMessage-ID: <ID@mx.example>\nFrom: a@b.example\n\n"},
		{"only a header", "From: z\nDATE: x", top + "Message-ID: <ID@mx.example>\nFrom: z\nDATE: x\n\n"},
		{"text at once behind the header", whole + "hello world\n", top + whole + "\nhello world\n"},
		{"CRLF", "Date: x\r\nMessage-ID: <y>\r\nFrom: z\r\n\r\nbody\r\n.\r\nmore\rless\r\n", top + whole + "\nbody\n.\nmore less\n"},
		{"no line end", whole + "\nbody", top + whole + "\nbody\n"},
		{"From_ line", "From x Sat\n" + whole + "\nFrom y\n", top + whole + "\nFrom y\n"},
		{"folded", "Date:\n x\nmessage-id:\n\t<y>\nFROM : z\n\nbody\n", top + "Date:\n x\nmessage-id:\n\t<y>\nFROM : z\n\nbody\n"},
		{"Return-Path", "Return-Path: <evil@x>\n" + whole + "\nbody\n", top + whole + "\nbody\n"},
		{"dots", whole + "\n.\n..\n.x\n", top + whole + "\n.\n..\n.x\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := instance(t)
			status, stdout, stderr := send(strings.NewReader(tt.in), "-f", "a@b.example", "bob")
			if status != 0 || stdout+stderr != "" {
				t.Fatalf("got status %d, %q, %q", status, stdout, stderr)
			}
			if got := mails(t, p, "bob"); len(got) != 1 || got[0] != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLongLines(t *testing.T) {
	p := instance(t)
	long := strings.Repeat("x", 64<<10-1)
	body := long + "\r\n" + long + "\r" + long + "\n" + strings.Repeat("y", 300<<10)
	if status, _, stderr := send(strings.NewReader("From: z\n\n"+body), "-f", "<>", "bob"); status != 0 {
		t.Fatalf("got status %d, %q", status, stderr)
	}
	got := mails(t, p, "bob")[0]
	if want := "\n\n" + strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", " ") + "\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %d octets, want %d and a header", len(got), len(want))
	}
}

func TestStatus(t *testing.T) {
	tests := []struct {
		name   string
		args   string
		status int
		stderr string
	}{
		{"one", "bob", sysexits.OK, ""},
		{"in brackets", "-f <> -- <bob@mx.example>", sysexits.OK, ""},
		{"sendmail's words", "-oi -oem -odb -om -G -U -i -m -B 8bitmime -N success,failure -R hdrs -V id -bm -O x=y -d bob", sysexits.OK, ""},
		{"a file", "box", sysexits.OK, ""},
		{"queued", "x@remote.example", sysexits.OK, ""},
		{"unknown", "nosuch", sysexits.NoUser, "send: nosuch@mx.example: no such recipient\n"},
		{"one of two unknown", "bob nosuch", sysexits.NoUser, "send: nosuch@mx.example: no such recipient\n"},
		{"no aliases", "-n list", sysexits.NoUser, "send: list@mx.example: no such recipient\n"},
		{"bad recipient", "a@b@", sysexits.DataErr, `send: recipient "a@b@": `},
		{"null recipient", "<>", sysexits.DataErr, `send: recipient "<>": is no recipient`},
		{"bad sender", "-f a@ bob", sysexits.DataErr, "send: sender \"a@\": "},
		{"id of nothing", "--id x bob", sysexits.Usage, "send: --id and --again are for --deliver\nusage: send "},
		{"no recipients", "", sysexits.Usage, "send: no recipients\nusage: send "},
		{"unknown option", "-Z bob", sysexits.Usage, "send: unknown option -Z\n"},
		{"bad body", "-B x bob", sysexits.Usage, "send: -B x: 7BIT or 8BITMIME\n"},
		{"bad notify", "-N x bob", sysexits.Usage, "send: -N x: NEVER, or some of SUCCESS, FAILURE, DELAY\n"},
		{"bad envelope id", "-V \u00fc bob", sysexits.Usage, "send: -V \"\u00fc\": at most 100 characters of printable ASCII\n"},
		{"other mode", "-bd", sysexits.Usage, "send: option -b: listening is done by listen(8), or by smtpd.socket\n"},
		{"work on the queue in intervals", "-q30m", sysexits.Usage, "send: -q30m: to work on the queue again and again is runq.service, or runq -w\n"},
		{"no configuration", "-C /nonexistent/x bob", sysexits.Config, "send: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := instance(t)
			status, stdout, stderr := send(strings.NewReader("\nx\n"), strings.Fields(tt.args)...)
			if status != tt.status || !strings.HasPrefix(stderr, tt.stderr) || tt.stderr == "" && stderr != "" || stdout != "" {
				t.Errorf("got %d, %q, %q, want %d, %q", status, stdout, stderr, tt.status, tt.stderr)
			}
			if status != sysexits.OK && len(mails(t, p, "bob")) != 0 {
				t.Error("somebody got it all the same")
			}
		})
	}
}

// TestUnreadableConfiguration: a configuration that cannot be read is not wrong;
// a link to itself stands here for one on a disk that fails.
func TestUnreadableConfiguration(t *testing.T) {
	instance(t)
	loop := filepath.Join(t.TempDir(), "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := send(strings.NewReader("\nx\n"), "-C", loop, "bob"); status != sysexits.TempFail || !strings.Contains(stderr, loop) {
		t.Errorf("got %d, %q, want %d", status, stderr, sysexits.TempFail)
	}
}

// TestUnreadableInput is standard input that fails: nobody gets half of it.
func TestUnreadableInput(t *testing.T) {
	p := instance(t)
	broken := io.MultiReader(strings.NewReader("From: z\n\n"+strings.Repeat("x\n", 1<<20)), brokenReader{})
	status, _, stderr := send(broken, "bob")
	if status != sysexits.NoInput || !strings.Contains(stderr, os.ErrDeadlineExceeded.Error()) || len(mails(t, p, "bob")) != 0 {
		t.Errorf("got %d, %q", status, stderr)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

// TestAtOnce is a message that goes through the queue: what can be delivered
// here is, the rest stays.
func TestAtOnce(t *testing.T) {
	p := instance(t)
	status, _, stderr := send(strings.NewReader("\nx\n"), "-v", "box", "away")
	if status != 0 || !strings.Contains(stderr, "box@mx.example: 250 2.0.0 delivered\n") {
		t.Fatalf("got %d, %q", status, stderr)
	}
	if data, err := os.ReadFile(p.Root() + "/mbox"); err != nil || !strings.HasPrefix(string(data), "From ") {
		t.Errorf("got mbox %q, %v", data, err)
	}
	if got := mails(t, p, "bob"); len(got) != 1 {
		t.Errorf("got %q", got)
	}
	entries, _ := filepath.Glob(p.Queue() + "/new/*/*")
	if len(entries) != 1 {
		t.Fatalf("got %q, want one entry", entries)
	}
	entry, _ := os.ReadFile(entries[0])
	if !regexp.MustCompile(`(?m)^recipient=x@remote.example .*state=wait`).Match(entry) || strings.Count(string(entry), "state=done") != 2 {
		t.Errorf("got entry %q", entry)
	}
}

// Whose sender wants to hear of success is left to runq, who tells him.
func TestAtOnceLeavesReports(t *testing.T) {
	p := instance(t)
	if status, _, stderr := send(strings.NewReader("\nx\n"), "-N", "success", "box"); status != 0 {
		t.Fatalf("got %d, %q", status, stderr)
	}
	entries, _ := filepath.Glob(p.Queue() + "/new/*/*")
	if len(entries) != 1 {
		t.Fatalf("got %q, want one entry", entries)
	}
	if entry, _ := os.ReadFile(entries[0]); !strings.Contains(string(entry), "state=wait") || strings.Contains(string(entry), "state=done") {
		t.Errorf("got entry %q", entry)
	}
	if _, err := os.Stat(p.Root() + "/mbox"); err == nil {
		t.Error("delivered all the same")
	}
}

func TestAtOnceLeavesNothing(t *testing.T) {
	p := instance(t)
	if status, _, stderr := send(strings.NewReader("\nx\n"), "box"); status != 0 {
		t.Fatalf("got %d, %q", status, stderr)
	}
	if entries, _ := filepath.Glob(p.Queue() + "/new/*/*"); len(entries) != 0 {
		t.Errorf("left in the queue: %q", entries)
	}
}

func TestShow(t *testing.T) {
	p := instance(t)
	root := p.Root()
	tests := []struct {
		args, stdout string
		status       int
	}{
		{"-x bob", "bob >> " + p.Mail() + "/bob/\n", 0},
		{"-x list", "list >> " + p.Mail() + "/bob/\nlist >> " + p.Mail() + "/carol/\n", 0},
		{"-x box a@b.example", "box >>+ " + root + "/mbox\na@b.example relay a@b.example\n", 0},
		{"-x nosuch", "nosuch nobody nosuch@mx.example\n", sysexits.NoUser},
		{"-# list bob", ">> " + p.Mail() + "/bob/\n>> " + p.Mail() + "/carol/\n", 0},
	}
	for _, tt := range tests {
		status, stdout, stderr := send(strings.NewReader("must not be read"), strings.Fields(tt.args)...)
		if status != tt.status || stdout != tt.stdout || stderr != "" {
			t.Errorf("%s: got %d, %q, %q, want %d, %q", tt.args, status, stdout, stderr, tt.status, tt.stdout)
		}
	}
}

// What delivery takes as a recipient, and what it says of one that is none,
// holds for showing too.
func TestShowLists(t *testing.T) {
	p := instance(t)
	tests := []struct {
		operand, stdout, stderr string
		status                  int
	}{
		{"Bob <bob>", "Bob <bob> >> " + p.Mail() + "/bob/\n", "", 0},
		{"team: bob, nosuch;", "bob@mx.example >> " + p.Mail() + "/bob/\nnosuch@mx.example nobody nosuch@mx.example\n", "", sysexits.NoUser},
		{"a b", "", "send: recipient \"a b\": address without a domain\n", sysexits.DataErr},
		{"<>", "", "send: recipient \"<>\": is no recipient\n", sysexits.DataErr},
	}
	for _, tt := range tests {
		status, stdout, stderr := send(nil, "-x", tt.operand)
		if status != tt.status || stdout != tt.stdout || stderr != tt.stderr {
			t.Errorf("%s: got %d, %q, %q, want %d, %q, %q", tt.operand, status, stdout, stderr, tt.status, tt.stdout, tt.stderr)
		}
	}
}

func TestCheck(t *testing.T) {
	p := instance(t)
	status, stdout, stderr := send(nil, "--check")
	if status != 0 || !strings.Contains(stdout, "Hostname mx.example") || stderr != "" {
		t.Errorf("got %d, %q, %q", status, stdout, stderr)
	}
	put(t, p.Etc()+"/rewrite", "( alias b\na alias c\n")
	put(t, p.Aliases(), "a: \"b\nc\n")
	status, _, stderr = send(nil, "--check")
	for _, want := range []string{"rewrite:1: error parsing regexp", "aliases:2: not an entry", "alias a: unclosed quote"} {
		if status != sysexits.Config || !strings.Contains(stderr, want) {
			t.Errorf("got %d, %q, want %q", status, stderr, want)
		}
	}
}

func TestVersion(t *testing.T) {
	instance(t)
	if status, stdout, _ := send(nil, "--version"); status != 0 || stdout != "send "+place.Version()+"\n" {
		t.Errorf("got %d, %q", status, stdout)
	}
}

// TestFinal is what runq has a user's own process do.
func TestFinal(t *testing.T) {
	p := instance(t)
	mbox := ">>+ " + p.Root() + "/mine"
	text := "Subject: x\n\nbody\n"
	status, _, stderr := send(strings.NewReader(text), "--deliver", mbox, "-f", "a@b.example", "--", "bob@mx.example")
	if status != 0 {
		t.Fatalf("got %d, %q", status, stderr)
	}
	data, err := os.ReadFile(p.Root() + "/mine")
	if err != nil || !strings.Contains(string(data), "\nReturn-Path: <a@b.example>\nDelivered-To: bob@mx.example\n"+text) {
		t.Errorf("got %q, %v", data, err)
	}
	tests := []struct {
		name, dest, text string
		status           int
	}{
		{"no such mailbox", ">> " + p.Root() + "/none", text, sysexits.TempFail},
		{"a command", "| /bin/cat", text, sysexits.TempFail},
		{"a loop", mbox, "Delivered-To: bob@mx.example\n\n", sysexits.Unavailable},
		{"no destination", "x", text, sysexits.Usage},
	}
	for _, tt := range tests {
		status, _, stderr := send(strings.NewReader(tt.text), "--deliver", tt.dest, "-f", "", "--", "bob@mx.example")
		if status != tt.status || !strings.HasPrefix(stderr, "send: ") {
			t.Errorf("%s: got %d, %q, want %d", tt.name, status, stderr, tt.status)
		}
	}
	if status, _, _ := send(brokenReader{}, "--deliver", mbox, "bob"); status != sysexits.Usage {
		t.Errorf("from a pipe: got %d, want %d", status, sysexits.Usage)
	}
}

func TestFullName(t *testing.T) {
	p := instance(t)
	send(strings.NewReader("\nx\n"), "-F", "Bob \"the\\\nboss\"", "-f", "a@b.example", "bob")
	if got := mails(t, p, "bob")[0]; !strings.Contains(got, "\nFrom: \"Bob \\\"the\\\\ boss\\\"\" <a@b.example>\n") {
		t.Errorf("got %q", got)
	}
	// Not every host takes a header that is not ASCII.
	send(strings.NewReader("\nx\n"), "-F", "Jürgen", "-f", "j@bücher.example", "carol")
	if got := mails(t, p, "carol")[0]; !strings.Contains(got, "\nFrom: =?utf-8?B?SsO8cmdlbg==?= <j@xn--bcher-kva.example>\n") {
		t.Errorf("got %q", got)
	}
}
