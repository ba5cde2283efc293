package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The fault test: each system call that touches a file fails, one at a time, as
// when a disk breaks or descriptors run out. What was acknowledged must be there,
// whole and once; what was refused must not; nothing is refused for good; nothing
// is called done that is not.

// notFailed are calls that do not fail in life: close says EIO, if ever, of a file
// that is closed nevertheless.
var notFailed = map[string]bool{"close": true}

// fault is a run of programs under test, in an instance of its own, with one of
// them under strace with the options given. It checks what it finds afterwards.
type fault func(in *instance, trace ...string)

// everywhere runs f with the first, second ... call of each name failing, until
// there is none left to fail.
func (f fault) everywhere(t *testing.T) {
	t.Helper()
	Need(t, "strace")
	if testing.Short() {
		t.Skip("some hundred runs")
	}
	unharmed := crash(func(in *instance, trace ...string) bool { f(in, trace...); return false })
	for _, name := range unharmed.calls(t) {
		if !notFailed[name] {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f.each(t, name)
			})
		}
	}
}

// each runs f with the first, second ... call of one name failing.
func (f fault) each(t *testing.T, name string) {
	log := filepath.Join(t.TempDir(), "trace")
	for n := 1; n <= killAtMost && !t.Failed(); n++ {
		in := newInstance(t)
		f(in, "-o", log, "-e", "trace="+name, "-e", fmt.Sprintf("inject=%s:error=EIO:when=%d", name, n))
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "(INJECTED)") {
			t.Logf("each of %d calls failed", n-1)
			return
		}
		if t.Failed() {
			t.Logf("number %d failed:\n%s", n, text)
		}
		os.RemoveAll(in.root)
	}
}

// submitOnce holds one session with a server that something goes wrong in. It
// tells what became of the message, neither when the connection was lost.
func submitOnce(t testing.TB, conn net.Conn, rcpt string) (acknowledged, refused bool) {
	t.Helper()
	c := converse(t, conn)
	defer conn.Close()
	defer conn.Write([]byte("QUIT\r\n"))
	for _, say := range []string{
		"", "EHLO client.example.net\r\n", "MAIL FROM:<joe@example.net>\r\n", "RCPT TO:<" + rcpt + ">\r\n", "DATA\r\n",
		strings.ReplaceAll(testMessage("crash"), "\n.", "\n..") + ".\r\n",
	} {
		conn.Write([]byte(say))
		reply, err := c.reply()
		switch {
		case err != nil:
			return false, false
		case reply[0] == '5':
			t.Errorf("%.10q is answered by %q, for good", say, reply)
			return false, true
		case reply[0] == '4':
			return false, true
		}
	}
	return true, false
}

// TestFaultInReception has calls of smtpd fail while it takes a message in for a
// Maildir.
func TestFaultInReception(t *testing.T) {
	smtpd := program(t, "smtpd")
	fault(func(in *instance, trace ...string) {
		conn, p := in.connect(straced(trace, smtpd)...)
		acknowledged, refused := submitOnce(in.t, conn, "ann@"+hostname)
		<-p.done
		atMost := 1
		if refused {
			atMost = 0
		}
		checkFound(in.t, in.messages("ann"), acknowledged, atMost)
		checkNothingLeft(in.t, in.maildir("ann")+"/tmp")
	}).everywhere(t)
}

// TestFaultForTheTrusted has calls of smtpd fail while it takes a message for
// another host from a client that a list allows to relay.
func TestFaultForTheTrusted(t *testing.T) {
	smtpd := program(t, "smtpd")
	fault(func(in *instance, trace ...string) {
		in.write("etc/postern/smtpd.conf", "Hostname "+hostname+"\nClientName 0\nRatify ratify\n")
		in.write("var/lib/postern/ratify/trusted/127.0.0.1", "")
		conn, p := in.connect(straced(trace, smtpd)...)
		acknowledged, refused := submitOnce(in.t, conn, "joe@far.example")
		<-p.done
		if n := in.waiting(); acknowledged && n != 1 || refused && n != 0 || n > 1 {
			in.t.Errorf("%d messages in the queue; acknowledged: %v, refused: %v", n, acknowledged, refused)
		}
	}).everywhere(t)
}

// TestFaultInMailbox has the syncs of runq fail, each once, while it makes a
// mailbox; the next run delivers what did not arrive.
func TestFaultInMailbox(t *testing.T) {
	Need(t, "strace")
	runq := program(t, "runq")
	fault(func(in *instance, trace ...string) {
		box := in.mboxAlias()
		conn, _ := in.connect(program(in.t, "smtpd"))
		if !deliverOnce(in.t, conn, "post@"+hostname) {
			in.t.Error("the message was not accepted")
		}
		argv := straced(trace, runq)
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Env = in.env()
		cmd.Run()
		if out, status := in.run("", runq, "-E"); status != 0 || in.waiting() != 0 {
			in.t.Errorf("runq -E: exit %d\n%s", status, out)
		}
		checkFound(in.t, mboxMessages(in.t, box), true, 1)
	}).each(t, "fsync")
}

// TestFaultInRemoval has calls of runq fail while it takes a message out of the
// queue.
func TestFaultInRemoval(t *testing.T) {
	runq := program(t, "runq")
	fault(func(in *instance, trace ...string) {
		in.enqueue(1, "joe@example.net")
		argv := straced(trace, runq, "-q", "example.org", "--remove")
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Env = in.env()
		said, err := cmd.CombinedOutput()
		if n := in.waiting(); err == nil && n != 0 || err != nil && len(said) == 0 {
			in.t.Errorf("%d messages in the queue; %v, said %q", n, err, said)
		}
		if strings.Contains(string(said), "not in the queue") {
			in.t.Errorf("said %q", said)
		}
	}).everywhere(t)
}
