package e2e

import (
	"net"
	"os"
	"strings"
	"testing"
)

// The fault test: each system call that touches a file fails, one at a time, as
// when a disk breaks or descriptors run out. What was acknowledged must be there,
// whole and once; what was refused must not; nothing is refused for good; nothing
// is called done that is not.

// fail is the harm of the fault test, as strace's inject= has it.
const fail = "error=EIO"

// notFailed is a call that does not fail in life: close says EIO, if ever, of a
// file that is closed nevertheless.
const notFailed = "close"

// fault is a crash of which the trace tells whether there was harm.
func fault(f func(in *instance, trace ...string)) crash {
	return func(in *instance, trace ...string) bool {
		f(in, trace...)
		text, err := os.ReadFile(traceOf(in))
		if err != nil {
			in.t.Fatal(err)
		}
		if in.t.Failed() {
			in.t.Logf("the trace:\n%s", text)
		}
		return strings.Contains(string(text), "(INJECTED)")
	}
}

// submitOnce is handIn to a server that something goes wrong in, which must not
// refuse anything for good. It tells what became of the message, neither when the
// connection was lost.
func submitOnce(t testing.TB, conn net.Conn, rcpt string) (acknowledged, refused bool) {
	t.Helper()
	said, reply, acknowledged := handIn(t, conn, rcpt)
	if strings.HasPrefix(reply, "5") {
		t.Errorf("%.10q is answered by %q, for good", said, reply)
	}
	return acknowledged, reply != ""
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
	}).everywhere(t, fail, notFailed)
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
	}).everywhere(t, fail, notFailed)
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
		in.run("", argv[0], argv[1:]...)
		if out, status := in.run("", runq, "-E"); status != 0 || in.waiting() != 0 {
			in.t.Errorf("runq -E: exit %d\n%s", status, out)
		}
		checkFound(in.t, mboxMessages(in.t, box), true, 1)
	}).each(t, "fsync", fail)
}

// TestFaultInRemoval has calls of runq fail while it takes a message out of the
// queue.
func TestFaultInRemoval(t *testing.T) {
	runq := program(t, "runq")
	fault(func(in *instance, trace ...string) {
		in.enqueue(1, "joe@example.net")
		argv := straced(trace, runq, "-q", "example.org", "--remove")
		said, status := in.run("", argv[0], argv[1:]...)
		if n := in.waiting(); status == 0 && n != 0 || status != 0 && said == "" {
			in.t.Errorf("%d messages in the queue; exit %d, said %q", n, status, said)
		}
		if strings.Contains(said, "not in the queue") {
			in.t.Errorf("said %q", said)
		}
	}).everywhere(t, fail, notFailed)
}
