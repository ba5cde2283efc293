package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"postern/lib/smtp"
)

// jobFile writes a message behind some octets that are none of it, and returns
// a job for it.
func jobFile(t *testing.T, id, text string, to ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), id)
	if err := os.WriteFile(name, []byte("envelope\n\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	job := fmt.Sprintf("id=%s sender=ann@me.test file=%s offset=10\n", id, name)
	for _, rcpt := range to {
		job += "recipient=" + rcpt + "\n"
	}
	return job + "\n"
}

// ask is the envelope of a message for one recipient.
func ask(to string) string {
	return "C: MAIL FROM:<ann@me.test>\nC: RCPT TO:<" + to + ">\nC: DATA\n"
}

const goOn = "S: 250 ok\nS: 250 ok\nS: 354 go on\n"

func TestJobs(t *testing.T) {
	port := hosts(t, []string{greeting +
		ask("a@d.test") + goOn +
		"C: one\nC: .\n" + ask("b@d.test") +
		"S: 250 one\nS: 250 ok\nS: 550 5.1.1 no b\nS: 503 nobody\n" +
		"C: RSET\n" + ask("c@d.test") +
		"S: 250 ok\n" + goOn +
		"C: three\nC: .\nC: QUIT\nS: 250 three\nS: 221 bye"})
	list := jobFile(t, "j1", "one\n", "a@d.test") + jobFile(t, "j2", "two\n", "b@d.test") +
		"id=j0 sender= file=/nonexistent/x\nrecipient=x@d.test\n\n" + jobFile(t, "j3", "three", "c@d.test")
	status, stdout, stderr := smtpTo(t, list, "-B", "127.0.0.2:"+port)
	for _, want := range []string{
		`id=j1 recipient=a@d.test verdict=accept reply="250 one" host=[127.0.0.2] tls=none`,
		`id=j2 recipient=b@d.test verdict=reject reply="550 5.1.1 no b" host=[127.0.0.2] tls=none`,
		`id=j0 recipient=x@d.test verdict=defer reply="451 4.3.0 the message cannot be read" host=me.test `,
		`id=j3 recipient=c@d.test verdict=accept reply="250 three" host=[127.0.0.2] tls=none`,
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no line %s", want)
		}
	}
	if status != 75 || stderr != "" || strings.Count(stdout, "\n") != 4 {
		t.Errorf("got %d, %s%s", status, stdout, stderr)
	}
}

// TestJobsOfOneLine has jobs as a person writes them.
func TestJobsOfOneLine(t *testing.T) {
	port := hosts(t, []string{greeting +
		ask("a@d.test") + goOn + "C: one\nC: .\n" +
		"C: MAIL FROM:<ann@me.test>\nC: RCPT TO:<b@d.test>\nC: RCPT TO:<c@d.test>\nC: DATA\n" +
		"S: 250 one\nS: 250 ok\n" + goOn + "C: one\nC: .\nC: QUIT\nS: 250 two\nS: 221 bye"})
	name := filepath.Join(t.TempDir(), "one")
	if err := os.WriteFile(name, []byte("one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	line := "file=" + name + " sender=ann@me.test recipient="
	status, stdout, stderr := smtpTo(t, line+"a@d.test\n"+line+`"b@d.test c@d.test"`+"\n", "-B", "127.0.0.2:"+port)
	if status != 0 || verdicts(stdout) != "accept accept accept" {
		t.Errorf("got %d, %s%s", status, stdout, stderr)
	}
}

// TestJobsOverTwoConnections has the server close after one message.
func TestJobsOverTwoConnections(t *testing.T) {
	port := hosts(t, []string{
		greeting + ask("a@d.test") + goOn + "C: one\nC: .\n" + ask("b@d.test") + "S: 250 one\nS: 421 4.7.0 one is enough",
		greeting + ask("b@d.test") + goOn + "C: two\nC: .\nC: QUIT\nS: 250 two\nS: 221 bye",
	})
	list := jobFile(t, "j1", "one\n", "a@d.test") + jobFile(t, "j2", "two\n", "b@d.test")
	status, stdout, stderr := smtpTo(t, list, "-B", "127.0.0.2:"+port)
	if status != 0 || verdicts(stdout) != "accept accept" {
		t.Errorf("got %d, %s%s", status, stdout, stderr)
	}
}

// TestDown has all jobs deferred when the first finds nobody.
func TestDown(t *testing.T) {
	port := hosts(t, []string{"S: 421 4.3.2 down"})
	list := jobFile(t, "j1", "one\n", "a@d.test") + jobFile(t, "j2", "two\n", "b@d.test", "c@d.test")
	status, stdout, _ := smtpTo(t, list, "-B", "127.0.0.2:"+port)
	if status != 75 || verdicts(stdout) != "defer defer defer" || strings.Contains(stdout, " host=") {
		t.Errorf("got %d, %s", status, stdout)
	}
}

// TestBreaks has connections break until the destination is given up.
func TestBreaks(t *testing.T) {
	script := greeting + ask("a@d.test")
	port := hosts(t, []string{script, script, greeting + ask("b@d.test")})
	list := jobFile(t, "j1", "one\n", "a@d.test") + jobFile(t, "j2", "two\n", "b@d.test")
	status, stdout, _ := smtpTo(t, list, "-B", "127.0.0.2:"+port)
	lines := strings.Split(stdout, "\n")
	if status != 75 || verdicts(stdout) != "defer defer" || !strings.Contains(lines[0], " host=") || strings.Contains(lines[1], " host=") {
		t.Errorf("got %d, %s", status, stdout)
	}
}

func TestBadJobs(t *testing.T) {
	for _, list := range []string{"nonsense\n\n", "sender=a@b file=x\nrecipient=a@b\n\n", "sender=a@b file=/x\n\n"} {
		status, stdout, stderr := smtpTo(t, list, "-B", "127.0.0.1:9")
		if status != 65 || stdout != "" || !strings.Contains(stderr, "smtp: job: ") {
			t.Errorf("%q: got %d, %q, %q", list, status, stdout, stderr)
		}
	}
}

// TestManyRecipients needs two transactions, and a third for one who was too
// many.
func TestManyRecipients(t *testing.T) {
	var to []string
	for i := range smtp.SafeRecipients + 1 {
		to = append(to, fmt.Sprintf("u%d@d.test", i))
	}
	script := strings.Replace(greeting, "S: 250-x\nS: 250 PIPELINING\n", "S: 250 x\n", 1) + "C: MAIL FROM:<ann@me.test>\nS: 250 ok\n"
	for i := range smtp.SafeRecipients {
		script += "C: RCPT TO:<" + to[i] + ">\n" + map[bool]string{true: "S: 452 4.5.3 too many\n", false: "S: 250 ok\n"}[i == 7]
	}
	const end = "C: DATA\nS: 354 go on\nC: text\nC: .\nS: 250 kept\n"
	const one = "C: MAIL FROM:<ann@me.test>\nS: 250 ok\nC: RCPT TO:<%s>\nS: 250 ok\n" + end
	script += end + fmt.Sprintf(one+one, to[smtp.SafeRecipients], to[7]) + "C: QUIT\nS: 221 bye"
	port := hosts(t, []string{script})
	status, stdout, stderr := smtpTo(t, jobFile(t, "j", "text", to...), "-B", "127.0.0.2:"+port)
	if status != 0 || strings.Count(stdout, "verdict=accept") != len(to) || !strings.Contains(stdout, "recipient=u7@d.test") {
		t.Errorf("got %d, %s%s", status, stdout, stderr)
	}
	if first, _, _ := strings.Cut(stdout, "\n"); !strings.HasPrefix(first, "id=j recipient=u0@d.test ") {
		t.Errorf("first %s", first)
	}
}

// TestDSN passes on what was asked about reports, and tells of a host that
// makes none.
func TestDSN(t *testing.T) {
	job := jobFile(t, "j", "text\n", "a@d.test dsn_notify=SUCCESS,FAILURE dsn_orcpt=rfc822;b@d.test", "c@d.test")
	job = strings.Replace(job, "id=j", "id=j dsn_ret=HDRS dsn_envid=x1 sasl_sender=ann@me.test", 1)
	port := hosts(t, []string{`S: 220 x
C: EHLO me.test
S: 250-x
S: 250-PIPELINING
S: 250-AUTH PLAIN
S: 250 DSN
C: MAIL FROM:<ann@me.test> RET=HDRS ENVID=x1 AUTH=ann@me.test
C: RCPT TO:<a@d.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b@d.test
C: RCPT TO:<c@d.test>
C: DATA
S: 250 ok
S: 250 ok
S: 250 ok
S: 354 go on
C: text
C: .
C: QUIT
S: 250 kept
S: 221 bye`, greeting + "C: MAIL FROM:<ann@me.test>\nC: RCPT TO:<a@d.test>\nC: RCPT TO:<c@d.test>\nC: DATA\nS: 250 ok\n" + goOn +
		"C: text\nC: .\nC: QUIT\nS: 250 kept\nS: 221 bye"})
	status, stdout, _ := smtpTo(t, job, "-B", "127.0.0.2:"+port)
	if status != 0 || strings.Contains(stdout, "dsn=") {
		t.Errorf("with DSN: got %d, %s", status, stdout)
	}
	status, stdout, _ = smtpTo(t, job, "-B", "127.0.0.2:"+port)
	first, second, _ := strings.Cut(stdout, "\n")
	if status != 0 || !strings.HasSuffix(first, " dsn=0") || strings.Contains(second, "dsn=") {
		t.Errorf("without DSN: got %d, %s", status, stdout)
	}
}

// TestOnePerConnection has each connection take one message of those that come
// in one write: nobody is put off for that.
func TestOnePerConnection(t *testing.T) {
	const n = 6
	hello := strings.Replace(greeting, "S: 250-x\n", "S: 250-x\nS: 250-CHUNKING\n", 1)
	var list string
	var dialogues []string
	for i := range n {
		list += jobFile(t, fmt.Sprint("j", i), "one\n", fmt.Sprintf("u%d@d.test", i))
		dialogues = append(dialogues, hello+ask1(i, n)+"S: 250 ok\nS: 250 ok\nS: 250 kept\n"+map[bool]string{true: "S: 221 bye", false: "S: 421 4.7.0 one is enough"}[i == n-1])
	}
	port := hosts(t, dialogues)
	status, stdout, stderr := smtpTo(t, list, "-B", "127.0.0.2:"+port)
	if want := strings.TrimSpace(strings.Repeat("accept ", n)); status != 0 || verdicts(stdout) != want {
		t.Errorf("got %d, %s%s", status, stdout, stderr)
	}
}

// ask1 is what is sent in one write, from message i of n on.
func ask1(i, n int) (script string) {
	for k := i; k < min(n, i+4); k++ {
		if k > i {
			script += "C: RSET\n"
		}
		script += fmt.Sprintf("C: MAIL FROM:<ann@me.test>\nC: RCPT TO:<u%d@d.test>\nC: BDAT 5 LAST\nC: one\n", k)
	}
	if i+4 >= n {
		script += "C: QUIT\n"
	}
	return script
}

// TestMessageThatBreaks has one message break every connection: those behind
// it are brought all the same.
func TestMessageThatBreaks(t *testing.T) {
	script := greeting + ask("a@d.test")
	port := hosts(t, []string{script, script, greeting + ask("b@d.test") + goOn + "C: two\nC: .\nC: QUIT\nS: 250 two\nS: 221 bye"})
	list := jobFile(t, "j1", "one\n", "a@d.test") + jobFile(t, "j2", "two\n", "b@d.test")
	status, stdout, _ := smtpTo(t, list, "-B", "127.0.0.2:"+port)
	if status != 75 || verdicts(stdout) != "defer accept" {
		t.Errorf("got %d, %s", status, stdout)
	}
}

// TestLongReply bounds what a server can make us write: whoever reads the
// results has bounds of its own.
func TestLongReply(t *testing.T) {
	more := strings.Repeat("S: 550-"+strings.Repeat(`"`, 2000)+"\n", 100)
	port := hosts(t, []string{greeting + ask("a@d.test") + "S: 250 ok\n" + more + "S: 550 no\nS: 503 nobody\nC: QUIT\nS: 221 bye"})
	status, stdout, stderr := smtpTo(t, jobFile(t, "j1", "one\n", "a@d.test"), "-B", "127.0.0.2:"+port)
	if status != 67 || verdicts(stdout) != "reject" || len(stdout) > 8<<10 {
		t.Errorf("got %d, %d octets, %.100s%s", status, len(stdout), stdout, stderr)
	}
}

// full is where nothing can be written.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestNobodyListens begins no more when its results are lost: all that is sent
// then will be sent again.
func TestNobodyListens(t *testing.T) {
	port := hosts(t, []string{strings.Replace(greeting, "S: 250-x\nS: 250 PIPELINING", "S: 250 x", 1) +
		"C: MAIL FROM:<ann@me.test>\nS: 250 ok\nC: RCPT TO:<a@d.test>\nS: 250 ok\nC: DATA\nS: 354 go on\nC: one\nC: .\nS: 250 one\nC: QUIT\nS: 221 bye"})
	list := jobFile(t, "j1", "one\n", "a@d.test") + jobFile(t, "j2", "two\n", "b@d.test")
	var stderr strings.Builder
	status := run([]string{"-z", zoneFile(t), "-h", "me.test", "-B", "127.0.0.2:" + port}, strings.NewReader(list), full{}, &stderr)
	if status != 74 || stderr.String() != "smtp: no space left on device\n" {
		t.Errorf("got %d, %s", status, stderr.String())
	}
}
