package e2e

import (
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The crash test: a program is killed before each system call that touches a
// file. What was acknowledged must be there, whole; what was not may be there,
// whole; nothing else may be left.

// killAtMost bounds how often one system call of one program is counted.
const killAtMost = 120

// fileCalls are the classes of system calls that touch files, and the socket.
const fileCalls = "%file,%desc"

// notFiles are calls of those classes that change nothing anywhere.
var notFiles = []string{"mmap", "epoll_create1", "epoll_ctl", "epoll_pwait", "eventfd2", "execve", "fcntl", "ioctl"}

// traced are the names of the calls in the trace of a whole run.
var traced = regexp.MustCompile(`(?m)^\d+ +(\w+)\(`)

// crash is a run of programs under test, in an instance of its own, with one
// of them under strace with the options given. It checks what it finds
// afterwards, and tells whether that program was harmed.
type crash func(in *instance, trace ...string) (harmed bool)

// kill is the harm of the crash test, as strace's inject= has it.
const kill = "signal=KILL"

// traceOf is the file of strace's trace of a run in an instance.
func traceOf(in *instance) string { return filepath.Join(in.root, "trace") }

// everywhere runs c with its program harmed at the first, second ... call of
// each name but those spared, until it comes to its end.
func (c crash) everywhere(t *testing.T, harm string, spared ...string) {
	t.Helper()
	Need(t, "strace")
	if testing.Short() {
		t.Skip("some hundred runs")
	}
	for _, name := range c.calls(t) {
		if slices.Contains(spared, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.each(t, name, harm)
		})
	}
}

// each runs c with its program harmed at the first, second ... call of one name.
func (c crash) each(t *testing.T, name, harm string) {
	for n := 1; n <= killAtMost && !t.Failed(); n++ {
		in := newInstance(t)
		inject := fmt.Sprintf("inject=%s:%s:when=%d", name, harm, n)
		if !c(in, "-o", traceOf(in), "-e", "trace="+name, "-e", inject) {
			t.Logf("%s at each of %d calls", harm, n-1)
			return
		}
		if t.Failed() {
			t.Logf("%s at number %d", harm, n)
		}
		os.RemoveAll(in.root)
	}
}

// calls runs c unharmed and answers the names of the calls to harm it at.
func (c crash) calls(t *testing.T) []string {
	t.Helper()
	in := newInstance(t)
	c(in, "-e", "trace="+fileCalls, "-o", traceOf(in))
	text, err := os.ReadFile(traceOf(in))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, m := range traced.FindAllStringSubmatch(string(text), -1) {
		names[m[1]] = true
	}
	for _, name := range notFiles {
		delete(names, name)
	}
	if len(names) < 5 {
		t.Fatalf("the trace shows too little:\n%s", text)
	}
	return slices.Sorted(maps.Keys(names))
}

// straced is the command line of a program under strace.
func straced(trace []string, argv ...string) []string {
	return slices.Concat([]string{"strace", "-f", "-qq"}, trace, argv)
}

// handIn holds one session that ends after the message, and does not mind being
// hung up on. Unless the message was acknowledged, it tells what got another reply
// than it should, and that reply; both are "" when the connection was lost.
func handIn(t testing.TB, conn net.Conn, rcpt string) (said, reply string, acknowledged bool) {
	c := converse(t, conn)
	defer conn.Close()
	steps := []struct{ say, want string }{
		{"", "220"},
		{"EHLO client.example.net\r\n", "250"},
		{"MAIL FROM:<joe@example.net>\r\n", "250"},
		{"RCPT TO:<" + rcpt + ">\r\n", "250"},
		{"DATA\r\n", "354"},
		{strings.ReplaceAll(testMessage("crash"), "\n.", "\n..") + ".\r\n", "250"},
	}
	for _, step := range steps {
		conn.Write([]byte(step.say))
		got, err := c.reply()
		if err != nil {
			return "", "", false
		}
		if !strings.HasPrefix(got, step.want) {
			said, reply = step.say, got
			break
		}
	}
	conn.Write([]byte("QUIT\r\n"))
	c.reply()
	return said, reply, reply == ""
}

// deliverOnce is handIn to a server that must not refuse anything.
func deliverOnce(t testing.TB, conn net.Conn, rcpt string) (acknowledged bool) {
	t.Helper()
	said, reply, acknowledged := handIn(t, conn, rcpt)
	if reply != "" {
		t.Errorf("%.10q is answered by %q", said, reply)
	}
	return acknowledged
}

// TestCrashInReception kills smtpd while it takes a message in for a Maildir.
func TestCrashInReception(t *testing.T) {
	smtpd := program(t, "smtpd")
	crash(func(in *instance, trace ...string) bool {
		conn, p := in.connect(straced(trace, smtpd)...)
		acknowledged := deliverOnce(in.t, conn, "ann@"+hostname)
		<-p.done
		checkFound(in.t, in.messages("ann"), acknowledged, 1)
		checkNothingLeft(in.t, in.maildir("ann")+"/tmp")
		return !p.ProcessState.Success()
	}).everywhere(t, kill)
}

// TestCrashIntoQueue kills smtpd while it takes in a message for the queue;
// then runq delivers what is there.
func TestCrashIntoQueue(t *testing.T) {
	smtpd, runq := program(t, "smtpd"), program(t, "runq")
	crash(func(in *instance, trace ...string) bool {
		box := in.mboxAlias()
		conn, p := in.connect(straced(trace, smtpd)...)
		acknowledged := deliverOnce(in.t, conn, "post@"+hostname)
		<-p.done
		in.drain(runq)
		checkFound(in.t, mboxMessages(in.t, box), acknowledged, 1)
		return !p.ProcessState.Success()
	}).everywhere(t, kill)
}

// TestCrashInQueueRun kills runq while it delivers; the next run finishes.
func TestCrashInQueueRun(t *testing.T) {
	smtpd, runq := program(t, "smtpd"), program(t, "runq")
	crash(func(in *instance, trace ...string) bool {
		box := in.mboxAlias()
		conn, _ := in.connect(smtpd)
		if !deliverOnce(in.t, conn, "post@"+hostname) {
			in.t.Error("the message was not accepted")
		}
		argv := straced(trace, runq)
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Env = in.env()
		err := cmd.Run()
		in.drain(runq)
		// Killed between the mailbox and the queue's record, it finds the
		// message in the mailbox.
		checkFound(in.t, mboxMessages(in.t, box), true, 1)
		return err != nil
	}).everywhere(t, kill)
}

// mboxAlias gives the instance an alias, post, to an mbox, which smtpd does
// not write itself.
func (in *instance) mboxAlias() string {
	box := filepath.Join(in.root, "var/post.mbox")
	in.write("etc/aliases", "post: "+box+"\n")
	return box
}

// drain lets runq deliver what is due, and makes sure that nothing is left.
func (in *instance) drain(runq string) {
	out, status := in.run("", runq)
	if status != 0 {
		in.t.Errorf("runq: exit %d\n%s", status, out)
	}
	if out, _ := in.run("", runq, "-l"); strings.Contains(out, "example.net") {
		in.t.Errorf("left in the queue:\n%s", out)
	}
}

// mboxMessages splits an mbox at its From_ lines, which it takes off.
func mboxMessages(t testing.TB, name string) []string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var texts []string
	for _, part := range strings.Split("\n"+string(text), "\nFrom ")[1:] {
		_, body, _ := strings.Cut(part, "\n")
		texts = append(texts, strings.TrimSuffix(body, "\n"))
	}
	return texts
}

// checkFound checks what is in a mailbox after a crash.
func checkFound(t testing.TB, texts []string, acknowledged bool, atMost int) {
	t.Helper()
	if acknowledged && len(texts) == 0 {
		t.Error("an acknowledged message is missing")
	}
	if len(texts) > atMost {
		t.Errorf("%d messages, want at most %d", len(texts), atMost)
	}
	for _, text := range texts {
		if !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		if !whole(text, "crash") {
			t.Errorf("a message is not whole:\n%s", text)
		}
	}
}

// checkNothingLeft checks that a folder is empty.
func checkNothingLeft(t testing.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		t.Errorf("left behind: %s/%s", dir, e.Name())
	}
}
