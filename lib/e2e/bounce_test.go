package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// host is one of two hosts that send each other mail.
type host struct {
	*instance
	name, addr string
}

// newHost is a host whose mail for the other one goes to its address. The users
// "grief" and "ghost" exist until a message is to be delivered to them.
func newHost(t *testing.T, name, addr, other, otherAddr string, conf ...string) *host {
	h := &host{newInstance(t), name, addr}
	lines := append([]string{"Hostname " + name, "ClientName 0", "TrustedNet 127.0.0.0/8", "SPF 0", "Route " + other + " " + otherAddr}, conf...)
	h.write("etc/postern/smtpd.conf", strings.Join(lines, "\n")+"\n")
	h.write("etc/aliases", "grief: \"|/bin/sh -c 'exit 67'\"\nghost: grief\nstaff: alice, postmaster\n")
	h.start(program(t, "listen"), addr)
	accepts(t, addr)
	return h
}

// twoHosts are a.test and b.test.
func twoHosts(t *testing.T, double string) (a, b *host) {
	t.Helper()
	addrA, addrB := FreePort(t), FreePort(t)
	conf := func(at string) []string {
		if double == "" {
			return nil
		}
		return []string{"DoubleBounce " + double + "@" + at}
	}
	a = newHost(t, "a.test", addrA, "b.test", addrB, conf("b.test")...)
	b = newHost(t, "b.test", addrB, "a.test", addrA, conf("a.test")...)
	return a, b
}

// queued is how many entries a host has.
func (h *host) queued() int {
	out, status := h.run("", program(h.t, "runq"), "-L")
	if status != 0 {
		h.t.Fatalf("runq -L: %d %s", status, out)
	}
	return strings.Count(out, "\n")
}

// runBoth lets both hosts work until nothing is left, and answers how many
// rounds that took.
func runBoth(t *testing.T, a, b *host) int {
	t.Helper()
	const bound = 20
	var log strings.Builder
	for round := 1; round <= bound; round++ {
		for _, h := range []*host{a, b} {
			out, status := h.run("", program(t, "runq"), "-d", "-E")
			if status != 0 {
				t.Fatalf("%s: runq: %d %s", h.name, status, out)
			}
			fmt.Fprintf(&log, "%d %s: %s\n", round, h.name, out)
		}
		if a.queued()+b.queued() == 0 {
			return round
		}
	}
	t.Fatalf("mail is still on its way after %d rounds:\n%s", bound, log.String())
	return bound
}

// A message from one who does not exist to one who does not exist, between
// hosts that find that out too late, ends; so does what the postmasters are
// told, who do not exist either.
func TestBounceLoopEnds(t *testing.T) {
	for _, double := range []string{"", "grief"} {
		a, b := twoHosts(t, double)
		if out, status := a.run("Subject: x\n\ntext\n", program(t, "send"), "-f", "ghost@a.test", "grief@b.test"); status != 0 {
			t.Fatalf("send: %d %s", status, out)
		}
		rounds := runBoth(t, a, b)
		t.Logf("DoubleBounce %q: over after %d rounds", double, rounds)
	}
}

// The sender learns of a failure at the other host from that host, and of
// success from the last one that can tell.
func TestReportsBetweenHosts(t *testing.T) {
	a, b := twoHosts(t, "")
	send := program(t, "send")
	for _, rcpt := range []string{"grief@b.test", "nobody@b.test", "ann@b.test", "staff@b.test"} {
		if out, status := a.run("Subject: for "+rcpt+"\n\ntext\n", send, "-f", "bob@a.test", "-N", "SUCCESS,FAILURE", "-V", "mine", rcpt); status != 0 {
			t.Fatalf("send: %d %s", status, out)
		}
	}
	runBoth(t, a, b)
	for _, user := range []string{"ann", "alice", "postmaster"} {
		if got := len(b.messages(user)); got != 1 {
			t.Errorf("%s has %d messages", user, got)
		}
	}
	got := strings.Join(a.messages("bob"), "\n")
	for _, want := range []string{
		"Final-Recipient: rfc822; grief@b.test\nAction: failed\nStatus: 5.1.1\n",
		"Reporting-MTA: dns; b.test\n",
		"Final-Recipient: rfc822; nobody@b.test\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; ",
		"Reporting-MTA: dns; a.test\n",
		"Final-Recipient: rfc822; ann@b.test\nAction: delivered\nStatus: 2.0.0\n",
		"Final-Recipient: rfc822; staff@b.test\nAction: expanded\nStatus: 2.0.0\n",
		"Original-Envelope-Id: mine\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "Return-Path: <>\n"); n != 4 {
		t.Errorf("%d reports, want 4", n)
	}
}

// Root's runq has the queue of a user as whom smtp runs: root's own mail goes
// out, and so does what runq tells.
func TestReportOfRoot(t *testing.T) {
	NeedRoot(t)
	a, b := twoHosts(t, "")
	for dir := a.root; dir != "/" && dir != "/tmp"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	os.Chmod(a.root+"/var", 0o755)
	os.Chmod(a.root+"/var/spool", 0o755)
	if err := os.Chown(a.root+"/var/spool/postern", 12345, 12345); err != nil {
		t.Fatal(err)
	}
	for _, rcpt := range []string{"bob@b.test", "grief@a.test"} {
		if out, status := a.run("Subject: x\n\ntext\n", program(t, "send"), "-f", "alice@b.test", rcpt); status != 0 {
			t.Fatalf("send: %d %s", status, out)
		}
	}
	runBoth(t, a, b)
	b.message("bob")
	if got := b.message("alice"); !strings.Contains(got, "Final-Recipient: rfc822; grief@a.test\nAction: failed\n") {
		t.Errorf("alice has %s", got)
	}
}

// What waits for a host that was away goes out when that host says ETRN.
func TestETRN(t *testing.T) {
	addrA, addrB := FreePort(t), FreePort(t)
	a := newHost(t, "a.test", addrA, "b.test", addrB)
	if out, status := a.run("Subject: x\n\ntext\n", program(t, "send"), "-f", "bob@a.test", "ann@b.test"); status != 0 {
		t.Fatalf("send: %d %s", status, out)
	}
	if out, status := a.run("", program(t, "runq")); status != 0 || a.queued() != 1 {
		t.Fatalf("runq: %d %s, %d wait", status, out, a.queued())
	}
	b := newHost(t, "b.test", addrB, "a.test", addrA)
	a.start(program(t, "runq"), "-w", "-d")
	conn, err := net.Dial("tcp", addrA)
	if err != nil {
		t.Fatal(err)
	}
	c := converse(t, conn)
	c.expect("220 a.test")
	c.ask("EHLO b.test", "250-a.test")
	c.ask("ETRN b.test", "250 2.0.0 ")
	c.quit()
	await(t, "the mail", func() bool { return len(b.messages("ann")) == 1 })
}
