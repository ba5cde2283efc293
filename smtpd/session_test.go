package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/record"
	"postern/lib/smtp"
	"postern/lib/smtptest"
)

// talk runs a dialogue as p.
func talk(t *testing.T, in *instance, p peer, text string) {
	t.Helper()
	smtptest.Run(t, t.Name(), text, smtptest.Player{Side: smtptest.Client}, func(c net.Conn) { in.serve(c, p) })
}

// A domain of ours that is not ASCII does not put UTF-8 into the header, which
// the next host may not take.
func TestReceivedForALabels(t *testing.T) {
	in := newInstance(t, "Domains bücher.example")
	talk(t, in, stranger, hi+"C: MAIL FROM:<a@client.example> SMTPUTF8\nS: 250 *\nC: RCPT TO:<bob@bücher.example>\nS: 250 *\n"+sendText+"S: 250 *\n"+bye)
	if text := unfolded(in.mailbox(t, "bob")); !strings.Contains(text, " for <bob@xn--bcher-kva.example>;") {
		t.Errorf("got\n%s", text)
	}
}

// Who else has a message is nobody's business: Received names one recipient, and
// none of several.
func TestReceivedOfSeveral(t *testing.T) {
	in := newInstance(t)
	talk(t, in, stranger, hi+fromA+rcptBob+"C: RCPT TO:<alice@mx.test>\nS: 250 *\n"+sendText+"S: 250 *\n"+bye)
	text := unfolded(in.mailbox(t, "bob"))
	if !strings.Contains(text, "Received: from client.example") || strings.Contains(text, " for ") || strings.Contains(text, "alice") {
		t.Errorf("got %q", text)
	}
}

// decisions are the records in the log that have a verdict.
func decisions(t *testing.T, in *instance) []record.Record {
	t.Helper()
	var list []record.Record
	for line := range strings.Lines(in.log.String()) {
		r, err := record.ParseLine([]byte(line))
		if err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if _, ok := r.Lookup("verdict"); ok {
			list = append(list, r)
		}
	}
	return list
}

const oneMail = `S: 220 *
C: HELO client.example
S: 250 *
C: MAIL FROM: <a@client.example>
S: 250 *
C: RCPT TO:<nobody@mx.test>
S: 550 *
C: RCPT TO:<bob@mx.test>
S: 250 *
C: DATA
S: 354 *
C: Subject: x
C: .
S: 250 *
C: QUIT
S: 221 *
S: <end>
`

func TestDecisionRecord(t *testing.T) {
	in := newInstance(t)
	talk(t, in, stranger, oneMail)
	got := decisions(t, in)
	if len(got) != 2 {
		t.Fatalf("%d decision records:\n%s", len(got), in.log)
	}
	want := []map[string]string{
		{"verdict": "reject", "check": "recipient", "recipient": "nobody@mx.test", "client_address": "192.0.2.7"},
		{"verdict": "accept", "recipient": "bob@mx.test", "recipient_count": "1", "sender": "a@client.example",
			"helo_name": "client.example", "protocol_name": "SMTP", "colon_space": "1", "client_port": "4242", "server_address": "192.0.2.25"},
	}
	for i, attributes := range want {
		for name, value := range attributes {
			if v := got[i].Value(name); v != value {
				t.Errorf("record %d has %s=%q, want %q", i, name, v, value)
			}
		}
	}
	id := got[1].Value("id")
	if len(id) < 12 || id != got[0].Value("id") || !strings.HasSuffix(got[1].Value("reply"), "accepted as "+id) {
		t.Errorf("ids are %q and %q, the reply is %q", got[0].Value("id"), id, got[1].Value("reply"))
	}
	if box := in.mailbox(t, "bob"); len(box) != 1 || !strings.Contains(box[0], "id "+id) {
		t.Errorf("the mailbox has %q", box)
	}
}

func TestSessionWithoutMailIsLogged(t *testing.T) {
	in := newInstance(t)
	talk(t, in, stranger, "S: 220 *\nC: NOOP\nS: 250 *\nC: <end>\nS: <end>\n")
	got := decisions(t, in)
	if len(got) != 1 || got[0].Value("verdict") != "none" || got[0].Value("reason") != "the client hung up" {
		t.Errorf("the log is %s", in.log)
	}
}

func TestNoHalfMessage(t *testing.T) {
	in := newInstance(t)
	talk(t, in, stranger, strings.Split(oneMail, "C: .\n")[0]+"C: <end>\nS: <end>\n")
	if box := in.mailbox(t, "bob"); len(box) != 0 {
		t.Errorf("the mailbox has %q", box)
	}
	last := decisions(t, in)
	if v := last[len(last)-1].Value("verdict"); v != "lost" {
		t.Errorf("verdict is %q, want lost", v)
	}
}

func TestTrustedMayRelay(t *testing.T) {
	in := newInstance(t, "TrustedNet 192.0.2.0/28")
	talk(t, in, stranger, strings.ReplaceAll(oneMail, "bob@mx.test", "x@other.example"))
	names, err := filepath.Glob(filepath.Join(in.root, "var/spool/postern/queue/new/*/*"))
	if err != nil || len(names) != 1 {
		t.Errorf("the queue has %q, %v; want one message", names, err)
	}
}

func TestMaxRcpts(t *testing.T) {
	in := newInstance(t, "MaxRcpts 2")
	text, _, _ := strings.Cut(oneMail, "C: DATA")
	talk(t, in, stranger, text+`C: RCPT TO:<alice@mx.test>
S: 250 *
C: RCPT TO:<bob@mx.test>
S: 452 4.5.3 *
C: QUIT
S: 221 *
`)
}

func TestTooBig(t *testing.T) {
	in := newInstance(t, "MaxMsgSize 1000")
	talk(t, in, stranger, strings.Replace(oneMail, "C: Subject: x\nC: .\nS: 250 *", "C: \\{1000 x}\nC: .\nS: 552 5.3.4 *", 1))
	if box := in.mailbox(t, "bob"); len(box) != 0 {
		t.Error("a message that was refused lies in the mailbox")
	}
}

// A message in chunks is refused with the chunk that is too much.
func TestTooBigInChunks(t *testing.T) {
	in := newInstance(t, "MaxMsgSize 1000")
	text, _, _ := strings.Cut(oneMail, "C: DATA")
	talk(t, in, stranger, text+`C- BDAT 1100\r\n\{1100 x}
S: 552 5.3.4 *
C- BDAT 6\r\nQUIT\r\n
S: 552 5.3.4 *
C- BDAT 6 LAST\r\nQUIT\r\n
S: 552 5.3.4 *
C: MAIL FROM:<a@client.example>
S: 250 *
C: QUIT
S: 221 *
`)
	if box := in.mailbox(t, "bob"); len(box) != 0 {
		t.Error("a message that was refused lies in the mailbox")
	}
}

func TestMaxTextLine(t *testing.T) {
	in := newInstance(t, "MaxTextLine 998")
	talk(t, in, stranger, strings.Replace(oneMail, "C: Subject: x\nC: .\nS: 250 *", "C: \\{999 x}\nC: .\nS: 554 5.6.0 *", 1))
}

func TestCommandTimeout(t *testing.T) {
	in := newInstance(t, "SMTPTimeout 1")
	c := in.dial(t, stranger)
	text, err := io.ReadAll(c)
	if err != nil || !strings.Contains(string(text), "421 4.4.2 ") {
		t.Errorf("a silent client hears %q, %v", text, err)
	}
}

// A command may not be drawn out by sending it octet by octet.
func TestSlowCommand(t *testing.T) {
	in := newInstance(t, "SMTPTimeout 1")
	c := in.dial(t, stranger)
	r := bufio.NewReader(c)
	r.ReadString('\n')
	start := time.Now()
	for time.Since(start) < 5*time.Second {
		if _, err := c.Write([]byte("N")); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("a slow client is still served after 5 times SMTPTimeout")
}

// A client that does not read must not keep us, whatever it sends.
func TestClientNeverReads(t *testing.T) {
	in := newInstance(t, "SMTPTimeout 1", "MaxUnknownCommands 1048576", "MaxErrors 1048576")
	client, server := smtptest.Pair(t)
	done := make(chan struct{})
	go func() { in.serve(server, stranger); close(done) }()
	go func() {
		for {
			if _, err := client.Write([]byte(strings.Repeat("X\r\n", 1000))); err != nil {
				return
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(15 * time.Second):
		t.Error("the session does not end")
	}
}

func TestBanner(t *testing.T) {
	in := newInstance(t, "Banner %H is here", "Banner 100%% for %i at %p%?")
	c := in.dial(t, stranger)
	r := bufio.NewReader(c)
	for _, want := range []string{"220-mx.test is here\r\n", "220 100% for 192.0.2.7 at 25\r\n"} {
		if line, _ := r.ReadString('\n'); line != want {
			t.Errorf("banner line %q, want %q", line, want)
		}
	}
}

func TestClientName(t *testing.T) {
	zone := filepath.Join(t.TempDir(), "zone")
	write(t, zone, []byte("7.2.0.192.in-addr.arpa. PTR client.example.\nclient.example. A 192.0.2.7\n"))
	in := newInstance(t)
	f := &flags{zone: zone}
	c, _, err := loadConfig(f, in.conf.places)
	if err != nil {
		t.Fatal(err)
	}
	c.clientName = true
	in.server = newServer(c, in.log)
	talk(t, in, stranger, oneMail)
	if box := in.mailbox(t, "bob"); len(box) != 1 || !strings.Contains(box[0], "(client.example [192.0.2.7])") {
		t.Errorf("the mailbox has %q", box)
	}
	if got := decisions(t, in); got[len(got)-1].Value("client_name") != "client.example" {
		t.Errorf("the log is %s", in.log)
	}
}

func TestTraceFile(t *testing.T) {
	in := newInstance(t)
	in.conf.flags.debug = true
	if err := os.MkdirAll(in.conf.traceDir, 0o700); err != nil {
		t.Fatal(err)
	}
	talk(t, in, stranger, oneMail)
	names, _ := filepath.Glob(filepath.Join(in.conf.traceDir, "*"))
	if len(names) != 1 {
		t.Fatalf("trace files: %q", names)
	}
	text, _ := os.ReadFile(names[0])
	for _, want := range []string{"> 220 mx.test", "< HELO client.example", "> 550 5.1.1 "} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in the trace:\n%s", want, text)
		}
	}
}

// A fault of ours stays in its session.
func TestPanic(t *testing.T) {
	in := newInstance(t)
	in.verbs = []verb{{"NOOP", always, func(*session, context.Context, string) smtp.Reply { panic("fault") }}}
	talk(t, in, stranger, "S: 220 *\nC: NOOP\nS: 421 4.3.0 *\nS: <end>\n")
	if !strings.Contains(in.log.String(), "panic: fault") {
		t.Errorf("the log is %s", in.log)
	}
}

func TestMisconfigured(t *testing.T) {
	in := newInstance(t)
	write(t, filepath.Join(in.root, "etc/postern/smtpd.conf"), []byte("Hostnaem mx.test\n"))
	t.Setenv("POSTERN_ROOT", in.root)
	var out, errs strings.Builder
	if status := run(nil, strings.NewReader("QUIT\r\n"), &out, &errs); status != 78 {
		t.Errorf("exit status %d, want 78", status)
	}
	if !strings.HasPrefix(out.String(), "421 4.3.5 ") {
		t.Errorf("the client hears %q", out.String())
	}
	if !strings.Contains(errs.String(), "smtpd.conf:1: ") {
		t.Errorf("the log is %q", errs.String())
	}
}

// Nothing of a message goes on with the field that we put in front of it.
func TestMessageBeginsWithBlank(t *testing.T) {
	for _, how := range []string{
		"C: DATA\nS: 354 *\nC:  (forged)\nC: Subject: x\nC: .\nS: 250 *\n",
		"C- BDAT 0\\r\\n\nS: 250 *\nC- BDAT 1\\r\\n\\t\nS: 250 *\nC- BDAT 8 LAST\\r\\n(forged)\nS: 250 *\n",
	} {
		in := newInstance(t)
		head, rest, _ := strings.Cut(oneMail, "C: DATA")
		_, tail, _ := strings.Cut(rest, "C: .\nS: 250 *\n")
		talk(t, in, stranger, head+how+tail)
		box := in.mailbox(t, "bob")
		if len(box) != 1 {
			t.Fatalf("the mailbox has %q", box)
		}
		if fields, body, _ := strings.Cut(box[0], "\n\n"); strings.Contains(fields, "forged") || !strings.Contains(body, "(forged)") {
			t.Errorf("the message is %q", box[0])
		}
	}
}

// Under a super-server all that is printed goes to the client: a command line
// that is wrong is told to the log.
func TestUsageUnderSuperServer(t *testing.T) {
	t.Setenv("POSTERN_ROOT", t.TempDir())
	client, server := smtptest.Pair(t)
	f, err := server.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	var errs strings.Builder
	if status := run([]string{"-Z"}, f, f, &errs); status != 64 {
		t.Errorf("exit status %d, want 64", status)
	}
	f.Close()
	server.Close()
	text, _ := io.ReadAll(client)
	if !strings.HasPrefix(string(text), "421 4.3.5 ") || strings.Contains(string(text), "usage") {
		t.Errorf("the client hears %q", text)
	}
	if !strings.Contains(errs.String(), "unknown option -Z") {
		t.Errorf("the log is %q", errs.String())
	}
}
