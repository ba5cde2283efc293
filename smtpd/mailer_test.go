package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"postern/lib/e2e"
	"postern/lib/queue"
)

// stub writes a mailer of the shell.
func stub(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mailer")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestMailerStatus is what a mailer can do, and what the client is told then.
// Only what it says on purpose is permanent.
func TestMailerStatus(t *testing.T) {
	for _, tt := range []struct{ name, body, reply string }{
		{"done", "cat >/dev/null", "250 2.0.0 accepted as *"},
		{"does not read", "exit 0", "250 2.0.0 accepted as *"},
		{"closes its input", "exec 0<&- 3<&-; exit 0", "250 2.0.0 accepted as *"},
		{"says much", "yes | head -c 1000000 >&2; exit 0", "250 2.0.0 accepted as *"},
		{"prints much", "yes | head -c 1000000; exit 0", "250 2.0.0 accepted as *"},
		{"64", "exit 64", "451 4.3.0 local error, try again later"},
		{"65", "exit 65", "554 5.6.0 message refused"},
		{"66", "exit 66", "451 4.3.0 local error, try again later"},
		{"67", "exit 67", "550 5.1.1 no such mailbox"},
		{"68", "exit 68", "550 5.1.2 no such host"},
		{"69", "exit 69", "554 5.3.0 delivery failed"},
		{"70", "exit 70", "451 4.3.0 local error, try again later"},
		{"75", "exit 75", "451 4.3.0 try again later"},
		{"77", "exit 77", "550 5.7.1 not permitted"},
		{"78", "exit 78", "451 4.3.0 local error, try again later"},
		{"1", "exit 1", "451 4.3.0 local error, try again later"},
		{"127", "no-such-command", "451 4.3.0 local error, try again later"},
		{"255", "exit 255", "451 4.3.0 local error, try again later"},
		{"TERM", "kill -TERM $$", "451 4.3.0 try again later"},
		{"KILL", "kill -KILL $$", "451 4.3.0 try again later"},
		{"SEGV", "kill -SEGV $$", "451 4.3.0 try again later"},
		{"ALRM", "kill -ALRM $$", "451 4.3.0 try again later"},
		{"its reason", "echo one >&2; echo 'two words' >&2; exit 69", "554 5.3.0 two words"},
		{"a reason that lies", `printf 'x\r\n250 ok\r' >&2; exit 69`, "554 5.3.0 250 ok"},
		{"a reason of a fault", "echo /etc/secret: line 7 >&2; exit 78", "451 4.3.0 local error, try again later"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := newInstance(t, "Mailer "+stub(t, tt.body))
			talk(t, in, stranger, hi+fromA+rcptBob+sendText+"S: "+tt.reply+"\n"+bye)
			if got := in.mailbox(t, "bob"); len(got) > 0 {
				t.Errorf("delivered by ourselves: %q", got)
			}
		})
	}
}

// TestMailerManyRecipients fills a mailer's command line as far as it is
// allowed to be: then the client is told to send another copy.
func TestMailerManyRecipients(t *testing.T) {
	in := newInstance(t, "TrustedNet 192.0.2.7", "Mailer "+stub(t, "cat >/dev/null"))
	c := in.dial(t, stranger)
	r := bufio.NewReader(c)
	say := func(line string) string {
		c.Write([]byte(line + "\r\n"))
		reply, _ := r.ReadString('\n')
		return reply
	}
	r.ReadString('\n')
	say("HELO client.example")
	say("MAIL FROM:<a@client.example>")
	long := strings.Repeat(strings.Repeat("x", 60)+".", 3) + "example"
	last, n := "250", 0
	for ; strings.HasPrefix(last, "250"); n++ {
		last = say("RCPT TO:<" + strconv.Itoa(n) + "@" + long + ">")
	}
	if !strings.HasPrefix(last, "452 4.5.3 ") || n < 4000 {
		t.Errorf("recipient %d: %q", n, last)
	}
	say("DATA")
	if got := say("."); !strings.HasPrefix(got, "250 ") {
		t.Errorf("the mailer is not started: %q", got)
	}
}

// TestMailerMissing is mailers that cannot be run.
func TestMailerMissing(t *testing.T) {
	plain := stub(t, "exit 0")
	if err := os.Chmod(plain, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, mailer := range []string{"/nonexistent/mailer", "nosuchmailer", plain, t.TempDir()} {
		in := newInstance(t, "Mailer "+mailer)
		talk(t, in, stranger, hi+fromA+rcptBob+sendText+"S: 451 4.3.0 *\n"+bye)
	}
}

// TestMailerHangs is a mailer that never ends: it is killed with its children,
// and the session goes on.
func TestMailerHangs(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	in := newInstance(t, "MailerTimeout 1s", "Mailer "+stub(t, "sleep 1000 & echo $! >"+pidFile+"; wait"))
	talk(t, in, stranger, hi+fromA+rcptBob+sendText+"S: 451 4.3.0 *\n"+fromA+bye)
	e2e.Ended(t, pidFile)
}

// TestMailerGets is all that a mailer gets: a message that is a file, the
// envelope on descriptor 3, and no more of the environment than the record.
func TestMailerGets(t *testing.T) {
	out := t.TempDir()
	t.Setenv("SECRET", "x")
	in := newInstance(t, "MailerDSN 1", "Mailer "+stub(t, "cd "+out+"; test -f /dev/stdin && cat >text; cat <&3 >envelope; env >env"))
	talk(t, in, stranger, "S: 220 *\nC: EHLO client.example\nS: 250-...\nS: 250 *\n"+
		"C: MAIL FROM:<a@client.example> BODY=8BITMIME RET=HDRS ENVID=e+2Bf\nS: 250 *\n"+
		"C: RCPT TO:<bob@mx.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b@x.example\nS: 250 *\n"+
		"C: RCPT TO:<alice@mx.test> NOTIFY=NEVER\nS: 250 *\n"+
		"C: DATA\nS: 354 *\nC: Subject: x\nC:\nC: ..\nC: end\nC: .\nS: 250 *\n"+bye)
	text, err := os.ReadFile(out + "/text")
	if err != nil || !strings.HasPrefix(string(text), "Received: from ") || !strings.HasSuffix(string(text), "\nSubject: x\n\n.\nend\n") {
		t.Errorf("got %q, %v", text, err)
	}
	f, err := os.Open(out + "/envelope")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	env, err := queue.ReadEnvelope(bufio.NewReader(f))
	if err != nil || len(env.Recipients) != 2 {
		t.Fatalf("got %v, %v", env, err)
	}
	bob := env.Recipients[0]
	if env.Body != "8BITMIME" || env.Ret != "HDRS" || env.EnvID != "e+f" || bob.ORcpt != "rfc822;b@x.example" || strings.Join(bob.Notify, ",") != "SUCCESS,FAILURE" {
		t.Errorf("got %+v", env)
	}
	vars, err := os.ReadFile(out + "/env")
	if err != nil || strings.Contains(string(vars), "SECRET") || !strings.Contains(string(vars), "SENDER=a@client.example\n") || !strings.Contains(string(vars), "POSTERN_ENVELOPE=3\n") {
		t.Errorf("got %s, %v", vars, err)
	}
}

// Neither the mailer nor what it runs is given an address that may be taken
// for an option or for a command, whoever sends it.
func TestMailerMisread(t *testing.T) {
	in := newInstance(t, "TrustedNet 192.0.2.7", "Mailer "+stub(t, "cat >/dev/null"))
	talk(t, in, stranger, hi+`C: MAIL FROM:<-oX@client.example>
S: 550 5.7.1 *
C: MAIL FROM:<"|a b"@client.example>
S: 550 5.7.1 *
`+fromA+`C: RCPT TO:<-oX@other.example>
S: 550 5.7.1 *
C: RCPT TO:<|id@other.example>
S: 550 5.7.1 *
C: RCPT TO:<a-|b@other.example>
S: 250 *
`+bye)
	talk(t, newInstance(t, "TrustedNet 192.0.2.7"), stranger, hi+"C: MAIL FROM:<-oX@client.example>\nS: 250 *\nC: RCPT TO:<|id@other.example>\nS: 250 *\n"+bye)
}
