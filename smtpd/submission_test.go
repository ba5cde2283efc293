package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/smtptest"
	"postern/lib/sysexits"
)

// hostUser is a user of this host at the socket.
var hostUser = peer{local: true, submits: true, uid: 1000}

// A user of this host may send anywhere, need not say HELO, and is named in
// Received.
func TestSubmission(t *testing.T) {
	in := newInstance(t, "MSA-mode 1")
	talk(t, in, hostUser, "S: 220 *\nC: MAIL FROM:<ann@mx.test>\nS: 250 *\nC: RCPT TO:<x@other.example>\nS: 250 *\nC: RSET\nS: 250 *\n"+
		fromA+rcptBob+sendText+"S: 250 *\n"+bye)
	if text := unfolded(in.mailbox(t, "bob")); !strings.Contains(text, `ident: "uid#1000@localhost"`) {
		t.Errorf("who it was is not in\n%s", text)
	}
}

// One user is bounded, another is not concerned, root has no bound.
func TestSubmissionLimit(t *testing.T) {
	in := newInstance(t, "MaxMsgsPerCaller 1 2")
	two := "S: 220 *\n" + wholeMail + wholeMail
	talk(t, in, hostUser, two+"C: MAIL FROM:<>\nS: 450 4.7.28 *\n"+bye)
	other, root := hostUser, hostUser
	other.uid, root.uid = 1001, 0
	talk(t, in, other, two+bye)
	talk(t, in, root, two+"C: MAIL FROM:<>\nS: 250 *\n"+bye)
}

// overSocket runs smtpd on one end of a socket and plays a dialogue on the
// other.
func overSocket(t *testing.T, network, address, dialogue string, want int) {
	t.Helper()
	t.Setenv("POSTERN_ROOT", newInstance(t).root)
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	status := make(chan int, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			status <- -1
			return
		}
		f, err := c.(interface{ File() (*os.File, error) }).File()
		c.Close()
		if err != nil {
			status <- -1
			return
		}
		defer f.Close()
		status <- run([]string{"--submit", "-h", "mx.test"}, f, f, new(bytes.Buffer))
	}()
	c, err := net.Dial(network, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if dialogue != "" {
		d, err := smtptest.Parse(network, strings.NewReader(dialogue))
		if err == nil {
			err = smtptest.Player{Side: smtptest.Client}.Play(d, c)
		}
		if err != nil {
			t.Error(err)
		}
	}
	if got := <-status; got != want {
		t.Errorf("%s: status %d, want %d", network, got, want)
	}
}

// Only the kernel's word about who it is counts.
func TestSubmissionSocket(t *testing.T) {
	overSocket(t, "unix", filepath.Join(t.TempDir(), "submit"), "S: 220 *\nC: RSET\nS: 250 *\n"+bye, sysexits.OK)
	overSocket(t, "tcp", "127.0.0.1:0", "", sysexits.Usage)
}
